// Ranking by paired comparisons: thing i is preferred to j with probability w_i / (w_i + w_j).
// Source: R. Bradley, M. Terry, Biometrika 39 (1952) 324-345; fitted by the MM algorithm of
// D. Hunter, Ann. Statist. 32 (2004) 384-406, or by Newton's method on log w.
//
// Without a prior there is a finite maximum only when from every thing there is a chain of losses
// to every other (Ford's condition). The prior here gives each thing `prior_wins` wins and as many
// losses against a made-up opponent of strength 1; it stays log-concave in log w, holds the scale,
// and any comparisons then have one finite maximum.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace consilium::crowd {

struct Comparison {
  std::uint32_t winner = 0;
  std::uint32_t loser = 0;
  friend auto operator<=>(const Comparison&, const Comparison&) = default;
};

enum class RankingMethod : std::uint8_t { Mm, Newton };

struct RankingOptions {
  RankingMethod method = RankingMethod::Newton;
  double prior_wins = 0.5;  // at least 0; 0: maximum likelihood
  int iterations_max = 10'000;
  double step_min = 1e-10;  // stops when no log strength moves by more
};

struct Ranking {
  std::vector<double> share;         // w_i over the sum of all w: what crowd-kit calls scores
  std::vector<double> log_strength;  // log w_i; with a prior 0 is the made-up opponent, without
                                     // one the mean is 0
  double log_likelihood = 0;         // of the comparisons, nats
  int iterations = 0;
  bool converged = false;
};

// Things are numbered below `count`. Sums are taken in an order of their values, so that
// renumbering things or reordering comparisons changes no bit. Errors: InvalidInput when an index
// is not below `count`, a thing is compared with itself, there is no comparison or an option is out
// of range; also, with no prior, when there is no finite maximum: two things are named of which the
// first never lost, even over others, to the second. Cost: per iteration O(comparisons x log) for
// Mm; Newton solves by conjugate gradients, each of whose steps costs as much, and needs few
// iterations where Mm may need thousands.
[[nodiscard]] Result<Ranking> rank_by_comparisons(std::span<const Comparison> comparisons,
                                                  std::uint32_t count,
                                                  const RankingOptions& options);

}  // namespace consilium::crowd
