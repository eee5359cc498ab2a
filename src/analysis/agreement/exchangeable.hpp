// Agreement beyond chance of any number of raters, some ratings missing, when it does not matter
// which rater said what. Source: K. L. Gwet, Handbook of Inter-Rater Reliability, 4th ed. (2014),
// chapters 2 to 5; J. L. Fleiss, Psychol. Bull. 76 (1971) 378-382; R. L. Brennan, D. J. Prediger,
// Educ. Psychol. Meas. 41 (1981) 687-699; K. L. Gwet, Br. J. Math. Stat. Psychol. 61 (2008) 29-48.
//
// Item i has r_i ratings, r_ik of class k; w are agreement weights, q is the number of classes.
//   observed  p_a = mean over items with r_i >= 2 of
//             sum_k r_ik (sum_l w_kl r_il - 1) / (r_i (r_i - 1))
//   pi_k      = mean over all rated items of r_ik / r_i
//   expected  percent: 0; fleiss: sum_kl w_kl pi_k pi_l; brennan-prediger: sum_kl w_kl / q^2;
//             gwet (AC1; with weights AC2): sum_kl w_kl / (q (q - 1)) x sum_k pi_k (1 - pi_k)
//   coefficient (p_a - p_e) / (1 - p_e)
// Classes of the scale that nobody used count in q: pass the scale that raters were offered.
// The standard error is Gwet's (n - 1 degrees of freedom), which takes items as a sample.
#pragma once

#include "analysis/agreement/agreement_model.hpp"
#include "analysis/agreement/rating_patterns.hpp"
#include "analysis/agreement/weights.hpp"

namespace consilium {

enum class ChanceAgreement { None, Fleiss, BrennanPrediger, Gwet };

// Errors: InvalidInput when the weights are of another number of classes, or when no item has two
// ratings. On `estimate`, InvalidInput when p_e = 1: all ratings are of one class and Fleiss' kappa
// is then undefined, not perfect.
// Cost: O(patterns x classes in a pattern squared).
[[nodiscard]] Result<AgreementModel> exchangeable_model(const RatingPatterns& patterns,
                                                        const Weights& weights,
                                                        ChanceAgreement chance);

}  // namespace consilium
