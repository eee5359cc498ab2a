// One value out of several raters' measurements of the same thing (a diameter, an ejection
// fraction). Model: y = mu_i + beta_r + e, with items mu_i ~ N(m, t^2), rater biases
// beta_r ~ N(0, w^2) and noise e ~ N(0, s_r^2) of the rater's own. Raters measure what they
// measure; nothing need be complete.
//
// Means, biases and m are integrated out exactly (Henderson's mixed-model equations; C. Henderson,
// Biometrics 31 (1975) 423-447), so that the variances are of restricted likelihood (H. Patterson,
// R. Thompson, Biometrika 58 (1971) 545-554), climbed by expectation-maximisation (N. Laird, J.
// Ware, Biometrics 38 (1982) 963-974). Noise variances are drawn to a common s^2, estimated too, as
// if each had `noise_prior_votes` measurements more at it: who measured twice is not called
// perfect.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::crowd {

struct Measurement {
  ItemIndex item = 0;
  RaterIndex rater = 0;
  double value = 0;
};

struct QuantityOptions {
  double noise_prior_votes = 4;  // above 0
  double level = 0.95;           // of the intervals, in (0, 1)
  double gain_min = 1e-8;        // stops when an iteration gains less, in nats
  int iterations_max = 5000;
};

// All in the measurements' unit (variances in its square). An item without measurements has the
// mean of all and the deviation of items; a rater without has bias 0.
struct QuantityResult {
  std::vector<double> item_mean;
  std::vector<double> item_deviation;  // of the mean's error, the biases' uncertainty included
  std::vector<double> item_low;        // of the interval at `level`
  std::vector<double> item_high;
  std::vector<double> rater_bias;  // above 0: reads too high; relative to the mean rater
  std::vector<double> rater_bias_deviation;
  std::vector<double> rater_deviation;  // s_r
  double mean = 0;                      // m
  double item_variance = 0;             // t^2
  double bias_variance = 0;             // w^2
  double noise_variance = 0;            // s^2, the common one
  double log_likelihood = 0;            // restricted, nats
  std::vector<double> objective_of;     // with the noise prior, by iteration: never falls
  bool converged = false;
};

// The intervals take the variances as they are estimated: with under some ten items or three raters
// they are a little short. What all raters have in common cannot be told from the truth.
// Work goes in an order taken from the measurements themselves, so that renumbering changes no bit
// (but where two things cannot be told apart by any renumbering: their last bits may differ).
// Errors: InvalidInput when an index is not below its count, a value is not finite or beyond 1e100,
// all are equal, there are fewer than two items or raters with measurements, no item has two, or an
// option is out of range; TooLarge with over 2,000 raters.
// Cost: an iteration O(raters^3 + sum over items of votes^2).
[[nodiscard]] Result<QuantityResult> fit_quantity(std::span<const Measurement> measurements,
                                                  std::uint32_t item_count,
                                                  std::uint32_t rater_count,
                                                  const QuantityOptions& options);

}  // namespace consilium::crowd
