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
// Comparing beats by AAMI EC57 takes a window of 150 ms.
//
// Errors: InvalidInput when the window is negative or an event leaves +-2^52; TooLarge when the
// window holds so many events that over 2^25 pairs would have to be weighed together.
// Cost: O(n log n) when not sorted, then O(events + pairs within the window).
[[nodiscard]] Result<std::vector<Match>> match_events(std::span<const std::int64_t> first,
                                                      std::span<const std::int64_t> second,
                                                      std::int64_t window);

// The same in one pass, as WFDB's bxb pairs beats (AAMI EC38's method): of the two events that come
// next, one of each list, the earlier is settled. It is paired with the other when that lies within
// `window` and is nearer to it than to the event after the earlier one in its list, or when the two
// events after them would be nearer to one another than the rivals are; else it stays alone. May
// leave out a pair that match_events finds where beats follow closer than twice the window.
// Both lists sorted (CSL_CHECKed). Cost: O(n).
[[nodiscard]] std::vector<Match> match_events_in_one_pass(std::span<const std::int64_t> first,
                                                          std::span<const std::int64_t> second,
                                                          std::int64_t window);

}  // namespace consilium
