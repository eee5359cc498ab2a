#include "storage/log/signed_head.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include "base/check.hpp"

namespace consilium::storage {
namespace {

unsigned char* raw_out(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}
const unsigned char* raw(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::string head_text(const LogHead& head) {
  // Canonical as it stands: keys sorted, nothing to escape.
  return fmt::format(R"({{"at":"{}","last_hash":"{}","root":"{}","tree_size":{}}})",
                     to_rfc3339(head.at), to_hex(head.last_hash), to_hex(head.root),
                     head.tree_size);
}

HeadSigner::HeadSigner(const Key& seed) {
  CSL_CHECK(sodium_init() >= 0);
  CSL_CHECK(crypto_sign_seed_keypair(raw_out(public_key_), raw_out(secret_), raw(seed.view())) ==
            0);
}

HeadSigner::~HeadSigner() { wipe(secret_); }

Bytes HeadSigner::sign(const LogHead& head) const {
  const std::string text = head_text(head);
  Bytes signature(crypto_sign_BYTES);
  CSL_CHECK(crypto_sign_detached(raw_out(signature), nullptr, raw(bytes_of(text)), text.size(),
                                 raw(secret_)) == 0);
  return signature;
}

bool signature_holds(const LogHead& head, ByteView signature, const PublicKey& key) {
  CSL_CHECK(sodium_init() >= 0);
  const std::string text = head_text(head);
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(raw(signature), raw(bytes_of(text)), text.size(), raw(key)) ==
             0;
}

Sha256Digest chain_hash(const Sha256Digest& before, std::string_view body) {
  Sha256 hash;
  hash.update(before);
  hash.update(bytes_of(body));
  return hash.finish();
}

}  // namespace consilium::storage
