// WFDB records: a header and the signal files it names, of any signal format, several files,
// several samples per frame, skew; or a sequence of such records (segments), of fixed or variable
// layout. Source: header(5), signal(5) of the WFDB Applications Guide.
//
// Samples are given as stored, skew taken out; a channel's `missing` stands where nothing was
// measured, where a file is shorter than its header says, and in gaps. Channels of records with
// segments use missing_sample_default; a segment whose gain or baseline differs from the record's
// is brought to the record's by rounding, which a note says.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"
#include "format/wfdb/wfdb_header.hpp"

namespace consilium {

struct WfdbChecksum {
  std::size_t channel = 0;
  std::int32_t stated = 0;    // modulo 2^16
  std::int32_t computed = 0;  // modulo 2^16
  friend bool operator==(const WfdbChecksum&, const WfdbChecksum&) = default;
};

class WfdbRecord : public SampleSource {
 public:
  [[nodiscard]] virtual const WfdbHeader& wfdb_header() const = 0;
  // The channels whose samples do not add up to the checksum that the header states; those without
  // one are left out. A record of segments checks each segment. Cost: reads everything.
  [[nodiscard]] virtual Result<std::vector<WfdbChecksum>> wrong_checksums() const = 0;
};

// `files` gives the signal files, and the headers of segments ("v102s_1.hea"), by name. Names with
// a path in them are refused.
// Errors: as parse_wfdb_header; NotFound when a file is not there; Corrupt when signals of one file
// disagree; Unsupported for what WFDB knows and we do not (segments within segments, segments of
// another frame rate).
[[nodiscard]] Result<std::unique_ptr<WfdbRecord>> open_wfdb(ByteView header_text,
                                                            ByteSourceResolver files);
[[nodiscard]] Result<std::unique_ptr<WfdbRecord>> open_wfdb(WfdbHeader header,
                                                            ByteSourceResolver files);

// The files beside the header that the record needs, each once: signal files, segment headers
// (whose own signal files are not known before they are read).
[[nodiscard]] std::vector<std::string> files_named_by(const WfdbHeader& header);

}  // namespace consilium
