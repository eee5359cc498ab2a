// Philips Sierra ECG XML, versions 1.03 and 1.04 ("restingecgdata"): the parsed waveforms of a
// resting ECG, plain or packed by XLI. Representative beats, statements and measurements stay in
// the file. What is known of the packing is from the published work of C. A. Watford (Sierra ECG
// Tools).
#pragma once

#include <memory>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// Errors: those of read_xml; TooLarge past 32 MiB; Corrupt with the line, and within packed leads
// the lead and byte, where something does not fit; Unsupported for another version or packing.
[[nodiscard]] Result<Recording> open_sierra(std::shared_ptr<const ByteSource> file);

}  // namespace consilium
