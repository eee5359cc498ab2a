// Secrets that people and programs show to prove who they are: sessions, one-time links, API
// tokens. 256 random bits; only SHA-256 of them is kept, which is enough for what cannot be
// guessed.
#pragma once

#include <string>
#include <string_view>

#include "base/random.hpp"

namespace consilium::service {

struct Secret {
  std::string shown;  // base64url, 43 characters
  std::string hash;   // 64 hexadecimal digits
};
[[nodiscard]] Secret make_secret(Random& random);
[[nodiscard]] std::string hash_of_secret(std::string_view shown);
// The token that a page of this session must send with what changes something: HMAC-SHA-256 of a
// fixed text under the session's secret. It is no secret of the session itself, and needs no place
// in the database.
[[nodiscard]] std::string csrf_token_of(std::string_view session_secret);
// In a time that does not depend on where they differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace consilium::service
