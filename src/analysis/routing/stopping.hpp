// When an item has votes enough, and how many more are needed where it has not.
//
// The test is sequential (A. Wald, Ann. Math. Statist. 16 (1945) 117-186): votes are added until
// the leading class's odds against every other reach what the allowed error asks. But odds made of
// estimated rates are themselves uncertain, and a rule that takes the estimates for the truth
// (plug- in) stops too early just where raters are little known. Here every rate is a Dirichlet
// posterior of the rater's counts; the log odds of two classes are then a sum of independent terms
// of known mean and variance,
//   E log r_tl = psi(a_tl) - psi(A_t),   Var log r_tl = psi'(a_tl) - psi'(A_t),
// and what must reach the mark is their lower confidence bound. The item's own votes are left out
// of the counts that weigh them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/routing/running_panel.hpp"
#include "base/result.hpp"

namespace consilium::routing {

struct StopRule {
  double error_max = 0.05;   // P(wrong) allowed of an item that stops; in (0, 1/2)
  double confidence = 0.95;  // of the lower bounds, in [1/2, 1): 1/2 takes the mean as it is
  std::uint32_t votes_min = 1;
};

struct ItemEvidence {
  ClassIndex leader = 0;   // the likeliest class; of equal ones the lowest number
  double error = 1;        // 1 - its posterior at the estimated rates (plug-in)
  double error_bound = 1;  // the same at the lower bounds of all its log odds: what stops
  bool stop = false;       // error_bound <= error_max and votes_min are there
};

// Errors: InvalidInput when the item is not in the panel or the rule is out of range.
// Cost: O(votes of the item x classes^2).
[[nodiscard]] Result<ItemEvidence> weigh_item(const RunningPanel& panel, ItemIndex item,
                                              const StopRule& rule);

struct VotesForecast {
  double votes = 0;             // expected further votes, over items that can be decided
  std::vector<double> of_item;  // as `open`; 0: has enough; the limit: see below
  std::vector<bool> reachable;  // as `open`: false when `votes_max` would not do for a class that
                                // has over 1 % of the posterior
  std::uint64_t unreachable_count = 0;
};

// Further votes until the rule stops, if they come from `raters` in equal parts: for every class
// that may be true the log odds grow by their mean drift a vote (Wald's equation), while the bound
// widens with the votes' own uncertainty. An approximation without the overshoot of the last vote;
// its error is told in semantics.md.
// Errors: InvalidInput as weigh_item, without raters, or with votes_max = 0.
// Cost: O(raters x classes^3 + open x (votes + classes) x classes x log votes_max).
[[nodiscard]] Result<VotesForecast> forecast_votes(const RunningPanel& panel,
                                                   std::span<const ItemIndex> open,
                                                   std::span<const RaterIndex> raters,
                                                   std::uint32_t votes_max, const StopRule& rule);

// A rate seen `hits` times in `trials`: the estimate and its exact bounds (C. Clopper, E. Pearson,
// Biometrika 26 (1934) 404-413), each one-sided at `confidence`. Expected counts may be fractions.
struct RateBounds {
  double lower = 0;
  double estimate = 0;
  double upper = 1;
};
// Errors: InvalidInput unless 0 <= hits <= trials, trials > 0 and confidence in [1/2, 1).
[[nodiscard]] Result<RateBounds> rate_bounds(double hits, double trials, double confidence);

}  // namespace consilium::routing
