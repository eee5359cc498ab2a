// A recording: channels of samples on one time line. Holds what headers say, never the samples.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/protected.hpp"
#include "domain/signal/time.hpp"

namespace consilium {

// What a channel has where nothing was measured, when its format has no code of its own for that.
inline constexpr std::int32_t missing_sample_default = std::numeric_limits<std::int32_t>::min();

// Whether the file states how samples turn into units, or the format's default stands in for it.
enum class Calibration { Stated, Assumed };

struct Channel {
  std::string name{};  // "MLII", "EEG Fpz-Cz"; need not be unique
  std::string unit{};  // as the file writes it: "mV", "uV", "mmHg"
  std::string transducer{};
  std::string filter{};  // "HP:0.1Hz LP:75Hz N:50Hz"
  Rate rate{};
  std::int64_t ticks_per_sample = 1;
  std::int64_t sample_count = 0;  // gaps counted
  // physical = (sample - baseline_adu) / adu_per_unit; adu is the unit of samples as stored.
  double adu_per_unit = 200.0;
  double baseline_adu = 0.0;
  Calibration calibration = Calibration::Stated;
  int adc_bits = 0;  // 0 when not known
  std::int32_t digital_min = 0;
  std::int32_t digital_max = 0;
  double physical_min = 0.0;  // of digital_min and digital_max
  double physical_max = 0.0;
  int samples_per_frame = 1;                      // in the file's frame (WFDB) or data record (EDF)
  int skew_frames = 0;                            // already taken out of what is read
  std::int32_t missing = missing_sample_default;  // this sample value says: nothing measured
  friend bool operator==(const Channel&, const Channel&) = default;
};

// The value in the channel's unit; NaN for a missing sample.
[[nodiscard]] inline double physical_value(const Channel& channel, std::int32_t sample) {
  if (sample == channel.missing) return std::numeric_limits<double>::quiet_NaN();
  return (static_cast<double>(sample) - channel.baseline_adu) / channel.adu_per_unit;
}

// A wall clock's reading where the recorder stood; formats know no time zone.
struct CivilTime {
  int year = 0;  // 0: the date is not known
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int32_t nanosecond = 0;
  friend auto operator<=>(const CivilTime&, const CivilTime&) = default;
};

// Whatever identifies the patient or quotes the file's free text.
struct RecordIdentity {
  std::optional<CivilTime> base_time{};  // of tick 0
  std::string record_name{};
  std::string patient{};    // EDF's patient field
  std::string recording{};  // EDF's recording field
  // Where a format has fields of their own for them.
  std::string issuer{};  // of the patient id
  std::string patient_id{};
  std::string patient_name{};
  std::string birth_date{};  // ISO 8601: "1953-05-08"
  std::string sex{};         // "M", "F", "O"
  std::vector<std::string> comments{};
  friend bool operator==(const RecordIdentity&, const RecordIdentity&) = default;
};

// Something a tolerant reader mended or that does not add up. Quotes nothing from the file.
struct ReadNote {
  std::string what{};   // "the header states 10 data records, the file holds 9"
  std::string where{};  // "byte 236"; may be empty
  friend bool operator==(const ReadNote&, const ReadNote&) = default;
};

struct RecordHeader {
  TickRate tick_rate{};
  std::int64_t length_ticks = 0;  // gaps counted
  std::vector<Channel> channels{};
  std::vector<TickSpan> gaps{};  // where no channel has samples; in order, apart from each other
  std::vector<ReadNote> notes{};
  Protected<RecordIdentity> identity{};
  friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

}  // namespace consilium
