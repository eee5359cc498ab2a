// Passwords, hashed by Argon2id (RFC 9106) with 64 MiB and 3 passes: about a tenth of a second and
// 64 MiB a try, so at most two run at a time and few may wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace consilium::service {

class Passwords {
 public:
  // Tests of other things lower the cost; the product never does.
  struct Cost {
    unsigned long long passes = 3;
    std::size_t memory_bytes = 64U << 20U;
    std::size_t at_once = 2;
    std::size_t waiting_max = 8;
  };
  Passwords() : Passwords(Cost{}) {}
  explicit Passwords(const Cost& cost) : cost_(cost) {}

  // Text in the form of the reference implementation ("$argon2id$v=19$m=65536,..."), with its salt.
  // Errors: Unavailable when too many wait already, or memory is short.
  [[nodiscard]] Result<std::string> hash(std::string_view password);
  // An empty hash costs the same and never fits, so that the time tells nobody which names exist.
  [[nodiscard]] Result<bool> fits(std::string_view password, const std::string& hash);

 private:
  class Turn;
  const Cost cost_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
};

// 10 to 1,024 characters, not the person's name, not one of a few that everybody tries. Errors:
// InvalidInput.
[[nodiscard]] Status check_new_password(std::string_view password, std::string_view name);

}  // namespace consilium::service
