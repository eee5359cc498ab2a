// UTF-8 (RFC 3629): strict, so that a code point offset means the same everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace consilium {

[[nodiscard]] bool is_utf8(std::string_view text);
// Code points of valid UTF-8. Cost: about a byte a cycle.
[[nodiscard]] std::uint64_t code_point_count(std::string_view valid_utf8);
// The byte offset of a code point; the size of the text for the count of its code points.
// Errors: InvalidInput past that.
[[nodiscard]] Result<std::size_t> byte_offset(std::string_view valid_utf8,
                                              std::uint64_t code_point);
// Appends one code point; CSL_CHECKs that it is a scalar value.
void append_utf8(std::string& out, char32_t code_point);
// The code point at `at` of valid UTF-8, and `at` moved past it.
[[nodiscard]] char32_t next_code_point(std::string_view valid_utf8, std::size_t& at);

}  // namespace consilium
