#include "service/dicomweb/search_query.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <optional>

#include "format/dicom/dictionary.hpp"
#include "format/dicom_json/dicom_json.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::size_t value_bytes_max = 1024;
constexpr std::size_t filter_count_max = 64;
constexpr std::size_t depth_max = 8;

Result<std::vector<DicomTag>> parse_path(std::string_view text) {
  const std::string where = "parameter " + std::string(text.substr(0, 64));
  std::vector<DicomTag> path;
  while (path.size() < depth_max) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    std::optional<DicomTag> tag = dicom_tag_of_key(part);
    if (!tag) {
      const auto entry = find_in_dictionary(part);
      if (entry) tag = entry->tag;
    }
    if (!tag) break;
    path.push_back(*tag);
    if (dot == std::string_view::npos) return path;
    text.remove_prefix(dot + 1);
  }
  return fail(ErrorCode::InvalidInput, "the parameter is no attribute of DICOM", where,
              "write a keyword (PatientID) or eight digits (00100020), nested ones with dots");
}

Result<std::uint64_t> parse_count(const std::string& name, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size() || text.empty()) {
    return fail(ErrorCode::InvalidInput, "the value is no whole number", "parameter " + name,
                "send 0 or more");
  }
  return value;
}

Result<bool> parse_flag(const std::string& name, std::string_view text) {
  if (text != "true" && text != "false") {
    return fail(ErrorCode::InvalidInput, "the value is neither true nor false",
                "parameter " + name);
  }
  return text == "true";
}

Status add_includes(SearchQuery& query, std::string_view text) {
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    if (one == "all") {
      query.include_all = true;
    } else if (!one.empty()) {
      query.include.push_back(CSL_TRY(parse_path(one)));
    }
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
  }
}

Status add_filter(SearchQuery& query, const std::string& name, const std::string& value) {
  SearchFilter filter{.path = CSL_TRY(parse_path(name)), .value = value};
  const bool is_known = std::ranges::any_of(
      query.filters, [&](const SearchFilter& other) { return other.path == filter.path; });
  if (is_known || query.filters.size() >= filter_count_max || value.size() > value_bytes_max) {
    return fail(ErrorCode::InvalidInput, "the attribute is given twice, or its value is too long",
                "parameter " + name.substr(0, 64), "give each attribute once");
  }
  query.filters.push_back(std::move(filter));
  return {};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

// "20240101-20240131", "-20240131", "20240101-": both ends count. DICOM's dates and times order as
// text as far as both are given; a shorter end stands for all that begins with it.
bool matches_range(std::string_view value, std::string_view wanted) {
  const std::size_t dash = wanted.find('-');
  if (dash == std::string_view::npos) return value == wanted;
  const std::string_view low = wanted.substr(0, dash);
  const std::string_view high = wanted.substr(dash + 1);
  return (low.empty() || value >= low) && (high.empty() || value.substr(0, high.size()) <= high);
}

bool is_in_list(std::string_view value, std::string_view list) {
  while (true) {
    const std::size_t end = list.find_first_of(",\\");
    if (list.substr(0, end) == value) return true;
    if (end == std::string_view::npos) return false;
    list.remove_prefix(end + 1);
  }
}

std::optional<double> number_of(const json::value& value) {
  if (value.is_number()) return value.to_number<double>();
  return std::nullopt;
}

bool matches_number(const json::value& value, std::string_view wanted) {
  double number = 0;
  const auto [end, problem] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  if (problem != std::errc{} || end != wanted.data() + wanted.size()) return false;
  return number_of(value) == number;
}

bool matches_name(const json::value& value, std::string_view wanted) {
  if (!value.is_object()) return false;
  const std::string pattern = lower_ascii(wanted);
  return std::ranges::any_of(value.as_object(), [&](const auto& group) {
    return group.value().is_string() &&
           matches_wildcards(lower_ascii(group.value().as_string()), pattern);
  });
}

bool matches_value(std::string_view vr, const json::value& value, std::string_view wanted) {
  if (vr == "PN") return matches_name(value, wanted);
  if (!value.is_string()) return matches_number(value, wanted);
  const std::string_view text = value.as_string();
  if (vr == "UI") return is_in_list(text, wanted);
  if (vr == "DA" || vr == "TM" || vr == "DT") return matches_range(text, wanted);
  return matches_wildcards(text, wanted);
}

bool matches_path(const json::object& attributes, std::span<const DicomTag> path,
                  std::string_view wanted) {
  const json::value* attribute = attributes.if_contains(dicom_json_key(path.front()));
  const json::value* values = attribute != nullptr && attribute->is_object()
                                  ? attribute->as_object().if_contains("Value")
                                  : nullptr;
  if (values == nullptr || !values->is_array()) return false;
  const std::string_view vr = attribute->as_object().at("vr").as_string();
  return std::ranges::any_of(values->as_array(), [&](const json::value& value) {
    if (path.size() == 1) return matches_value(vr, value, wanted);
    return value.is_object() && matches_path(value.as_object(), path.subspan(1), wanted);
  });
}

}  // namespace

Result<SearchQuery> parse_search(SearchLevel level,
                                 std::span<const std::pair<std::string, std::string>> parameters) {
  SearchQuery query;
  query.level = level;
  for (const auto& [name, value] : parameters) {
    if (name == "limit") {
      query.limit = CSL_TRY(parse_count(name, value));
    } else if (name == "offset") {
      query.offset = CSL_TRY(parse_count(name, value));
    } else if (name == "includefield") {
      CSL_TRY(add_includes(query, value));
    } else if (name == "fuzzymatching") {
      query.fuzzy = CSL_TRY(parse_flag(name, value));
    } else if (name != "accept" && name != "charset") {
      CSL_TRY(add_filter(query, name, value));
    }
  }
  return query;
}

bool matches_wildcards(std::string_view text, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t star = std::string_view::npos;
  std::size_t after_star = 0;
  while (at < text.size()) {
    const bool is_star = in_pattern < pattern.size() && pattern[in_pattern] == '*';
    const bool fits = in_pattern < pattern.size() &&
                      (pattern[in_pattern] == '?' || pattern[in_pattern] == text[at]);
    if (is_star) {
      star = in_pattern++;
      after_star = at;
    } else if (fits) {
      ++in_pattern;
      ++at;
    } else if (star != std::string_view::npos) {
      in_pattern = star + 1;
      at = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.substr(in_pattern).find_first_not_of('*') == std::string_view::npos;
}

bool matches(const json::object& attributes, const SearchFilter& filter) {
  if (filter.value.empty() || filter.value == "*") return true;
  return matches_path(attributes, filter.path, filter.value);
}

}  // namespace consilium::service
