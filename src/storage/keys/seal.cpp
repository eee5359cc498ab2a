#include "storage/keys/seal.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "base/check.hpp"
#include "base/sha256.hpp"

namespace consilium::storage {
namespace {

constexpr std::byte small_seal_version{1};

const unsigned char* raw(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw_out(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// Fetched once: looking the cipher up by name costs more than sealing a small value.
const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  CSL_CHECK(cipher != nullptr);
  return cipher;
}

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* cipher) const { EVP_CIPHER_CTX_free(cipher); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

Cipher cipher_for(const Key& key, const Nonce& nonce, ByteView associated, bool sealing) {
  Cipher cipher(EVP_CIPHER_CTX_new());
  CSL_CHECK(cipher != nullptr);
  CSL_CHECK(EVP_CipherInit_ex2(cipher.get(), aes_256_gcm(), raw(key.view()), raw(nonce),
                               sealing ? 1 : 0, nullptr) == 1);
  int written = 0;
  if (!associated.empty()) {
    CSL_CHECK(EVP_CipherUpdate(cipher.get(), nullptr, &written, raw(associated),
                               static_cast<int>(associated.size())) == 1);
  }
  return cipher;
}

}  // namespace

Key Key::random(Random& random) {
  Key key;
  random.fill(key.bytes_);
  return key;
}

Key::Key(ByteView bytes) {
  CSL_CHECK(bytes.size() == size_bytes);
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

Key::~Key() { wipe(bytes_); }

Key Key::derive(ByteView purpose) const { return Key(hmac_sha256(view(), purpose)); }

void seal_into(const Key& key, const Nonce& nonce, ByteView associated, ByteView plain,
               std::span<std::byte> out) {
  CSL_CHECK(out.size() == plain.size() + seal_tag_bytes);
  CSL_CHECK(plain.size() < (std::size_t{1} << 31U));
  const Cipher cipher = cipher_for(key, nonce, associated, true);
  int written = 0;
  CSL_CHECK(EVP_EncryptUpdate(cipher.get(), raw_out(out), &written, raw(plain),
                              static_cast<int>(plain.size())) == 1);
  int rest = 0;
  CSL_CHECK(EVP_EncryptFinal_ex(cipher.get(), raw_out(out) + written, &rest) == 1);
  CSL_CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, int{seal_tag_bytes},
                                raw_out(out.subspan(plain.size()))) == 1);
}

Status open_into(const Key& key, const Nonce& nonce, ByteView associated, ByteView sealed,
                 std::span<std::byte> out) {
  const auto broken = [] {
    return fail(ErrorCode::Corrupt, "a seal does not hold: the bytes were changed", {},
                "run consilium scrub, then restore the object from a backup");
  };
  if (sealed.size() < seal_tag_bytes || out.size() != sealed.size() - seal_tag_bytes) {
    return broken();
  }
  CSL_CHECK(sealed.size() < (std::size_t{1} << 31U));
  const Cipher cipher = cipher_for(key, nonce, associated, false);
  int written = 0;
  CSL_CHECK(EVP_DecryptUpdate(cipher.get(), raw_out(out), &written, raw(sealed),
                              static_cast<int>(out.size())) == 1);
  std::array<std::byte, seal_tag_bytes> tag{};
  std::copy_n(sealed.begin() + static_cast<std::ptrdiff_t>(out.size()), tag.size(), tag.begin());
  CSL_CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, int{seal_tag_bytes},
                                tag.data()) == 1);
  int rest = 0;
  if (EVP_DecryptFinal_ex(cipher.get(), raw_out(out) + written, &rest) != 1) {
    wipe(out);
    return broken();
  }
  return {};
}

Bytes seal(const Key& key, ByteView associated, ByteView plain, Random& random) {
  Bytes sealed(1 + seal_nonce_bytes + plain.size() + seal_tag_bytes);
  Nonce nonce{};
  random.fill(nonce);
  sealed[0] = small_seal_version;
  std::copy(nonce.begin(), nonce.end(), sealed.begin() + 1);
  seal_into(key, nonce, associated, plain, std::span(sealed).subspan(1 + seal_nonce_bytes));
  return sealed;
}

Result<Bytes> open_seal(const Key& key, ByteView associated, ByteView sealed) {
  constexpr std::size_t head = 1 + seal_nonce_bytes;
  if (sealed.size() < head + seal_tag_bytes || sealed[0] != small_seal_version) {
    return fail(ErrorCode::Corrupt, "not a sealed value of a known version");
  }
  Nonce nonce{};
  std::copy_n(sealed.begin() + 1, nonce.size(), nonce.begin());
  Bytes plain(sealed.size() - head - seal_tag_bytes);
  CSL_TRY(open_into(key, nonce, associated, sealed.subspan(head), plain));
  return plain;
}

void wipe(std::span<std::byte> bytes) {
  if (!bytes.empty()) OPENSSL_cleanse(bytes.data(), bytes.size());
}

}  // namespace consilium::storage
