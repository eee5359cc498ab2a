#include "analysis/agreement/alpha.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "analysis/agreement/published_examples.hpp"
#include "analysis/statistics/interval.hpp"

namespace consilium {
namespace {

using test::coefficient_of;
using test::error_of;
using test::near;

TEST_CASE("Krippendorff's 4 coders and 12 units give his alphas (2011, C)") {
  const RatingPatterns patterns = *class_patterns(test::krippendorff_votes());
  const std::vector<double> values{1, 2, 3, 4, 5};
  const auto alpha = [&](AlphaMetric metric) {
    return alpha_model(patterns, {.metric = metric, .class_values = values, .circumference = 5});
  };
  CHECK(coefficient_of(alpha(AlphaMetric::Nominal)) == near(.743421052631579));
  CHECK(coefficient_of(alpha(AlphaMetric::Ordinal)) == near(.8153875037548814));
  CHECK(coefficient_of(alpha(AlphaMetric::Interval)) == near(.8491071428571428));
  CHECK(coefficient_of(alpha(AlphaMetric::Ratio)) == near(.7974027747116121));
  // irrCAC 0.4.4 with circular weights, which differ by a factor only.
  CHECK(coefficient_of(alpha(AlphaMetric::Circular)) == near(.78998027, 1e-8));
  // Standard errors of irrCAC 0.4.4 (nominal) and with quadratic, ratio and circular weights.
  CHECK(error_of(alpha(AlphaMetric::Nominal)) == near(.14557389, 1e-8));
  CHECK(error_of(alpha(AlphaMetric::Interval)) == near(.12913, 5e-6));
  CHECK(error_of(alpha(AlphaMetric::Ratio)) == near(.14048, 5e-6));
  CHECK(error_of(alpha(AlphaMetric::Circular)) == near(.14101, 5e-6));
}

TEST_CASE("The example of Wikipedia") {
  const RatingPatterns patterns = *class_patterns(test::wikipedia_votes());
  const std::vector<double> values{1, 2, 3, 4};
  const auto alpha = [&](AlphaMetric metric) {
    return coefficient_of(alpha_model(patterns, {.metric = metric, .class_values = values}));
  };
  CHECK(alpha(AlphaMetric::Nominal) == near(.691358024691358));
  CHECK(alpha(AlphaMetric::Ordinal) == near(.8067214199413153));
  CHECK(alpha(AlphaMetric::Interval) == near(.8108448928121059));
  CHECK(alpha(AlphaMetric::Ratio) == near(.8089436707842471));
}

TEST_CASE("Gwet's ordinal weights are another thing than the ordinal metric") {
  const RatingPatterns patterns = *class_patterns(test::krippendorff_votes());
  const auto alpha = [&](WeightKind kind) {
    return alpha_model(patterns, *Weights::make(kind, 5));
  };
  CHECK(coefficient_of(alpha(WeightKind::GwetOrdinal)) == near(.83363803, 1e-8));
  CHECK(coefficient_of(alpha(WeightKind::Identity)) == near(.743421052631579));
  CHECK(coefficient_of(alpha(WeightKind::Linear)) == near(.80038388, 1e-8));
  CHECK(coefficient_of(alpha(WeightKind::Quadratic)) == near(.84910714, 1e-8));
  CHECK(coefficient_of(alpha(WeightKind::GwetRatio)) == near(.79740277, 1e-8));
  // irrCAC 0.4.4 prints five digits.
  CHECK(coefficient_of(alpha(WeightKind::Radical)) == near(.77198, 5e-6));
  CHECK(coefficient_of(alpha(WeightKind::Bipolar)) == near(.83499, 5e-6));
  CHECK(error_of(alpha(WeightKind::GwetOrdinal)) == near(.13107, 5e-6));
  CHECK(error_of(alpha(WeightKind::Linear)) == near(.13548, 5e-6));
  CHECK(error_of(alpha(WeightKind::Radical)) == near(.13961, 5e-6));
  CHECK(error_of(alpha(WeightKind::Bipolar)) == near(.12813, 5e-6));
}

TEST_CASE("measured values give the same as classes of those values") {
  const double gap = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> ratings;
  for (std::size_t i = 0; i < 12; ++i) {
    for (const std::string_view row : test::krippendorff_rows) {
      ratings.push_back(row[i] == '*' ? gap : row[i] - '0');
    }
  }
  const auto alpha = [&](AlphaMetric metric) {
    return coefficient_of(alpha_model(ratings, 12, 4, metric, 5));
  };
  CHECK(alpha(AlphaMetric::Nominal) == near(.743421052631579));
  CHECK(alpha(AlphaMetric::Ordinal) == near(.8153875037548814));
  CHECK(alpha(AlphaMetric::Interval) == near(.8491071428571428));
  CHECK(alpha(AlphaMetric::Ratio) == near(.7974027747116121));
}

TEST_CASE("alpha keeps its digits far from zero, where squares would cancel") {
  std::vector<double> ratings{1, 2, 4, 5, 7, 7, 2, 3};
  const double plain = coefficient_of(alpha_model(ratings, 4, 2, AlphaMetric::Interval));
  for (double& rating : ratings) rating += 1e9;
  CHECK(coefficient_of(alpha_model(ratings, 4, 2, AlphaMetric::Interval)) == near(plain, 1e-12));
}

TEST_CASE("alpha knows no unit, however large or small") {
  std::vector<double> ratings{1, 2, 4, 5, 7, 7, 2, 3};
  const AgreementEstimate plain =
      test::estimate_of(alpha_model(ratings, 4, 2, AlphaMetric::Interval));
  for (const double unit : {1e99, 1e-99}) {
    std::vector<double> scaled = ratings;
    for (double& rating : scaled) rating *= unit;
    const AgreementEstimate other =
        test::estimate_of(alpha_model(scaled, 4, 2, AlphaMetric::Interval));
    CHECK(other.coefficient == near(plain.coefficient, 1e-12));
    CHECK(other.uncertainty->standard_error == near(plain.uncertainty->standard_error, 1e-12));
  }
  ratings[0] = 1e101;
  CHECK_FALSE(alpha_model(ratings, 4, 2, AlphaMetric::Interval).has_value());
}

TEST_CASE("alpha that is undefined is refused, with the reason") {
  const auto undefined = [](std::vector<double> ratings, std::size_t raters) {
    const auto model = alpha_model(ratings, ratings.size() / raters, raters, AlphaMetric::Interval);
    if (!model) return model.error();
    const auto value = estimate(*model);
    REQUIRE_FALSE(value.has_value());
    return value.error();
  };
  const double gap = std::numeric_limits<double>::quiet_NaN();
  CHECK(undefined({3, 3, 3, 3}, 2).what.find("one value") != std::string::npos);
  CHECK(undefined({1, gap, gap, 2}, 2).what.find("two ratings") != std::string::npos);
  CHECK(undefined({1, 2, 3}, 1).what.find("two ratings") != std::string::npos);
  CHECK(undefined({}, 2).what.find("two ratings") != std::string::npos);
  CHECK(undefined({1, INFINITY, 2, 3}, 2).where == "item 0, rater 1");
  CHECK_FALSE(alpha_model(std::vector<double>{1, -2, 3, 3}, 2, 2, AlphaMetric::Ratio).has_value());
  CHECK_FALSE(
      alpha_model(std::vector<double>{1, 2, 3, 3}, 2, 2, AlphaMetric::Circular).has_value());
  CHECK_FALSE(alpha_model(std::vector<double>{1, 2, 3}, 2, 2, AlphaMetric::Interval).has_value());
  const RatingPatterns patterns = *class_patterns(test::wikipedia_votes());
  const std::vector<double> twice{1, 2, 2, 3};
  CHECK_FALSE(alpha_model(patterns, {.metric = AlphaMetric::Ordinal, .class_values = twice}));
  CHECK_FALSE(alpha_model(patterns, {.metric = AlphaMetric::Ordinal}));
}

TEST_CASE("repeats are refused unless each counts as a coding") {
  const std::vector<Vote> votes{{0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {1, 0, 1}, {1, 1, 1}};
  const VoteTable table = *make_vote_table(votes, 2, 2, 2);
  const auto refused = class_patterns(table);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "item 0, rater 0");
  const auto counted = class_patterns(table, Repeats::SeparateCodings);
  REQUIRE(counted.has_value());
  // By hand: D_o = (4 / 2 + 0) / 5 = .4; n = 2, 3: D_e = 12 / 20 = .6.
  CHECK(coefficient_of(alpha_model(*counted, AlphaScale{})) == near(1 - .4 / .6));
}

TEST_CASE("the ordinal linearisation is the derivative") {
  const RatingPatterns patterns = *class_patterns(test::made_votes(200, 4, 6, .3, 5));
  const std::vector<double> values{3, 1, 2, 6, 5, 4};
  for (const AlphaMetric metric :
       {AlphaMetric::Nominal, AlphaMetric::Ordinal, AlphaMetric::Interval, AlphaMetric::Ratio}) {
    CAPTURE(static_cast<int>(metric));
    const AgreementModel model = *alpha_model(patterns, {.metric = metric, .class_values = values});
    std::vector<double> sums = sums_of(model.rows);
    // Gwet linearises alpha without its factor N - 1, which a large N makes 1.
    for (double& sum : sums) sum *= 1e6;
    std::vector<double> exact(sums.size());
    model.coefficient->gradient(sums, exact);
    std::vector<double> numeric(sums.size());
    model.coefficient->Coefficient::gradient(sums, numeric);
    for (const std::size_t row : {0U, 3U, 17U}) {
      double a = 0;
      double b = 0;
      for (std::size_t e = model.rows.first[row]; e < model.rows.first[row + 1]; ++e) {
        a += exact[model.rows.column[e]] * model.rows.value[e];
        b += numeric[model.rows.column[e]] * model.rows.value[e];
      }
      CHECK(a * 1e9 == near(b * 1e9, 1e-3));
    }
  }
}

}  // namespace
}  // namespace consilium
