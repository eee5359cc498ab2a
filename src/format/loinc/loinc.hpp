// LOINC as published in comma-separated values. Source: LOINC Users' Guide, appendix A (Loinc.csv)
// and the component hierarchy (ComponentHierarchyBySystem.csv).
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "domain/terminology/terminology.hpp"
#include "format/terminology_text/table_lines.hpp"

namespace consilium {

// Preferred is LONG_COMMON_NAME, synonyms are SHORTNAME, DisplayName and CONSUMER_NAME, the full
// name is the six axes joined by colons; RELATEDNAMES2 holds words rather than names and is left
// out. The tag is CLASS. DEPRECATED codes are inactive. With the hierarchy its LP parts are
// concepts of the tag "part".
// Columns are found by the header's names, in any order.
// Errors: Corrupt with file and line when a column is missing or a row does not fit; TooLarge.
[[nodiscard]] Result<Terminology> read_loinc(const TerminologyFile& table,
                                             const std::optional<TerminologyFile>& hierarchy,
                                             std::string version);

}  // namespace consilium
