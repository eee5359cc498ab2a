// EDF+C and BDF+C files written: signals with annotations, or annotations alone. What is written is
// read by open_edf in its strict reading without a note. Source: Kemp, Olivan 2003 (EDF+); BDF+ of
// EDFlib.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

enum class EdfForm {
  Edf,  // 16 bits
  Bdf,  // 24 bits
};

// The fields that identify; as they stand here they say nothing.
struct EdfWriting {
  EdfForm form = EdfForm::Edf;
  std::string patient = "X X X X";  // code, sex, birthdate, name; ASCII
  std::string recording = "Startdate X X X X";
  std::optional<CivilTime> start{};
};

struct EdfWritten {
  std::int64_t record_count = 0;
  // Missing samples, and those that fill up the last data record: EDF has no "missing", they are
  // written as the lowest digital value.
  std::int64_t filled_samples = 0;
};

// Samples go out as they are stored; the physical range of all bits is stated with 8 characters, so
// values in units are right to about 1 part in 10^6. A text is taken from the event, else its
// code's sign ("N", "V"). Errors: InvalidInput when a sample does not fit the form or a field is
// not ASCII; Unsupported when no data record of up to 10 MiB holds a whole number of samples of
// each channel.
[[nodiscard]] Result<EdfWritten> write_edf(const SampleSource& source,
                                           const std::vector<SignalEvent>& events,
                                           const EdfWriting& writing, const ByteSink& sink);
// The annotations of a recording that lies elsewhere.
[[nodiscard]] Result<EdfWritten> write_edf_annotations(const std::vector<SignalEvent>& events,
                                                       TickRate tick_rate,
                                                       const EdfWriting& writing,
                                                       const ByteSink& sink);

}  // namespace consilium
