#include "format/volume/header_words.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace consilium {
namespace {

constexpr std::string_view blanks = " \t\r";

}  // namespace

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::vector<std::string_view> words_of(std::string_view text, std::string_view also) {
  const std::string parting = std::string(blanks) + std::string(also);
  std::vector<std::string_view> words;
  for (std::size_t at = text.find_first_not_of(parting); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(parting, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(parting, end);
  }
  return words;
}

std::optional<double> number_of(std::string_view word) {
  if (word.starts_with('+')) word.remove_prefix(1);
  double value = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (problem != std::errc() || end != word.data() + word.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> integer_of(std::string_view word) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (problem != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::optional<std::vector<double>> numbers_of(std::string_view text, std::string_view also) {
  std::vector<double> numbers;
  for (const std::string_view word : words_of(text, also)) {
    const auto number = number_of(word);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

std::string number_text(double value) { return fmt::format("{}", value); }

bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of("/\\") == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

}  // namespace consilium
