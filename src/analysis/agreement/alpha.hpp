// Krippendorff's alpha: reliability of codings with any number of coders, missing codings and any
// scale of measurement. Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011);
// Content Analysis, 4th ed. (2018), chapter 12.
//
// Units with r >= 2 codings take part; n_k is how often class k was coded in them, N their sum;
// v_k is the value of class k, d2 the squared difference of two classes.
//   D_o = sum over units of (sum over ordered pairs of codings of d2) / (r - 1), divided by N
//   D_e = sum_kl n_k n_l d2(k, l) / (N (N - 1))
//   alpha = 1 - D_o / D_e
//   nominal   d2 = 1 for k != l
//   ordinal   d2 = (sum of n_g over values from v_k to v_l - (n_k + n_l) / 2)^2: it depends on how
//             often each class was used, unlike Gwet's ordinal weights (weights.hpp)
//   interval  d2 = (v_k - v_l)^2
//   ratio     d2 = ((v_k - v_l) / (v_k + v_l))^2; values must not be negative
//   circular  d2 = sin^2(pi (v_k - v_l) / circumference)
//   weights   d2 = 1 - w_kl
// `observed` and `expected` of an estimate are D_o and D_e, disagreements. The standard error is
// Gwet's (2014, section 5.4), which linearises alpha; it takes units as a sample.
#pragma once

#include <span>

#include "analysis/agreement/agreement_model.hpp"
#include "analysis/agreement/rating_patterns.hpp"
#include "analysis/agreement/weights.hpp"
#include "analysis/statistics/interval.hpp"

namespace consilium {

enum class AlphaMetric { Nominal, Ordinal, Interval, Ratio, Circular };

// What the metrics other than nominal need.
struct AlphaScale {
  AlphaMetric metric = AlphaMetric::Nominal;
  std::span<const double> class_values = {};  // of the patterns' symbols, all different
  double circumference = 0;                   // of a circular scale: 24 for hours
};

// Errors: InvalidInput when no unit has two codings; when the values are not one for each class,
// all different and finite; on negative ones for ratio, and on a circumference that is not positive
// for circular. On `estimate`, InvalidInput when every coding is of one value: alpha is then
// undefined, not perfect.
// Cost: O(patterns x classes in a pattern squared); an evaluation is O(classes), for ratio and
// circular O(classes squared), for ordinal O(classes + pairs of classes coded together).
[[nodiscard]] Result<AgreementModel> alpha_model(const RatingPatterns& patterns,
                                                 const AlphaScale& scale);

// With agreement weights as differences; with `identity` it is nominal alpha.
[[nodiscard]] Result<AgreementModel> alpha_model(const RatingPatterns& patterns,
                                                 const Weights& weights);

// On measured values: `ratings` holds `item_count` rows of `rater_count` numbers, NaN where one is
// missing. Errors: as above, and on a wrong size or a rating beyond 1e100.
// Cost: a sort of the ratings.
[[nodiscard]] Result<AgreementModel> alpha_model(std::span<const double> ratings,
                                                 std::size_t item_count, std::size_t rater_count,
                                                 AlphaMetric metric, double circumference = 0);

}  // namespace consilium
