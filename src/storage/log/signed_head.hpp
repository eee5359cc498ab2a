// Signed heads: after each commit the store signs how long the log is and what it holds, so that a
// copy of a head kept elsewhere (a printout, another machine) proves any later change of the log
// before it.
//
// Signed is the canonical JSON {"at":RFC 3339,"last_hash":HEX,"root":HEX,"tree_size":N}, with
// Ed25519 (RFC 8032). The public key is meta `log_public_key` and goes with every audit export.
#pragma once

#include <array>
#include <string>

#include "base/clock.hpp"
#include "base/sha256.hpp"
#include "storage/keys/seal.hpp"

namespace consilium::storage {

struct LogHead {
  std::uint64_t tree_size = 0;
  Timestamp at;
  Sha256Digest root{};
  Sha256Digest last_hash{};
};
[[nodiscard]] std::string head_text(const LogHead& head);

using PublicKey = std::array<std::byte, 32>;

class HeadSigner {
 public:
  explicit HeadSigner(const Key& seed);
  ~HeadSigner();
  HeadSigner(const HeadSigner&) = delete;
  HeadSigner& operator=(const HeadSigner&) = delete;
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Bytes sign(const LogHead& head) const;

 private:
  PublicKey public_key_{};
  std::array<std::byte, 64> secret_{};
};

[[nodiscard]] bool signature_holds(const LogHead& head, ByteView signature, const PublicKey& key);

// SHA-256(hash of the event before || body); 32 zero bytes stand before the first.
[[nodiscard]] Sha256Digest chain_hash(const Sha256Digest& before, std::string_view body);

}  // namespace consilium::storage
