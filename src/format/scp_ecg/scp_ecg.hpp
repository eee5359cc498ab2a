// SCP-ECG files (EN 1064, ANSI/AAMI EC71, ISO 11073-91064): an ECG of some seconds, packed by
// Huffman codes over differences, often with an average beat taken out and fewer samples kept
// between the beats.
//
// Read: sections 0 to 6; the default and custom Huffman tables, table switches, first and second
// differences, reference-beat subtraction, bimodal compression. What the file says of the patient
// (section 1) is the recording's identity; statements and measurements (sections 7 to 11) stay in
// the file. A wrong checksum is told in a note and the section read all the same.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// The recording's events are the beats that section 4 places. Leads that follow from I and II are
// added (lead_names.hpp).
// Errors: TooLarge past 64 MiB; Corrupt with the section and byte where something does not fit;
// Unsupported for a file without section 3 or 6.
[[nodiscard]] Result<Recording> open_scp(std::shared_ptr<const ByteSource> file);

// The reference (average) beat of section 5 by itself. Errors: as open_scp; NotFound when there is
// none.
[[nodiscard]] Result<std::unique_ptr<SampleSource>> open_scp_reference_beat(
    std::shared_ptr<const ByteSource> file);

}  // namespace consilium
