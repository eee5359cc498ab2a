#include "service/people/secrets.hpp"

#include <sodium.h>

#include <array>

#include "base/sha256.hpp"

namespace consilium::service {

Secret make_secret(Random& random) {
  std::array<std::byte, 32> bytes;
  random.fill(bytes);
  Secret secret;
  secret.shown = to_base64url(bytes);
  secret.hash = hash_of_secret(secret.shown);
  return secret;
}

std::string hash_of_secret(std::string_view shown) { return to_hex(sha256(bytes_of(shown))); }

std::string csrf_token_of(std::string_view session_secret) {
  return to_base64url(hmac_sha256(bytes_of(session_secret), bytes_of("consilium csrf 1")));
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace consilium::service
