// One thing that is wrong with a JSON document, in words that its writer can act on.
#pragma once

#include <string>

#include "base/result.hpp"

namespace consilium {

struct Violation {
  std::string path;    // JSON pointer (RFC 6901): "/target/ranges/2"; "" is the whole document
  std::string what;    // "the range ends before it begins"
  std::string remedy;  // "send ranges sorted, disjoint and not empty"
  friend bool operator==(const Violation&, const Violation&) = default;
};

// As an error of the whole: InvalidInput with the path as its place.
[[nodiscard]] inline std::unexpected<Error> fail(const Violation& violation) {
  return fail(ErrorCode::InvalidInput, violation.what,
              violation.path.empty() ? "the whole document" : violation.path, violation.remedy);
}

}  // namespace consilium
