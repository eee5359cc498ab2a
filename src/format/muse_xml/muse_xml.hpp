// GE MUSE XML ("RestingECG"): the rhythm waveform of a resting ECG, eight leads stored in base64 as
// 16-bit samples, the other four computed from I and II.
//
// The median beat, statements and measurements stay in the file. A wrong checksum (CRC-32 of a
// lead's samples) is told in a note.
#pragma once

#include <memory>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// The recording's events are the QRS complexes that the device lists. Errors: those of read_xml;
// TooLarge past 32 MiB; Corrupt with the line where a number or base64 is none; Unsupported when it
// holds no rhythm waveform.
[[nodiscard]] Result<Recording> open_muse(std::shared_ptr<const ByteSource> file);

}  // namespace consilium
