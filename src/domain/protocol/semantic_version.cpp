#include "domain/protocol/semantic_version.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace consilium {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Digits without a leading zero, nine at most.
bool is_counter(std::string_view text) {
  return is_number(text) && text.size() <= 9 && (text.size() == 1 || text.front() != '0');
}

std::uint32_t counter(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(mark);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool is_prerelease_part(std::string_view part) {
  const bool letters_only = std::ranges::all_of(part, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
  return !part.empty() && letters_only && (!is_number(part) || is_counter(part));
}

std::strong_ordering compare_parts(std::string_view a, std::string_view b) {
  if (is_number(a) && is_number(b)) return counter(a) <=> counter(b);
  if (is_number(a) != is_number(b)) {
    return is_number(a) ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return a <=> b;
}

std::strong_ordering compare_prereleases(std::string_view a, std::string_view b) {
  if (a == b) return std::strong_ordering::equal;
  if (a.empty()) return std::strong_ordering::greater;
  if (b.empty()) return std::strong_ordering::less;
  const auto left = split(a, '.');
  const auto right = split(b, '.');
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    const auto order = compare_parts(left[i], right[i]);
    if (order != std::strong_ordering::equal) return order;
  }
  return left.size() <=> right.size();
}

}  // namespace

std::strong_ordering operator<=>(const SemanticVersion& a, const SemanticVersion& b) {
  if (a.major != b.major) return a.major <=> b.major;
  if (a.minor != b.minor) return a.minor <=> b.minor;
  if (a.patch != b.patch) return a.patch <=> b.patch;
  return compare_prereleases(a.prerelease, b.prerelease);
}

Result<SemanticVersion> parse_semantic_version(std::string_view text) {
  const auto wrong = [] {
    return fail(ErrorCode::InvalidInput, "this is not a semantic version", {},
                "write MAJOR.MINOR.PATCH, for example 1.4.0, in quotation marks");
  };
  const std::size_t dash = text.find('-');
  const auto numbers = split(text.substr(0, dash), '.');
  if (numbers.size() != 3 || !std::ranges::all_of(numbers, is_counter)) return wrong();
  SemanticVersion version{counter(numbers[0]), counter(numbers[1]), counter(numbers[2]), {}};
  if (dash != std::string_view::npos) {
    version.prerelease = text.substr(dash + 1);
    if (version.prerelease.size() > 64 ||
        !std::ranges::all_of(split(version.prerelease, '.'), is_prerelease_part)) {
      return wrong();
    }
  }
  return version;
}

std::string to_string(const SemanticVersion& version) {
  std::string text = std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
                     std::to_string(version.patch);
  if (!version.prerelease.empty()) text += "-" + version.prerelease;
  return text;
}

}  // namespace consilium
