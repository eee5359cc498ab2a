// What kind of note a LOINC document code stands for. Source: the LOINC document ontology
// (loinc.org); names as wards say them.
#pragma once

#include <string_view>

namespace consilium {

// "18842-5" -> "Discharge summary"; empty for a code that the table does not hold.
[[nodiscard]] std::string_view note_kind_named(std::string_view loinc_code);

// Digits, a hyphen, one check digit: what every LOINC code looks like.
[[nodiscard]] bool is_loinc_code(std::string_view text);

}  // namespace consilium
