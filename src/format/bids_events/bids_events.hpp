// Events of a recording as BIDS keeps them: NAME_events.tsv and NAME_events.json beside it. Source:
// Brain Imaging Data Structure 1.10, "Task events".
//
// Columns: onset and duration in seconds from the first sample, exact to the nanosecond;
// trial_type, the event's text or else its code's sign; sample, of the first channel named or the
// fastest; channel, names joined by a comma; mit_code. What is not known is "n/a".
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/signal/event.hpp"
#include "domain/signal/record.hpp"

namespace consilium {

[[nodiscard]] std::string write_bids_events(const RecordHeader& record,
                                            const std::vector<SignalEvent>& events);
// What the columns and each trial_type mean.
[[nodiscard]] std::string describe_bids_events(const std::vector<SignalEvent>& events);

// Columns are known by name and stand in any order; only onset must be there. A channel that the
// record does not have makes the event one of the whole recording. Errors: Corrupt with the row
// where a time is no number or a row has another number of cells; TooLarge past 256 MiB.
[[nodiscard]] Result<std::vector<SignalEvent>> read_bids_events(ByteView bytes,
                                                                const RecordHeader& record);

}  // namespace consilium
