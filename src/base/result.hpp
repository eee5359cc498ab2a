// Result<T>: a value or the Error that kept it from being made. CSL_TRY takes the value or returns
// the error from the enclosing function; it is not for coroutines, which only await and then call
// plain functions.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace consilium {

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string what,
                                                 std::string where = {}, std::string remedy = {}) {
  return std::unexpected<Error>(Error{code, std::move(what), std::move(where), std::move(remedy)});
}

namespace detail {
template <class T>
T take_value(Result<T>& result) {
  return std::move(*result);
}
inline void take_value(Status&) {}
}  // namespace detail

}  // namespace consilium

// The local has a name of its own for each use, so that one CSL_TRY may stand inside another.
#define CSL_TRY_JOIN(a, b) a##b
#define CSL_TRY_NAMED(name, expression)                \
  __extension__({                                      \
    auto name = (expression);                          \
    if (!name.has_value()) {                           \
      return std::unexpected(std::move(name).error()); \
    }                                                  \
    ::consilium::detail::take_value(name);             \
  })
#define CSL_TRY_NUMBERED(number, expression) \
  CSL_TRY_NAMED(CSL_TRY_JOIN(csl_try_result_, number), expression)
#define CSL_TRY(expression) CSL_TRY_NUMBERED(__COUNTER__, expression)
