#include "analysis/agreement/exchangeable.hpp"

#include <doctest/doctest.h>

#include "analysis/agreement/kappa.hpp"
#include "analysis/agreement/published_examples.hpp"

namespace consilium {
namespace {

using test::coefficient_of;
using test::error_of;
using test::near;

// Values to eight digits: the quality reference (irrCAC); to five: irrCAC 0.4.4 as it prints.
struct GwetCase {
  WeightKind weights;
  double fleiss, fleiss_error, gwet, gwet_error, conger, conger_error, uniform, uniform_error;
};

TEST_CASE("the coefficients of irrCAC on its raw_4raters, with all its weights") {
  const VoteTable votes = test::krippendorff_votes();
  const RatingPatterns patterns = *class_patterns(votes);
  using enum WeightKind;
  const GwetCase cases[] = {
      {Identity, .76117, .15302, .77544, .14295, .76207, .15011, .77273, .14472},
      {Linear, .81794, .1485, .85874, .11733, .81314, .14587, .84848, .12336},
      {Quadratic, .86494, .14603, .914, .10396, .85717, .14436, .90152, .11089},
      {GwetOrdinal, .85021, .14704, .89894, .1069, .84308, .14482, .88636, .11391},
      {Radical, .78992, .15004, .81981, .12836, .78765, .14722, .81263, .13278},
      {GwetRatio, .82134, .15239, .85737, .12207, .81101, .14961, .84024, .13221},
      {Circular, .8072, .14894, .8302, .13265, .80474, .14814, .82355, .13696},
      {Bipolar, .85307, .14463, .90037, .10582, .84424, .14293, .88815, .11246},
  };
  for (const GwetCase& expected : cases) {
    CAPTURE(name_of(expected.weights));
    const Weights weights = *Weights::make(expected.weights, 5);
    const auto fleiss = exchangeable_model(patterns, weights, ChanceAgreement::Fleiss);
    const auto gwet = exchangeable_model(patterns, weights, ChanceAgreement::Gwet);
    const auto uniform = exchangeable_model(patterns, weights, ChanceAgreement::BrennanPrediger);
    const auto conger = conger_model(votes, weights);
    CHECK(coefficient_of(fleiss) == near(expected.fleiss, 5.1e-6));
    CHECK(error_of(fleiss) == near(expected.fleiss_error, 5.1e-6));
    CHECK(coefficient_of(gwet) == near(expected.gwet, 5.1e-6));
    CHECK(error_of(gwet) == near(expected.gwet_error, 5.1e-6));
    CHECK(coefficient_of(conger) == near(expected.conger, 5.1e-6));
    CHECK(error_of(conger) == near(expected.conger_error, 5.1e-6));
    CHECK(coefficient_of(uniform) == near(expected.uniform, 5.1e-6));
    CHECK(error_of(uniform) == near(expected.uniform_error, 5.1e-6));
  }
}

TEST_CASE("the same to eight digits, with interval and p value") {
  const RatingPatterns patterns = *class_patterns(test::krippendorff_votes());
  const auto model = [&](WeightKind kind, ChanceAgreement chance) {
    return exchangeable_model(patterns, *Weights::make(kind, 5), chance);
  };
  using enum ChanceAgreement;
  CHECK(coefficient_of(model(WeightKind::Identity, Fleiss)) == near(.76116928, 5e-9));
  CHECK(error_of(model(WeightKind::Identity, Fleiss)) == near(.1530192, 5e-9));
  CHECK(coefficient_of(model(WeightKind::Identity, BrennanPrediger)) == near(.77272727, 5e-9));
  CHECK(error_of(model(WeightKind::Identity, BrennanPrediger)) == near(.14471662, 5e-9));
  CHECK(coefficient_of(model(WeightKind::Linear, Gwet)) == near(.85873914, 5e-9));
  CHECK(coefficient_of(model(WeightKind::Quadratic, Gwet)) == near(.91400072, 5e-9));
  CHECK(coefficient_of(model(WeightKind::GwetOrdinal, Gwet)) == near(.89893977, 5e-9));
  CHECK(coefficient_of(model(WeightKind::GwetOrdinal, Fleiss)) == near(.85020619, 5e-9));
  CHECK(coefficient_of(model(WeightKind::GwetRatio, Gwet)) == near(.85736756, 5e-9));
  CHECK(coefficient_of(model(WeightKind::Identity, None)) == near(.81818182, 5e-9));
  const AgreementEstimate ac1 = test::estimate_of(model(WeightKind::Identity, Gwet));
  CHECK(ac1.coefficient == near(.77544407, 5e-9));
  CHECK(ac1.uncertainty->standard_error == near(.14294995, 5e-9));
  CHECK(ac1.uncertainty->degrees_of_freedom == 11);
  CHECK(ac1.uncertainty->interval.lower == near(.46081, 5e-6));
  CHECK(ac1.uncertainty->interval.upper == 1);
  CHECK(ac1.uncertainty->p_value == near(.0002087209840633264, 1e-12));
  CHECK(ac1.observed == near(.81818182, 5e-9));
  CHECK(ac1.expected == near(.19032, 5e-6));
  CHECK(ac1.item_count == 12);
}

TEST_CASE("Fleiss' kappa on his 30 patients (1971), and its test of 1979") {
  const RatingPatterns patterns = *class_patterns(test::fleiss_votes());
  const AgreementEstimate estimate = test::estimate_of(exchangeable_model(
      patterns, *Weights::make(WeightKind::Identity, 5), ChanceAgreement::Fleiss));
  CHECK(estimate.coefficient == near(.4302445201));
  CHECK(estimate.observed == near(.5555555556));
  CHECK(estimate.expected == near(.2199382716));
  const FleissTest test = *fleiss_test(patterns);
  CHECK(test.kappa == near(.4302445201));
  CHECK(test.standard_error == near(.0243739321));
  CHECK(test.z == near(17.6518306, 5e-8));
  const double by_class[] = {.24475524, .24475524, .52, .47112727, .56611781};
  for (std::size_t k = 0; k < 5; ++k) {
    CAPTURE(k);
    CHECK(*test.class_kappa[k] == near(by_class[k], 5e-9));
    // The kappa of one class is Fleiss' kappa of that class against the rest.
    CHECK(coefficient_of(exchangeable_model(one_against_rest(patterns, static_cast<ClassIndex>(k)),
                                            *Weights::make(WeightKind::Identity, 2),
                                            ChanceAgreement::Fleiss)) == near(by_class[k], 5e-9));
  }
  // All items have the same number of ratings or the test is refused.
  CHECK_FALSE(fleiss_test(*class_patterns(test::krippendorff_votes())).has_value());
}

TEST_CASE("one class by all is undefined for kappa, and full for AC1") {
  const std::vector<Vote> votes{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}};
  const RatingPatterns patterns = *class_patterns(*make_vote_table(votes, 2, 2, 3));
  const Weights weights = *Weights::make(WeightKind::Identity, 3);
  const auto kappa = exchangeable_model(patterns, weights, ChanceAgreement::Fleiss);
  REQUIRE(kappa.has_value());
  REQUIRE_FALSE(estimate(*kappa).has_value());
  CHECK(estimate(*kappa).error().code == ErrorCode::InvalidInput);
  CHECK(coefficient_of(exchangeable_model(patterns, weights, ChanceAgreement::Gwet)) == 1);
  CHECK_FALSE(fleiss_test(patterns).has_value());
}

TEST_CASE("what cannot be compared is refused") {
  const Weights weights = *Weights::make(WeightKind::Identity, 2);
  const std::vector<Vote> alone{{0, 0, 0}, {1, 0, 1}};
  CHECK_FALSE(exchangeable_model(*class_patterns(*make_vote_table(alone, 2, 1, 2)), weights,
                                 ChanceAgreement::Gwet)
                  .has_value());
  CHECK_FALSE(exchangeable_model(*class_patterns(*make_vote_table(alone, 2, 1, 3)), weights,
                                 ChanceAgreement::Gwet)
                  .has_value());
  CHECK_FALSE(Weights::make(WeightKind::Identity, 1).has_value());
  CHECK_FALSE(Weights::make(WeightKind::Linear, std::vector<double>{1, 1}).has_value());
  CHECK_FALSE(Weights::make(WeightKind::GwetRatio, std::vector<double>{-1, 1}).has_value());
  CHECK_FALSE(Weights::make(WeightKind::Linear, std::vector<double>{1, INFINITY}).has_value());
  CHECK_FALSE(Weights::own(2, std::vector<double>{1, .5, .4, 1}).has_value());
  CHECK_FALSE(Weights::own(2, std::vector<double>{1, .5, .5, .9}).has_value());
  CHECK_FALSE(Weights::own(2, std::vector<double>{1, 2, 2, 1}).has_value());
  CHECK_FALSE(Weights::own(3, std::vector<double>{1, 0, 0, 1}).has_value());
  CHECK_FALSE(Weights::make(WeightKind::Linear, 5000).has_value());
}

TEST_CASE("own weights equal to a named kind give the same bits") {
  const RatingPatterns patterns = *class_patterns(test::krippendorff_votes());
  const Weights linear = *Weights::make(WeightKind::Linear, 5);
  std::vector<double> matrix;
  for (std::size_t k = 0; k < 5; ++k) {
    for (std::size_t l = 0; l < 5; ++l) matrix.push_back(linear.at(k, l));
  }
  const Weights own = *Weights::own(5, matrix);
  CHECK(coefficient_of(exchangeable_model(patterns, own, ChanceAgreement::Gwet)) ==
        coefficient_of(exchangeable_model(patterns, linear, ChanceAgreement::Gwet)));
}

}  // namespace
}  // namespace consilium
