// Kappa: agreement of raters beyond what their own use of the classes gives by chance. For Fleiss'
// kappa, where any raters may rate any item, see exchangeable.hpp; here stand those that know who
// said what, and Fleiss' classical tests.
#pragma once

#include <optional>
#include <vector>

#include "analysis/agreement/agreement_model.hpp"
#include "analysis/agreement/rating_patterns.hpp"
#include "analysis/agreement/weights.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium {

struct RaterPair {
  RaterIndex first = 0;
  RaterIndex second = 1;
};

// Cohen's kappa of two raters, over the items that both rated; with weights, weighted kappa:
// p_o = sum_kl w_kl p_kl, p_e = sum_kl w_kl p_k+ p_+l, kappa = (p_o - p_e) / (1 - p_e).
// Sources: J. Cohen, Educ. Psychol. Meas. 20 (1960) 37-46 and Psychol. Bull. 70 (1968) 213-220;
// the standard error, for many items: J. L. Fleiss, J. Cohen, B. S. Everitt, Psychol. Bull. 72
// (1969) 323-327, equation 13.
// Errors: InvalidInput when a rater is not in the table or both are one, when one voted twice on an
// item, when no item has votes of both, when the weights are of another number of classes. On
// `estimate`, InvalidInput when both used one single, equal class.
// Cost: one pass over the votes; O(classes) an evaluation, O(classes squared) with weights.
[[nodiscard]] Result<AgreementModel> cohen_model(const VoteTable& votes, RaterPair pair,
                                                 const Weights& weights);

// The standard error of Cohen's kappa were there no agreement beyond chance, for a test of that
// (Fleiss, Cohen, Everitt 1969, equation 14). Errors: as `cohen_model`.
[[nodiscard]] Result<double> cohen_null_standard_error(const VoteTable& votes, RaterPair pair,
                                                       const Weights& weights);

// Scott's pi of two raters, over the items that both rated: chance by the mean of both raters'
// use of the classes. Source: W. A. Scott, Public Opin. Q. 19 (1955) 321-325.
// Errors and cost: as `cohen_model`; the standard error is Gwet's.
[[nodiscard]] Result<AgreementModel> scott_model(const VoteTable& votes, RaterPair pair,
                                                 const Weights& weights);

// Conger's kappa, Cohen's for any number of raters: chance is the mean over pairs of raters of
// sum_kl w_kl p_gk p_hl, p_gk being rater g's share of class k among the items that g rated.
// Observed agreement as in exchangeable.hpp. Sources: A. J. Conger, Psychol. Bull. 88 (1980)
// 322-328; K. L. Gwet (2014), chapter 2, with missing ratings and standard error.
// Errors: InvalidInput on repeats, when no item has two ratings, and as for Cohen's; TooLarge as
// `rater_patterns`.
// Cost: an evaluation is O(raters x classes), with weights O(raters x classes squared).
[[nodiscard]] Result<AgreementModel> conger_model(const VoteTable& votes, const Weights& weights);

// Fleiss' kappa by class and the test of no agreement beyond chance, for the same number of ratings
// on every item. Source: J. L. Fleiss, J. C. M. Nee, J. R. Landis, Psychol. Bull. 86 (1979)
// 974-977. The standard errors hold only under chance agreement; the formula of the 1971 paper is
// wrong and is not used. For an interval use `exchangeable_model`.
struct FleissTest {
  double kappa = 0;
  double standard_error = 0;
  double z = 0;
  // Of each class against all others; none for a class that was never or always used.
  std::vector<std::optional<double>> class_kappa;
  double class_standard_error = 0;  // the same for each class
};
// Errors: InvalidInput when items have different numbers of ratings (items without any are left
// out) or fewer than two, or all ratings are of one class.
[[nodiscard]] Result<FleissTest> fleiss_test(const RatingPatterns& patterns);

}  // namespace consilium
