#include "service/people/passwords.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "base/utf8.hpp"

namespace consilium::service {
namespace {

constexpr auto common_passwords = std::to_array<std::string_view>(
    {"1234567890",   "0123456789",       "qwertyuiop",    "password12",  "password123",
     "password1234", "passwordpassword", "administrator", "consilium1",  "consilium123",
     "letmein123",   "welcome123",       "changeme123",   "hospital123", "radiology1",
     "1q2w3e4r5t",   "qwerty1234",       "iloveyou12",    "1111111111",  "abcdefghij"});

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return small;
}

}  // namespace

// One of the places in which a hash may be computed, held while it is.
class Passwords::Turn {
 public:
  explicit Turn(Passwords& passwords) : passwords_(passwords) {
    std::unique_lock lock(passwords_.mutex_);
    if (passwords_.waiting_ >= passwords_.cost_.waiting_max) return;
    ++passwords_.waiting_;
    passwords_.free_.wait(lock, [&] { return passwords_.running_ < passwords_.cost_.at_once; });
    --passwords_.waiting_;
    ++passwords_.running_;
    held_ = true;
  }
  ~Turn() {
    if (!held_) return;
    {
      const std::scoped_lock lock(passwords_.mutex_);
      --passwords_.running_;
    }
    passwords_.free_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  [[nodiscard]] bool held() const { return held_; }

 private:
  Passwords& passwords_;
  bool held_ = false;
};

Result<std::string> Passwords::hash(std::string_view password) {
  CSL_CHECK(sodium_init() >= 0);
  const Turn turn(*this);
  std::string text(crypto_pwhash_STRBYTES, '\0');
  if (!turn.held() ||
      crypto_pwhash_str_alg(text.data(), password.data(), password.size(), cost_.passes,
                            cost_.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorCode::Unavailable, "too many sign-ins at once", {}, "try again in a moment");
  }
  text.resize(text.find('\0'));
  return text;
}

Result<bool> Passwords::fits(std::string_view password, const std::string& hash_text) {
  if (hash_text.empty()) {
    CSL_TRY(hash(password));
    return false;
  }
  CSL_CHECK(sodium_init() >= 0);
  const Turn turn(*this);
  if (!turn.held())
    return fail(ErrorCode::Unavailable, "too many sign-ins at once", {}, "try again in a moment");
  return crypto_pwhash_str_verify(hash_text.c_str(), password.data(), password.size()) == 0;
}

Status check_new_password(std::string_view password, std::string_view name) {
  const std::string_view where = "/password";
  if (!is_utf8(password) || code_point_count(password) < 10) {
    return fail(ErrorCode::InvalidInput, "the password is too short", std::string(where),
                "take at least 10 characters; a sentence is good");
  }
  if (password.size() > 1024) {
    return fail(ErrorCode::InvalidInput, "the password is too long", std::string(where),
                "take at most 1,024 bytes");
  }
  const std::string small = lower(password);
  if (small == lower(name) ||
      std::ranges::find(common_passwords, small) != common_passwords.end()) {
    return fail(ErrorCode::InvalidInput, "the password is one of those tried first",
                std::string(where), "take one that nobody else would think of");
  }
  return {};
}

}  // namespace consilium::service
