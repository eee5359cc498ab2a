// Numbers, dates and text as recorders write them into text formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace consilium {

[[nodiscard]] std::string_view stripped(std::string_view text);
// All of `text` but blanks around it is a finite decimal number; "+1.5" too.
[[nodiscard]] std::optional<double> decimal_in(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> integer_in(std::string_view text);
// UTF-8 as it is; else taken as Latin-1.
[[nodiscard]] std::string utf8_of(std::string_view text);
// "20021122091000.25", "2011-12-01", "19530508": the digits by themselves, at most `count`.
[[nodiscard]] std::string digits_in(std::string_view text, std::size_t count);
// An ISO date of "19530508" or "1953-05-08"; empty for anything else.
[[nodiscard]] std::string iso_date_of(std::string_view text);

}  // namespace consilium
