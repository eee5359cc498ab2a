#include "base/sha256.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.hpp"

namespace consilium {

struct Sha256::State {
  EVP_MD_CTX* digest = nullptr;
  ~State() { EVP_MD_CTX_free(digest); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  state_->digest = EVP_MD_CTX_new();
  CSL_CHECK(state_->digest != nullptr);
  CSL_CHECK(EVP_DigestInit_ex(state_->digest, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) {
  CSL_CHECK(EVP_DigestUpdate(state_->digest, bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  unsigned size = 0;
  CSL_CHECK(EVP_DigestFinal_ex(state_->digest, reinterpret_cast<unsigned char*>(digest.data()),
                               &size) == 1);
  CSL_CHECK(size == digest.size());
  return digest;
}

Sha256Digest sha256(ByteView bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Sha256Digest hmac_sha256(ByteView key, ByteView bytes) {
  Sha256Digest digest{};
  unsigned size = 0;
  CSL_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                 reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                 reinterpret_cast<unsigned char*>(digest.data()), &size) != nullptr);
  CSL_CHECK(size == digest.size());
  return digest;
}

}  // namespace consilium
