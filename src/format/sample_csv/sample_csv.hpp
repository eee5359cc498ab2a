// Samples of a recording as a table: a row for each sample, a column for each channel, parted by
// commas, semicolons (then a comma may be the decimal point), tabs or blanks.
//
// Lines that begin with # may say the rate: "# sampling_rate_hz: 360". Names stand in a first row
// without numbers ("II [mV]" has a unit), units may stand in a second one. A column called time, t,
// seconds or time_s (time_ms: milliseconds; clock times like 09:10:11.5 too) gives the rate and
// where rows are missing; one called sample, index or # is passed over. Empty cells and NaN are
// missing samples. A table is read by ranges; where its rows lie is found out once.
#pragma once

#include <memory>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// Values are kept as the decimals written, as far as 31 bits hold them, else rounded, which a note
// says. Errors: Unsupported when nothing says the rate; Corrupt with the row where a cell is no
// number, a row has another number of cells or time goes backwards; TooLarge for a row past 1 MiB.
// Cost: two passes over the file.
[[nodiscard]] Result<Recording> open_sample_csv(std::shared_ptr<const ByteSource> file);

// What open_sample_csv reads back: the rate as a comment, time_s, and the channels with their
// units. Slower channels have empty cells between their samples. Errors: those of reading and of
// the sink.
[[nodiscard]] Status write_sample_csv(const SampleSource& source, const ByteSink& sink);

}  // namespace consilium
