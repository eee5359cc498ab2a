// WFDB records written: one signal file in format 16 or 212, and its header. Source: header(5) and
// signal(5) of the WFDB Applications Guide.
#pragma once

#include <string>

#include "base/byte_source.hpp"
#include "base/result.hpp"
#include "domain/signal/sample_source.hpp"
#include "format/wfdb/wfdb_header.hpp"

namespace consilium {

struct WfdbWriting {
  std::string record_name{};  // the signal file is <record_name>.dat
  WfdbFormat format = WfdbFormat::F16;
  std::vector<std::string> comments{};
};

// Writes the samples of all channels to `signal_file` in order, and returns the header to write
// beside it, with initial values and checksums. Channels of several rates become several samples
// per frame of the slowest common frame. Missing samples become the format's own "missing".
// The base time is not written: it identifies.
// Errors: InvalidInput when a sample is too large for the format, when there is no channel, and for
// a record name that is not letters, digits and underscores; else what the source or sink says.
// Cost: one pass, one block of frames in memory.
[[nodiscard]] Result<WfdbHeader> write_wfdb(const SampleSource& source, const WfdbWriting& writing,
                                            const ByteSink& signal_file);

}  // namespace consilium
