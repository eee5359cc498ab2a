// Words and numbers of the text headers that NRRD and MetaImage files begin with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace consilium {

[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] std::string lower_case(std::string_view text);
// Parted by spaces, tabs and the characters of `also`.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view text,
                                                     std::string_view also = {});
// The whole text as a finite number; nothing when it is none.
[[nodiscard]] std::optional<double> number_of(std::string_view word);
[[nodiscard]] std::optional<std::int64_t> integer_of(std::string_view word);
// Nothing when one of the words is no finite number.
[[nodiscard]] std::optional<std::vector<double>> numbers_of(std::string_view text,
                                                            std::string_view also = {});
// The shortest text that reads back as the same number.
[[nodiscard]] std::string number_text(double value);
// A file's name beside the header: nothing with a path in it may be opened.
[[nodiscard]] bool is_plain_file_name(std::string_view name);

}  // namespace consilium
