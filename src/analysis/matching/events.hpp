// Matching of point events on one axis, such as beats: which of two lists' events are the same.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/matching/bipartite.hpp"

namespace consilium {

// Pairs of events at most `window` apart, nobody in two pairs: as many pairs as can be, and among
// those the least sum of distances. Of several such choices the earliest events are paired.
// Results are places in the two lists, sorted by `first`; lists may come in any order, and events
// may share a position. Exchanging the lists exchanges the places in the pairs.
//
// Comparing beats by AAMI EC57 takes a window of 150 ms. WFDB's bxb pairs in one pass and may
// leave out a pair; this never finds fewer.
//
// Errors: InvalidInput when the window is negative or an event leaves +-2^52; TooLarge when the
// window holds so many events that over 2^25 pairs would have to be weighed together.
// Cost: O(n log n) when not sorted, then O(events + pairs within the window).
[[nodiscard]] Result<std::vector<Match>> match_events(std::span<const std::int64_t> first,
                                                      std::span<const std::int64_t> second,
                                                      std::int64_t window);

}  // namespace consilium
