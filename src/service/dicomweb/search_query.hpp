// A QIDO-RS query (PS3.18 8.3.4, 10.6): its parameters as attributes to match and to return, and
// matching as PS3.4 C.2.2.2 has it, on attributes in DICOM JSON.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "domain/image/dicom_dataset.hpp"

namespace consilium::service {

enum class SearchLevel : std::uint8_t { Study, Series, Instance };

struct SearchFilter {
  std::vector<DicomTag> path;  // of the attribute; more than one inside sequences
  std::string value;           // as given: with wildcards, a range, a list
};

struct SearchQuery {
  SearchLevel level = SearchLevel::Study;
  std::vector<SearchFilter> filters;
  std::vector<std::vector<DicomTag>> include;
  bool include_all = false;
  bool fuzzy = false;  // asked for; matching stays literal, with a warning
  std::uint64_t limit = 1000;
  std::uint64_t offset = 0;
};

inline constexpr std::uint64_t search_limit_max = 5000;

// From decoded URI parameters. Attributes by keyword ("PatientID") or tag ("00100020"), nested by
// dots. Errors: InvalidInput, naming the parameter, on an unknown attribute, a limit or offset that
// is no number, a value of more than 1024 bytes, an attribute given twice.
[[nodiscard]] Result<SearchQuery> parse_search(
    SearchLevel level, std::span<const std::pair<std::string, std::string>> parameters);

// Whether an object in DICOM JSON has the attribute with a value that matches: UIDs by list; dates
// and times by value or range; numbers by value; text by wildcards (* and ?), names without regard
// to case and by any of their groups. An empty value matches everything.
[[nodiscard]] bool matches(const boost::json::object& attributes, const SearchFilter& filter);

// `text` against a pattern of * and ?. Cost: O(text x pattern) at worst.
[[nodiscard]] bool matches_wildcards(std::string_view text, std::string_view pattern);

}  // namespace consilium::service
