// What a fitted model says of the raters: confusion matrices with intervals, information. Internal
// to the module; the meaning stands at RaterTable in consensus.hpp.
#pragma once

#include <span>

#include "analysis/consensus/consensus.hpp"
#include "analysis/consensus/em_step.hpp"

namespace consilium {

struct IntervalStyle {
  RaterIntervals intervals = RaterIntervals::Beta;
  bool is_coin = false;      // the rater's one probability of being right, from all votes
  double extra_votes = 0.5;  // Jeffreys' half a vote; 0 for methods whose prior is in the estimate
  double tail = 0.025;       // probability left out on either side
};

// `parameters` are confusion matrices and prevalence, `counts` the expected counts of `shares`;
// `prior_votes` are those of the model, (label said, true class).
[[nodiscard]] RaterTable make_rater_table(const EmProblem& problem, const Shares& shares,
                                          const Counts& parameters, const Counts& counts,
                                          std::span<const double> prior_votes,
                                          const IntervalStyle& style);

}  // namespace consilium
