#include "domain/text/note_kind.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace consilium {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kinds{{
    {"11488-4", "Consultation note"},
    {"11504-8", "Operation note"},
    {"11506-3", "Progress note"},
    {"11526-1", "Pathology report"},
    {"18748-4", "Radiology report"},
    {"18842-5", "Discharge summary"},
    {"28570-0", "Procedure note"},
    {"34111-5", "Emergency department note"},
    {"34117-2", "History and physical"},
    {"34746-8", "Nurse note"},
    {"57133-1", "Referral note"},
}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view note_kind_named(std::string_view loinc_code) {
  const auto* const found =
      std::ranges::find(kinds, loinc_code, &decltype(kinds)::value_type::first);
  return found == kinds.end() ? std::string_view{} : found->second;
}

bool is_loinc_code(std::string_view text) {
  if (text.size() < 3 || text.size() > 10 || text[text.size() - 2] != '-') return false;
  return is_digit(text.back()) && std::ranges::all_of(text.substr(0, text.size() - 2), is_digit);
}

}  // namespace consilium
