// AES-256-GCM (NIST SP 800-38D) as the store uses it, and keys that are wiped when they go.
#pragma once

#include <array>
#include <span>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

namespace consilium::storage {

// 256 bits; wiped on destruction.
class Key {
 public:
  static constexpr std::size_t size_bytes = 32;
  Key() = default;
  static Key random(Random& random);
  // CSL_CHECKs 32 bytes.
  explicit Key(ByteView bytes);
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key();
  [[nodiscard]] ByteView view() const { return bytes_; }
  // A key of its own for one use: HMAC-SHA-256(this key, purpose).
  [[nodiscard]] Key derive(ByteView purpose) const;

 private:
  std::array<std::byte, size_bytes> bytes_{};
};

constexpr std::size_t seal_tag_bytes = 16;
constexpr std::size_t seal_nonce_bytes = 12;
using Nonce = std::array<std::byte, seal_nonce_bytes>;

// Writes plain.size() bytes of cipher text and the tag to `out`, which is seal_tag_bytes longer
// than `plain`. A nonce must never be used twice with one key.
void seal_into(const Key& key, const Nonce& nonce, ByteView associated, ByteView plain,
               std::span<std::byte> out);
// The way back. Errors: Corrupt when the seal does not hold; `out` is then wiped.
[[nodiscard]] Status open_into(const Key& key, const Nonce& nonce, ByteView associated,
                               ByteView sealed, std::span<std::byte> out);

// Form of small sealed values: byte 1 (version), 12 bytes random nonce, cipher text, 16 bytes tag.
[[nodiscard]] Bytes seal(const Key& key, ByteView associated, ByteView plain, Random& random);
// Errors: Corrupt.
[[nodiscard]] Result<Bytes> open_seal(const Key& key, ByteView associated, ByteView sealed);

// Zeroes bytes in a way that the compiler may not leave out.
void wipe(std::span<std::byte> bytes);

}  // namespace consilium::storage
