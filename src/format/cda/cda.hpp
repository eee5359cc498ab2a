// The text of HL7 CDA R2 documents (ClinicalDocument; C-CDA is one kind): what people read, never
// the coded entries beside it.
#pragma once

#include <string_view>
#include <vector>

#include "format/labelled_text/parts.hpp"

namespace consilium {

// One text: of each section its title on a line and its narrative (CDA R2, 4.3.5) as lines, a row
// of a table its cells with tabs between, an item of a list after "- "; runs of white space are one
// blank, as in HTML. Sections that hold sections are one range each. A body that is no XML is read
// when it is plain text. The id is the document's (root and extension); metadata are "title" and
// "code" of the document, and "section.N.code". Whose it is (the first patient of recordTarget),
// its date (effectiveTime) and its LOINC code are the text's origin, and nowhere else; nothing of
// the authors is taken.
//
// Errors: those of read_xml; InvalidInput when it is no ClinicalDocument or has no text;
// Unsupported when the body is of another type (PDF, RTF, HTML).
[[nodiscard]] Result<std::vector<LabelledText>> read_cda(std::string_view bytes);

}  // namespace consilium
