// One grade out of several raters' grades on an ordered scale (classes 0 < 1 < ...). Behind the
// grades is a quantity z_i ~ N(0, 1) of the item; rater r sees z_i + bias_r + noise of deviation
// 1 / precision_r and says the grade between whose two marks it falls, the marks being common:
//   P(rater r says at most k | z) = Phi(precision_r (mark_k - z - bias_r)).
// Source: V. Johnson, J. Am. Stat. Assoc. 91 (1996) 42-51; J. Uebersax, W. Grove, Biometrics 49
// (1993) 823-835. Fitted is the highest posterior density of marks, biases and precisions, by
// expectation and conditional maximisation; z is integrated out on a grid of step 1/8.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::crowd {

struct OrdinalOptions {
  double bias_deviation = 0.5;      // prior: bias_r ~ N(0, that^2), in deviations of items
  double log_precision_mean = 0.5;  // prior: log precision_r ~ N(mean, deviation^2)
  double log_precision_deviation = 0.7;
  double gain_min = 1e-4;  // nats
  int iterations_max = 500;
};

struct OrdinalResult {
  std::vector<double> posterior;       // items x classes: that z_i lies between the class's marks
  std::vector<double> item_mean;       // of z_i
  std::vector<double> item_deviation;  // its posterior deviation, parameters as estimated
  std::vector<double> rater_bias;      // above 0: grades too high
  std::vector<double> rater_precision;
  std::vector<double> mark;  // classes - 1, ascending
  double log_likelihood = 0;
  std::vector<double> objective_of;  // by iteration; never falls by more than the grid's error
  bool converged = false;
};

// Errors: as fit_glad, and with over 64 classes (TooLarge: the grid could not tell them apart).
// Cost: an iteration O((votes + items + raters x classes) x 81).
[[nodiscard]] Result<OrdinalResult> fit_ordinal(const VoteTable& votes,
                                                const OrdinalOptions& options);

}  // namespace consilium::crowd
