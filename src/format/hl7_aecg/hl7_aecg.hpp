// HL7 Annotated ECG (HL7 v3 "aECG", PORT_MT020001, as given to the FDA): series of sequences in XML
// with the annotations made on them. Source: the HL7 aECG Implementation Guide (2005).
//
// All measured series lie on one time line from the earliest on; what was derived (average beats)
// stays in the file. Annotations with a place in time are events: beats, waves from onset to end,
// rhythms, on their lead where they name one; measurements of the whole are left in the file.
#pragma once

#include <memory>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// Errors: those of read_xml; TooLarge past 32 MiB; Corrupt with the line where a number or time is
// none; Unsupported when it holds no series.
[[nodiscard]] Result<Recording> open_aecg(std::shared_ptr<const ByteSource> file);

}  // namespace consilium
