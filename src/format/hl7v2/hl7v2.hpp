// Report text out of HL7 version 2 messages (ORU^R01 and others with OBX; HL7 2.5, chapters 2 and
// 7): for each observation request (OBR) the text of its observations.
#pragma once

#include <string_view>
#include <vector>

#include "format/labelled_text/parts.hpp"

namespace consilium {

// Observations of text (OBX-2 TX, FT, ST) make the lines, one for each repetition, in the order of
// the message; escape sequences (2.7) are resolved, ".br" and ".sp" to line ends. The id is the
// message's control id (MSH-10) and the request's number. Whose it is (PID-3, of several the record
// number; PID-5, 7, 8), its date (OBR-7, else OBR-22) and its LOINC code (OBR-4) are the text's
// origin, and nowhere else. Other observations and unknown escapes are told as problems. Delimiters
// are those of MSH; segments end at CR, LF or CR LF; batch segments are passed over.
//
// Errors: InvalidInput when it is not UTF-8, with the byte, when it does not begin with MSH (after
// FHS or BHS), and when no request has text.
[[nodiscard]] Result<std::vector<LabelledText>> read_hl7v2(std::string_view bytes);

}  // namespace consilium
