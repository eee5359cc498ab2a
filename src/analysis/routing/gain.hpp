// What a further vote would tell, and so who should be asked what next.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/routing/running_panel.hpp"
#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::routing {

// - sum p log p: 0 when sure, log K when nothing is known. Nats. `shares` sum to 1.
[[nodiscard]] double entropy(std::span<const double> shares);

// The entropy that one vote takes away on average: the mutual information of the true class (drawn
// from `shares`) and the vote (drawn from the rater's `rates`, classes x classes, row = true
// class):
//   sum over t, l of p_t r_tl log(r_tl / sum over u of p_u r_ul).
// (D. Lindley, Ann. Math. Statist. 27 (1956) 986-1005.) Nats; never below 0, and exactly 0 for a
// rater whose votes do not depend on the truth. Cost: O(classes^2).
[[nodiscard]] double expected_gain(std::span<const double> shares, std::span<const double> rates);

// One who could be asked.
struct Candidate {
  RaterIndex rater = 0;
  double minutes_a_vote = 1;  // what a vote costs, above 0
  std::uint32_t places = 1;   // how many further votes may be asked of the rater now
};

struct Suggestion {
  ItemIndex item = 0;
  RaterIndex rater = 0;
  double gain = 0;           // nats
  double gain_a_minute = 0;  // nats per minute
};

// The best (item, rater) pairs by gain per minute, best first, at most `count`: each item at most
// once, each rater at most `places` times, nobody asked twice on an item, only `open` items and
// pairs that gain more than 0. Equal ones stand by item, then by rater number. Chosen greedily: the
// best pair that is still free is taken, again and again.
// Errors: InvalidInput when an item or rater is not in the panel or a cost is not above 0.
// Cost: O(open items x candidates x (classes^2 + log)); memory O(open items x candidates).
[[nodiscard]] Result<std::vector<Suggestion>> suggest_next(const RunningPanel& panel,
                                                           std::span<const ItemIndex> open,
                                                           std::span<const Candidate> candidates,
                                                           std::size_t count, unsigned threads = 1);

}  // namespace consilium::routing
