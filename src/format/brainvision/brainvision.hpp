// BrainVision recordings: a header (.vhdr), samples (.eeg) and markers (.vmrk) beside it. Source:
// BrainVision Core Data Format 1.0 (Brain Products).
//
// Binary samples of 16 or 32 bits, whole or floating-point, multiplexed or channel after channel.
// Floating-point values are taken in steps of 1 nV (of another unit: 1/1000 of it). Samples are
// read as they are asked for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// The files that the header names: samples, then markers if it has any. `header_name` is the
// header's own, whose stem "$b" stands for. Errors: Corrupt when it names no samples.
[[nodiscard]] Result<std::vector<std::string>> brainvision_files(ByteView header,
                                                                 std::string_view header_name);

// Markers are the recording's events; a missing marker file is a note.
// Errors: Corrupt with the line where a key is missing or no number; Unsupported for samples as
// text; NotFound when the samples are not there.
[[nodiscard]] Result<Recording> open_brainvision(ByteView header, std::string_view header_name,
                                                 const ByteSourceResolver& files);

}  // namespace consilium
