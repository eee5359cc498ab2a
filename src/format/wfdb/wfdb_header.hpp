// WFDB header files (.hea): what a record consists of. Source: header(5) of the WFDB Applications
// Guide. Lines end in LF or CR LF; comments may stand before, between and after.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/signal/record.hpp"
#include "format/wfdb/wfdb_samples.hpp"

namespace consilium {

struct WfdbSignalLine {
  std::string file_name{};  // "~": no samples at all (a null signal)
  WfdbFormat format = WfdbFormat::F16;
  int samples_per_frame = 1;
  int skew_frames = 0;
  std::uint64_t byte_offset = 0;         // in FLAC files: samples, not bytes
  std::optional<double> adu_per_unit{};  // absent or 0 in the file: not calibrated
  std::int32_t baseline_adu = 0;         // as stated, else adc_zero
  std::string unit = "mV";
  int adc_bits = 0;
  std::int32_t adc_zero = 0;
  std::int32_t initial_value = 0;          // as stated, else adc_zero
  std::optional<std::int32_t> checksum{};  // of all samples, modulo 2^16
  std::string description{};
  friend bool operator==(const WfdbSignalLine&, const WfdbSignalLine&) = default;
};

struct WfdbSegmentLine {
  std::string record_name{};     // "~": a gap
  std::int64_t frame_count = 0;  // 0 in the first: the layout of a variable-layout record
  friend bool operator==(const WfdbSegmentLine&, const WfdbSegmentLine&) = default;
};

struct WfdbHeader {
  std::string record_name{};
  Rate frame_rate{};  // 250 Hz when not stated
  std::optional<double> counter_rate_hz{};
  double base_counter = 0.0;
  std::optional<std::int64_t> frame_count{};  // absent or 0: as many as the files hold
  std::optional<CivilTime> base_time{};
  std::vector<WfdbSignalLine> signals{};    // of a record with segments: none
  std::vector<WfdbSegmentLine> segments{};  // none: the record has no segments
  int signal_count = 0;                     // as the record line states it
  std::vector<std::string> comments{};      // without the '#'
  friend bool operator==(const WfdbHeader&, const WfdbHeader&) = default;
};

inline constexpr int wfdb_signal_count_max = 4096;
inline constexpr int wfdb_segment_count_max = 200'000;
inline constexpr int wfdb_samples_per_frame_max = 65'536;
inline constexpr std::uint64_t wfdb_header_size_max = 32U << 20U;

// Errors: Corrupt with the line where a field is missing, out of range or no number; Unsupported
// for a signal format that WFDB does not define.
[[nodiscard]] Result<WfdbHeader> parse_wfdb_header(ByteView bytes);
// The text of a header file; parsing it gives the same header when all signals state their checksum
// (an absent one is written as 0: the fields after it need it there). LF line ends.
[[nodiscard]] std::string write_wfdb_header(const WfdbHeader& header);

}  // namespace consilium
