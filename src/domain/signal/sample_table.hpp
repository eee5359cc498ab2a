// A short recording whose samples are all in memory: what formats give that have to be unpacked or
// parsed as a whole (a 12-lead ECG of ten seconds).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// Sets the tick rate, each channel's ticks per sample and the length from the channels' rates and
// sample counts. Errors: Unsupported for rates without a common measure.
[[nodiscard]] Status set_time_line(RecordHeader& header);

// What the stored values `low` and `high` are in the channel's unit; its gain stands already.
void set_range(Channel& channel, std::int32_t low, std::int32_t high);

// `samples[c]` are those of channel c of `header`, whose counts and time line follow from them.
// Errors: as set_time_line; InvalidInput when there are more or fewer channels than in the header.
[[nodiscard]] Result<std::unique_ptr<SampleSource>> sample_table(
    RecordHeader header, std::vector<std::vector<std::int32_t>> samples);

}  // namespace consilium
