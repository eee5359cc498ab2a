#include "analysis/agreement/kappa.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "analysis/agreement/alpha.hpp"
#include "analysis/agreement/exchangeable.hpp"
#include "analysis/agreement/published_examples.hpp"

namespace consilium {
namespace {

using test::coefficient_of;
using test::error_of;
using test::near;

TEST_CASE("two abstractors of 100 records: the coefficients of irrCAC") {
  const VoteTable votes = test::abstractors_votes();
  const RatingPatterns patterns = *class_patterns(votes);
  const auto weights = [](WeightKind kind) { return *Weights::make(kind, 3); };
  const auto cohen = [&](WeightKind kind) { return cohen_model(votes, {}, weights(kind)); };
  const auto gwet = [&](WeightKind kind) {
    return exchangeable_model(patterns, weights(kind), ChanceAgreement::Gwet);
  };
  CHECK(coefficient_of(cohen(WeightKind::Identity)) == near(.7964094, 5e-8));
  CHECK(coefficient_of(cohen(WeightKind::Linear)) == near(.84290203, 5e-9));
  CHECK(coefficient_of(cohen(WeightKind::Quadratic)) == near(.89215686, 5e-9));
  CHECK(coefficient_of(gwet(WeightKind::Identity)) == near(.84933055, 5e-9));
  CHECK(coefficient_of(gwet(WeightKind::Linear)) == near(.90002272, 5e-9));
  CHECK(coefficient_of(gwet(WeightKind::Quadratic)) == near(.94023688, 5e-9));
  CHECK(coefficient_of(scott_model(votes, {}, weights(WeightKind::Identity))) ==
        near(.7962397, 5e-8));
  CHECK(coefficient_of(alpha_model(patterns, AlphaScale{})) == near(.7972585, 5e-8));
  CHECK(coefficient_of(exchangeable_model(patterns, weights(WeightKind::Identity),
                                          ChanceAgreement::BrennanPrediger)) == near(.835));
  CHECK(coefficient_of(exchangeable_model(patterns, weights(WeightKind::Identity),
                                          ChanceAgreement::None)) == near(.89));
  // Conger's kappa of two raters is Cohen's.
  for (const WeightKind kind : {WeightKind::Identity, WeightKind::Linear, WeightKind::Quadratic}) {
    CHECK(coefficient_of(conger_model(votes, weights(kind))) ==
          near(coefficient_of(cohen(kind)), 1e-14));
  }
}

TEST_CASE("standard errors of Cohen's kappa (Fleiss, Cohen, Everitt 1969)") {
  // statsmodels 0.15.0, cohens_kappa: std_kappa and std_kappa0.
  struct Case {
    WeightKind kind;
    double error, null_error;
  };
  const Case cases[] = {{WeightKind::Identity, 0.05891071832608148, 0.07600602503338182},
                        {WeightKind::Linear, 0.04787212159033976, 0.0815490095101672},
                        {WeightKind::Quadratic, 0.035351507575659406, 0.09991172574416118}};
  const VoteTable votes = test::abstractors_votes();
  for (const Case& expected : cases) {
    CAPTURE(name_of(expected.kind));
    const Weights weights = *Weights::make(expected.kind, 3);
    CHECK(error_of(cohen_model(votes, {}, weights)) == near(expected.error, 1e-12));
    CHECK(*cohen_null_standard_error(votes, {}, weights) == near(expected.null_error, 1e-12));
  }
}

TEST_CASE("Gwet's standard error divides by n - 1, that of irrCAC's contingency tables by n") {
  auto model = exchangeable_model(*class_patterns(test::abstractors_votes()),
                                  *Weights::make(WeightKind::Identity, 3), ChanceAgreement::Gwet);
  CHECK(error_of(model) == near(.04321747 * std::sqrt(100. / 99), 5e-9));
  model->form = StandardErrorForm::LargeSample;
  CHECK(error_of(model) == near(.04321747, 5e-9));
}

TEST_CASE("only items that both raters voted on count for the two") {
  // Item 2 has one of them, item 3 has neither; rater 1 is another.
  const std::vector<Vote> votes{{0, 0, 0}, {0, 2, 0}, {1, 0, 1}, {1, 2, 0}, {1, 1, 1},
                                {2, 0, 1}, {2, 1, 1}, {3, 1, 0}, {4, 2, 1}, {4, 0, 1}};
  const VoteTable table = *make_vote_table(votes, 5, 3, 2);
  const Weights weights = *Weights::make(WeightKind::Identity, 2);
  const AgreementEstimate kappa =
      test::estimate_of(cohen_model(table, {.first = 0, .second = 2}, weights));
  CHECK(kappa.item_count == 3);
  // p_o = 2/3; first 1/3, 2/3; second 2/3, 1/3: p_e = 4/9.
  CHECK(kappa.coefficient == near(.4));
}

TEST_CASE("kappa that is undefined is refused, with the reason") {
  const Weights weights = *Weights::make(WeightKind::Identity, 2);
  const auto table = [](std::vector<Vote> votes) { return *make_vote_table(votes, 2, 3, 2); };
  const VoteTable constant = table({{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}});
  CHECK_FALSE(estimate(*cohen_model(constant, {}, weights)).has_value());
  CHECK_FALSE(estimate(*conger_model(constant, weights)).has_value());
  const VoteTable apart = table({{0, 0, 1}, {1, 1, 1}});
  CHECK_FALSE(cohen_model(apart, {}, weights).has_value());
  CHECK_FALSE(scott_model(apart, {}, weights).has_value());
  CHECK_FALSE(conger_model(apart, weights).has_value());
  CHECK_FALSE(cohen_model(constant, {.first = 1, .second = 1}, weights).has_value());
  CHECK_FALSE(cohen_model(constant, {.first = 0, .second = 3}, weights).has_value());
  CHECK_FALSE(cohen_model(constant, {}, *Weights::make(WeightKind::Identity, 3)).has_value());
  const auto repeated = cohen_model(table({{0, 0, 1}, {0, 0, 0}, {0, 1, 1}}), {}, weights);
  REQUIRE_FALSE(repeated.has_value());
  CHECK(repeated.error().where == "item 0, rater 0");
  CHECK_FALSE(conger_model(table({{0, 0, 1}, {0, 0, 0}, {0, 1, 1}}), weights).has_value());
}

}  // namespace
}  // namespace consilium
