#include "analysis/reader_study/auc.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.hpp"

namespace consilium {
namespace {

struct MadeReadings {
  std::vector<std::vector<double>> negative;
  std::vector<std::vector<double>> positive;
  [[nodiscard]] std::vector<CaseRatings> spans() const {
    std::vector<CaseRatings> out;
    for (std::size_t r = 0; r < negative.size(); ++r) out.push_back({negative[r], positive[r]});
    return out;
  }
};

// Ratings on a coarse scale, so that there are many ties; readings share each case's difficulty.
MadeReadings made(SeededRandom& random, std::size_t readings, std::size_t n, std::size_t m) {
  MadeReadings out{std::vector(readings, std::vector<double>(n)),
                   std::vector(readings, std::vector<double>(m))};
  for (auto* side : {&out.negative, &out.positive}) {
    for (std::size_t i = 0; i < (*side)[0].size(); ++i) {
      const double shared = random.normal() + (side == &out.positive ? 1.2 : 0);
      for (auto& reading : *side) reading[i] = std::round(2 * (shared + random.normal()));
    }
  }
  return out;
}

double kernel(double positive, double negative) {
  if (positive == negative) return 0.5;
  return positive > negative ? 1 : 0;
}

double slow_auc(const CaseRatings& r) {
  double sum = 0;
  for (const double x : r.positive) {
    for (const double y : r.negative) sum += kernel(x, y);
  }
  return sum / static_cast<double>(r.positive.size() * r.negative.size());
}

// By the definitions, pair by pair.
double slow_covariance(const CaseRatings& a, const CaseRatings& b, CovarianceMethod method) {
  const std::size_t m = a.positive.size();
  const std::size_t n = a.negative.size();
  const double size = static_cast<double>(m + n);
  if (method == CovarianceMethod::Jackknife) {
    double sum = 0;
    for (std::size_t out = 0; out < m + n; ++out) {
      double product = 1;
      for (const CaseRatings* r : {&a, &b}) {
        std::vector<double> negative(r->negative.begin(), r->negative.end());
        std::vector<double> positive(r->positive.begin(), r->positive.end());
        if (out < n) {
          negative.erase(negative.begin() + static_cast<std::ptrdiff_t>(out));
        } else {
          positive.erase(positive.begin() + static_cast<std::ptrdiff_t>(out - n));
        }
        product *= slow_auc({negative, positive}) - slow_auc(*r);
      }
      sum += product;
    }
    return sum * (size - 1) / size;
  }
  double same = 0;
  double same_positive = 0;
  double same_negative = 0;
  double neither = 0;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t k = 0; k < m; ++k) {
        for (std::size_t l = 0; l < n; ++l) {
          const double product =
              kernel(a.positive[i], a.negative[j]) * kernel(b.positive[k], b.negative[l]);
          if (i == k && j == l) same += product;
          if (i == k && j != l) same_positive += product;
          if (i != k && j == l) same_negative += product;
          if (i != k && j != l) neither += product;
        }
      }
    }
  }
  const auto dm = static_cast<double>(m);
  const auto dn = static_cast<double>(n);
  const double theta2 = neither / (dm * (dm - 1) * dn * (dn - 1));
  return (same / (dm * dn) - theta2 + (dn - 1) * (same_positive / (dm * dn * (dn - 1)) - theta2) +
          (dm - 1) * (same_negative / (dn * dm * (dm - 1)) - theta2)) /
         (dm * dn);
}

TEST_CASE("areas and covariances are those of a walk over all pairs") {
  SeededRandom random(3);
  for (int round = 0; round < 20; ++round) {
    const MadeReadings data = made(random, 2, 2 + random.below(9), 2 + random.below(9));
    const auto readings = data.spans();
    for (const auto method : {CovarianceMethod::Jackknife, CovarianceMethod::Unbiased}) {
      const auto fast = auc_covariance(readings, method);
      REQUIRE(fast.has_value());
      for (std::size_t a = 0; a < 2; ++a) {
        CHECK(fast->estimate[a] == doctest::Approx(slow_auc(readings[a])).epsilon(1e-14));
        for (std::size_t b = 0; b < 2; ++b) {
          const double slow = slow_covariance(readings[a], readings[b], method);
          CHECK(std::abs(fast->at(a, b) - slow) < 1e-13);
        }
      }
    }
  }
}

TEST_CASE("DeLong's variance is that of the placement values") {
  // Two placements by hand: positives 3, 1 over negatives 1, 2, 0 have shares 1 and .5; negatives
  // have shares (1 + .5)/2, 1/2, 1. Variance .125 / 2 + .0625 / 3.
  const std::vector<double> positive = {3, 1};
  const std::vector<double> negative = {1, 2, 0};
  const CaseRatings reading[] = {{negative, positive}};
  const auto areas = auc_covariance(reading);
  REQUIRE(areas.has_value());
  CHECK(areas->estimate[0] == 0.75);
  CHECK(areas->at(0, 0) == doctest::Approx(0.125 / 2 + 0.0625 / 3).epsilon(1e-15));
}

