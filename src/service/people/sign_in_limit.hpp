// How often somebody may try a wrong password: per account name and per network address together.
// Five tries are free; each further failure doubles the wait, from 2 seconds to 15 minutes; 15
// minutes without a failure, or a sign-in that succeeds, forget the account's failures. Names that
// do not exist are counted like others.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"

namespace consilium::service {

class SignInLimit {
 public:
  // Errors: RateLimited while either has to wait.
  [[nodiscard]] Status check(std::string_view name, std::string_view address, Timestamp now) const;
  void failed(std::string_view name, std::string_view address, Timestamp now);
  void succeeded(std::string_view name);

 private:
  struct Failures {
    int count = 0;
    Timestamp last;
    Timestamp wait_until;
  };
  using Table = std::map<std::string, Failures, std::less<>>;
  // "name:..." and "address:..."; an address gets more free tries, for a hospital may have one for
  // all.
  Guarded<Table> failures_;
};

}  // namespace consilium::service
