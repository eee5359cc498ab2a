// ICD-10-CM in the two forms that the US CDC and CMS publish it in.
#pragma once

#include <string>

#include "base/result.hpp"
#include "domain/terminology/terminology.hpp"
#include "format/terminology_text/table_lines.hpp"

namespace consilium {

// The order file (icd10cm_order_2026.txt): order number, code, 0 for a heading and 1 for a code
// that may be billed, short and long title, in columns 1, 7, 15, 17 and 78. Codes get their point
// back ("I21.4"); a code's parent is the longest heading that it begins with. The tag is "header"
// or "billable".
// Errors: Corrupt with file and line. Cost: about 150 MB/s.
[[nodiscard]] Result<Terminology> read_icd10cm_order(const TerminologyFile& file,
                                                     std::string version);

// The tabular list (icd10cm_tabular_2026.xml): chapters, sections and diagnoses in their nesting,
// with inclusion terms as synonyms. Chapters and sections are concepts of the tags "chapter" (code
// "chapter-9") and "section" ("I20-I25"); diagnoses have the tag "diagnosis". Seventh characters
// are not spelled out into codes of their own: the order file has those. An empty `version` is
// taken from the file's own.
// Errors: Corrupt with file, line and byte, InvalidInput on a DTD with declarations of its own,
// Unsupported for other XML, TooLarge over 64 levels or 256 MiB.
[[nodiscard]] Result<Terminology> read_icd10cm_tabular(const TerminologyFile& file,
                                                       std::string version);

}  // namespace consilium