TEST_CASE("the order of the cases changes no bit") {
  SeededRandom random(5);
  MadeReadings data = made(random, 3, 40, 30);
  for (const auto method :
       {CovarianceMethod::DeLong, CovarianceMethod::Jackknife, CovarianceMethod::Unbiased}) {
    const auto before = auc_covariance(data.spans(), method);
    for (auto& reading : data.negative) std::ranges::reverse(reading);
    for (auto& reading : data.positive) std::ranges::rotate(reading, reading.begin() + 7);
    const auto after = auc_covariance(data.spans(), method);
    REQUIRE(before.has_value());
    REQUIRE(after.has_value());
    CHECK(before->estimate == after->estimate);
    CHECK(before->covariance == after->covariance);
  }
}

TEST_CASE("turning the scale round turns the area to 1 minus it") {
  SeededRandom random(6);
  MadeReadings data = made(random, 1, 25, 25);
  const double area = empirical_auc(data.spans()[0]).value();
  for (auto* side : {&data.negative, &data.positive}) {
    for (double& rating : (*side)[0]) rating = -rating;
  }
  CHECK(empirical_auc(data.spans()[0]).value() == doctest::Approx(1 - area).epsilon(1e-15));
}

TEST_CASE("infinite ratings are ordered as numbers, and NaN is refused with its place") {
  const double infinite = std::numeric_limits<double>::infinity();
  const std::vector<double> positive = {infinite, 0};
  const std::vector<double> negative = {-infinite, infinite};
  CHECK(empirical_auc({negative, positive}).value() == 0.625);
  const std::vector<double> broken = {1, std::nan("")};
  const auto refused = empirical_auc({negative, broken});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "positive case 1");
  CHECK_FALSE(empirical_auc({negative, {}}).has_value());
}

TEST_CASE("the unbiased variance is right on average, where DeLong's is too large") {
  SeededRandom random(11);
  double unbiased = 0;
  double delong = 0;
  double sum = 0;
  double squares = 0;
  constexpr int rounds = 4000;
  for (int round = 0; round < rounds; ++round) {
    const MadeReadings data = made(random, 1, 6, 5);
    const auto readings = data.spans();
    const auto own = auc_covariance(readings, CovarianceMethod::Unbiased).value();
    unbiased += own.at(0, 0) / rounds;
    delong += auc_covariance(readings).value().at(0, 0) / rounds;
    sum += own.estimate[0] / rounds;
    squares += own.estimate[0] * own.estimate[0] / rounds;
  }
  const double truth = squares - sum * sum;
  CHECK(unbiased == doctest::Approx(truth).epsilon(0.05));
  CHECK(delong > truth);
}

TEST_CASE("an interval on the logit scale stays inside (0, 1)") {
  const auto plain = figure_interval(0.97, 0.0004, 0.95);
  const auto logit = figure_interval(0.97, 0.0004, 0.95, IntervalScale::Logit);
  REQUIRE(plain.has_value());
  REQUIRE(logit.has_value());
  CHECK(plain->upper == 1);
  CHECK(logit->upper < 1);
  CHECK(logit->lower < plain->lower);
  CHECK_FALSE(figure_interval(1, 0.1, 0.95, IntervalScale::Logit).has_value());
  CHECK_FALSE(figure_interval(0.5, -0.1, 0.95).has_value());
  CHECK_FALSE(figure_interval(0.5, 0.1, 1).has_value());
}

TEST_CASE("two equal readings have no test, and turning two round turns its sign") {
  SeededRandom random(8);
  const MadeReadings data = made(random, 2, 30, 20);
  const auto readings = data.spans();
  CHECK_FALSE(compare_aucs(readings[0], readings[0]).has_value());
  const auto one = compare_aucs(readings[0], readings[1]);
  const auto other = compare_aucs(readings[1], readings[0]);
  REQUIRE(one.has_value());
  REQUIRE(other.has_value());
  CHECK(one->z == -other->z);
  CHECK(one->p == other->p);
  CHECK(one->difference_interval.lower == -other->difference_interval.upper);
  CHECK_FALSE(compare_aucs(readings[0], readings[1], 0).has_value());
}

TEST_CASE("shares have the binomial variance p (1 - p) / (n - 1)") {
  const std::vector<std::vector<std::uint8_t>> said = {{1, 1, 0, 1}, {0, 1, 0, 1}};
  const auto shares = share_covariance(said);
  REQUIRE(shares.has_value());
  CHECK(shares->estimate == std::vector<double>{0.75, 0.5});
  CHECK(shares->at(0, 0) == doctest::Approx(0.75 * 0.25 / 3));
  CHECK(shares->at(0, 1) == doctest::Approx((0.5 - 0.375) / 3));
  const std::vector<std::vector<std::uint8_t>> ragged = {{1, 1}, {0}};
  CHECK_FALSE(share_covariance(ragged).has_value());
}

}  // namespace
}  // namespace consilium
