#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "analysis/agreement/benchmark_scale.hpp"
#include "analysis/agreement/bland_altman.hpp"
#include "analysis/agreement/bootstrap.hpp"
#include "analysis/agreement/icc.hpp"
#include "analysis/agreement/published_examples.hpp"
#include "analysis/statistics/interval.hpp"

namespace consilium {
namespace {

using test::near;

// P. E. Shrout, J. L. Fleiss, Psychol. Bull. 86 (1979), table 2.
const std::vector<double> shrout_fleiss{9, 2, 5, 8, 6,  1, 3, 2, 8, 4, 6, 8,
                                        7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7};

TEST_CASE("the six intraclass correlations of Shrout and Fleiss (1979), with intervals") {
  const IccTable table = *intraclass_correlations(shrout_fleiss, 6, 4);
  CHECK(table.mean_squares.between_items == near(11.241667, 5e-7));
  CHECK(table.mean_squares.within_items == near(6.263889, 5e-7));
  CHECK(table.mean_squares.between_raters == near(32.486111, 5e-7));
  CHECK(table.mean_squares.rest == near(1.019444, 5e-7));
  struct Case {
    IccForm form;
    double value, lower, upper;
  };
  const Case cases[] = {{IccForm::OneWaySingle, .16574177, -.13293, .72256},
                        {IccForm::TwoWayRandomSingle, .28976378, .01879, .76108},
                        {IccForm::TwoWayMixedSingle, .71484071, .34246, .94586},
                        {IccForm::OneWayMean, .44279713, -.88444, .91242},
                        {IccForm::TwoWayRandomMean, .62005055, .07114, .92723},
                        {IccForm::TwoWayMixedMean, .90931554, .67567, .98589}};
  for (const Case& expected : cases) {
    CAPTURE(name_of(expected.form));
    const IccEstimate& estimate = table.of(expected.form);
    CHECK(estimate.coefficient == near(expected.value, 5e-9));
    CHECK(estimate.interval.lower == near(expected.lower, 5.1e-6));
    CHECK(estimate.interval.upper == near(expected.upper, 5.1e-6));
    const AgreementModel model = *icc_model(shrout_fleiss, 6, 4, expected.form);
    CHECK(estimate.coefficient == near(consilium::estimate(model)->coefficient, 1e-14));
  }
}

TEST_CASE("an intraclass correlation knows no shift or unit, and no order of items and raters") {
  std::vector<double> moved = shrout_fleiss;
  for (double& rating : moved) rating = 1e6 + rating * 0.25;
  std::vector<double> turned(24);
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 4; ++j)
      turned[(5 - i) * 4 + (j + 1) % 4] = shrout_fleiss[i * 4 + j];
  }
  const IccTable plain = *intraclass_correlations(shrout_fleiss, 6, 4);
  const IccTable shifted = *intraclass_correlations(moved, 6, 4);
  const IccTable permuted = *intraclass_correlations(turned, 6, 4);
  for (std::size_t f = 0; f < 6; ++f) {
    CHECK(shifted.of_form[f].coefficient == near(plain.of_form[f].coefficient, 1e-9));
    CHECK(permuted.of_form[f].coefficient == plain.of_form[f].coefficient);
    CHECK(permuted.of_form[f].interval == plain.of_form[f].interval);
  }
}

TEST_CASE("an intraclass correlation that is undefined or incomplete is refused") {
  CHECK_FALSE(intraclass_correlations(std::vector<double>(6, .1), 3, 2).has_value());
  CHECK_FALSE(intraclass_correlations(std::vector<double>{1, 2}, 1, 2).has_value());
  CHECK_FALSE(intraclass_correlations(std::vector<double>{1, 2}, 2, 1).has_value());
  CHECK_FALSE(intraclass_correlations(shrout_fleiss, 5, 4).has_value());
  CHECK_FALSE(intraclass_correlations(shrout_fleiss, 6, 4, 1).has_value());
  std::vector<double> gap = shrout_fleiss;
  gap[5] = std::numeric_limits<double>::quiet_NaN();
  const auto refused = intraclass_correlations(gap, 6, 4);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "item 1, rater 1");
  // Raters who differ by a shift alone are fully consistent, and not in absolute agreement.
  const IccTable shifted = *intraclass_correlations(std::vector<double>{1, 2, 3, 4, 5, 6}, 3, 2);
  CHECK(shifted.of(IccForm::TwoWayMixedSingle).coefficient == 1);
  CHECK(shifted.of(IccForm::TwoWayMixedSingle).interval == Interval{1, 1});
  CHECK(shifted.of(IccForm::TwoWayRandomSingle).coefficient < 1);
}

