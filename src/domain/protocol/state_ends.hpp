// Where the states of a recording end. A state without an end of its own lasts until the next one
// of its kind begins on the same channels, or to the end of the recording. Of one kind are labels
// that exclude each other, directly or through others: rhythms, or sleep stages.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "domain/label/annotation.hpp"
#include "domain/protocol/protocol.hpp"

namespace consilium {

// One rater's annotations of one recording, `length_ticks` long. For each the tick at which it
// ends: that of a closed interval, that of the next state for an open one, and -1 where the
// annotation is no interval. An open state lasts at least one tick. Cost: O(n log n).
[[nodiscard]] std::vector<std::int64_t> state_ends(const Protocol& protocol,
                                                   std::span<const Annotation> annotations,
                                                   std::int64_t length_ticks);

// Whether `state` has ended, for want of an end of its own, when `next` begins.
[[nodiscard]] bool is_ended_by(const IntervalTarget& state, const IntervalTarget& next);

}  // namespace consilium
