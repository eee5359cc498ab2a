// JSON in the one form that can be hashed and signed: RFC 8785 (JSON Canonicalization Scheme). Keys
// sorted by UTF-16 code units, no white space, numbers as ECMAScript writes them.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace consilium {

// Errors: InvalidInput on a number that is not finite, on an integer past 2^53 (it would not
// survive a double) and on text that is not UTF-8.
[[nodiscard]] Result<std::string> canonical_json(const boost::json::value& value);

// Parses one JSON text of at most `depth_max` levels; no trailing bytes; of equal keys the last
// counts. Errors: InvalidInput, with the byte where it went wrong.
[[nodiscard]] Result<boost::json::value> parse_json(std::string_view text,
                                                    std::size_t depth_max = 64);

}  // namespace consilium