TEST_CASE("bias and limits of agreement, by hand") {
  const std::vector<double> first{10, 12, 14, 20, 18};
  const std::vector<double> second{9, 13, 12, 17, 18};
  // Differences 1 -1 2 3 0: mean 1, variance 10 / 4.
  const BlandAltman result = *bland_altman(first, second);
  const double s = std::sqrt(2.5);
  const double t = 2.7764451051977934;  // scipy 1.12.0, t.ppf(.975, 4)
  const double z = 1.959963984540054;
  CHECK(result.bias == near(1));
  CHECK(result.standard_deviation == near(s));
  CHECK(result.lower_limit == near(1 - z * s));
  CHECK(result.upper_limit == near(1 + z * s));
  CHECK(result.bias_interval.upper == near(1 + t * s / std::sqrt(5.)));
  CHECK(result.upper_limit_interval.upper == near(1 + z * s + t * s * std::sqrt(.2 + z * z / 8)));
  CHECK(result.lower_limit_interval.lower == near(1 - z * s - t * s * std::sqrt(.2 + z * z / 8)));
  const auto model = bland_altman_model(first, second, BlandAltmanPart::UpperLimit);
  CHECK(estimate(*model)->coefficient == near(result.upper_limit));
  const auto interval = bootstrap(*model, {.replicates = 400, .seed = 3});
  CHECK(interval->percentile.lower < result.upper_limit);
  CHECK(interval->percentile.upper > result.upper_limit);
  CHECK_FALSE(bland_altman(first, std::vector<double>{1, 2}).has_value());
  CHECK_FALSE(bland_altman(first, second, 1.0).has_value());
  CHECK(bland_altman(first, std::vector<double>{1, 2, NAN, 4, 5}).error().where == "pair 2");
}

TEST_CASE("repeated pairs: the variance between patients is not lost") {
  // Patients 7 (differences 1, 3), 9 (5, 7, 9) and 2 (0): means 2, 7, 0.
  const std::vector<double> first{1, 5, 0, 3, 7, 9};
  const std::vector<double> second(6, 0.);
  const std::vector<std::uint32_t> patient{7, 9, 2, 7, 9, 9};
  const BlandAltman result = *bland_altman_repeated(first, second, patient);
  CHECK(result.patient_count == 3);
  CHECK(result.bias == near(3));
  // Between: ((-1)^2 + 4^2 + (-3)^2) / 2 = 13; within: (2 + 8) / 3; harmonic mean 3 / (1/2+1/3+1).
  const double harmonic = 3 / (.5 + 1. / 3 + 1);
  CHECK(result.standard_deviation == near(std::sqrt(13 + (1 - 1 / harmonic) * 10 / 3)));
  CHECK(result.upper_limit_interval.lower < result.upper_limit);
  CHECK(result.upper_limit_interval.upper > result.upper_limit);
  CHECK_FALSE(bland_altman_repeated(first, second, std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5}));
  CHECK_FALSE(bland_altman_repeated(first, second, std::vector<std::uint32_t>(6, 0)));
  CHECK_FALSE(bland_altman_repeated(first, second, std::vector<std::uint32_t>(5, 0)));
}

TEST_CASE("Gwet's benchmark of .67 with standard error .15 on Landis and Koch's scale") {
  const BenchmarkAnswer answer = *benchmark(.67, .15, BenchmarkScale::LandisKoch);
  const double expected[] = {.18168, .67511, .96356, .99912, 1, 1};
  for (std::size_t r = 0; r < 6; ++r) CHECK(answer.cumulative[r] == near(expected[r], 5.1e-6));
  CHECK(ranges_of(BenchmarkScale::LandisKoch)[answer.chosen].word == "moderate");
  CHECK_FALSE(benchmark(.67, 0, BenchmarkScale::Fleiss).has_value());
  CHECK_FALSE(benchmark(1.2, .1, BenchmarkScale::Altman).has_value());
}

}  // namespace
}  // namespace consilium
