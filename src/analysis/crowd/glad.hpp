// GLAD: raters of unlike ability on items of unlike difficulty. Rater r says the true class of item
// i with probability s(a_r b_i), s the logistic function, and any one of the K - 1 others with the
// same share of the rest. a_r is the rater's ability (below 0: misleads), 1 / b_i the item's
// difficulty. Source: J. Whitehill, P. Ruvolo, T. Wu, J. Bergsma, J. Movellan, NIPS 22 (2009)
// 2035-2043; more than two classes and the priors a_r ~ N(1, 1), log b_i ~ N(1, 1) as in crowd-kit.
//
// Fitted is the maximum of  log p(votes | a, b) + log p(a) + log p(log b)  by expectation and
// conditional maximisation (X.-L. Meng, D. Rubin, Biometrika 80 (1993) 267-278): given the
// posterior each ability, and each difficulty, is a maximum in one variable of its own, found by
// safeguarded Newton steps, where the paper and crowd-kit climb all at once by conjugate gradients.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::crowd {

struct GladOptions {
  std::vector<double> class_prior;  // one a class, above 0, sums to 1; empty: all equal
  double ability_mean = 1;
  double log_ease_mean = 1;
  double gain_min = 1e-4;  // stops when an iteration gains less, in nats; at least 0
  int iterations_max = 500;
  unsigned threads = 1;
};

struct GladResult {
  std::vector<double> posterior;     // items x classes, rows sum to 1
  std::vector<double> ability;       // a_r, one a rater
  std::vector<double> log_ease;      // log b_i, one an item
  double log_likelihood = 0;         // log p(votes | a, b), nats
  double objective = 0;              // log_likelihood plus the two log priors without constants
  std::vector<double> objective_of;  // by iteration: never falls but by rounding
  bool converged = false;
};

// An item without votes keeps the class prior and a rater without votes the mean ability. The
// evidence |a_r b_i| of one vote is held to at most 64 nats.
// Errors: InvalidInput when there are no votes, fewer than two classes or a bad option; TooLarge
// when an item has over 60,000 votes.
// Cost: per iteration O(votes + items x classes); memory O(votes + items x classes).
[[nodiscard]] Result<GladResult> fit_glad(const VoteTable& votes, const GladOptions& options);

}  // namespace consilium::crowd
