// Answer<T>: what a use case gives back where an Error alone would say too little: all that the
// protocol forbids, or the version that won the race.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "domain/label/violation.hpp"

namespace consilium::service {

struct Refusal {
  Error error;
  std::vector<Violation> violations;  // with InvalidInput: each member that is wrong
  std::string current_json;           // with PreconditionFailed: the stored resource; else empty

  Refusal() = default;
  // An Error is a Refusal that has nothing to add; so CSL_TRY works in functions that answer.
  Refusal(Error plain) : error(std::move(plain)) {}  // NOLINT(google-explicit-constructor)
};

template <class T>
using Answer = std::expected<T, Refusal>;

[[nodiscard]] inline std::unexpected<Refusal> refuse(std::vector<Violation> violations) {
  Refusal refusal;
  refusal.error = {ErrorCode::InvalidInput, "the protocol does not allow this",
                   violations.empty() ? std::string() : violations.front().path,
                   "mend what the violations name, then send it again"};
  refusal.violations = std::move(violations);
  return std::unexpected(std::move(refusal));
}
[[nodiscard]] inline std::unexpected<Refusal> lost_race(std::string current_json) {
  Refusal refusal;
  refusal.error = {ErrorCode::PreconditionFailed, "somebody changed this meanwhile", "",
                   "look at both versions, then send yours with the new revision"};
  refusal.current_json = std::move(current_json);
  return std::unexpected(std::move(refusal));
}

}  // namespace consilium::service
