#include "analysis/reader_study/auc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "analysis/statistics/distributions.hpp"
#include "analysis/statistics/interval.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

constexpr std::size_t cases_max = std::size_t{1} << 24;

// In half units: a pair counts 2 when the positive is rated higher and 1 when the two are equal.
struct Placements {
  std::vector<std::int64_t> positive;  // of each positive, over all negatives
  std::vector<std::int64_t> negative;  // of each negative, over all positives
  std::int64_t sum = 0;                // over all pairs
};

Status check(const CaseRatings& ratings, std::size_t least) {
  for (const auto& cases : {ratings.negative, ratings.positive}) {
    if (cases.size() < least) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("{} positive and {} negative cases; at least {} of each are needed",
                              ratings.positive.size(), ratings.negative.size(), least));
    }
    if (cases.size() > cases_max) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("{} cases of one truth are more than {}", cases.size(), cases_max));
    }
    for (std::size_t i = 0; i < cases.size(); ++i) {
      if (std::isnan(cases[i])) {
        return fail(
            ErrorCode::InvalidInput, "a rating is not a number",
            fmt::format("{} case {}", &cases == &ratings.negative ? "negative" : "positive", i),
            "leave unread cases out of the study for every reader");
      }
    }
  }
  return {};
}

// How many of `sorted` lie below, plus how many lie at or below.
std::int64_t twice_rank(std::span<const double> sorted, double value) {
  const auto [low, high] = std::ranges::equal_range(sorted, value);
  return (low - sorted.begin()) + (high - sorted.begin());
}

Placements placements_of(const CaseRatings& ratings) {
  std::vector<double> negative(ratings.negative.begin(), ratings.negative.end());
  std::vector<double> positive(ratings.positive.begin(), ratings.positive.end());
  std::ranges::sort(negative);
  std::ranges::sort(positive);
  Placements out;
  out.positive.reserve(positive.size());
  out.negative.reserve(negative.size());
  for (const double rating : ratings.positive) {
    out.positive.push_back(twice_rank(negative, rating));
    out.sum += out.positive.back();
  }
  const auto both = static_cast<std::int64_t>(2 * positive.size());
  for (const double rating : ratings.negative) {
    out.negative.push_back(both - twice_rank(positive, rating));
  }
  return out;
}

Wide products(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  Wide sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += Wide{a[i]} * b[i];
  return sum;
}

// n times the sum of products about the means; exact.
double centred(std::span<const std::int64_t> a, std::span<const std::int64_t> b, Wide sum_a,
               Wide sum_b) {
  return static_cast<double>(static_cast<Wide>(a.size()) * products(a, b) - sum_a * sum_b);
}

// Counts among numbers below `size`, added one at a time (Fenwick's tree).
class RankCounts {
 public:
  explicit RankCounts(std::size_t size) : counts_(size + 1, 0) {}
  void add(std::size_t rank) {
    for (std::size_t i = rank + 1; i < counts_.size(); i += i & (~i + 1)) ++counts_[i];
  }
  [[nodiscard]] std::int64_t below(std::size_t rank) const {
    std::int64_t sum = 0;
    for (std::size_t i = rank; i > 0; i -= i & (~i + 1)) sum += counts_[i];
    return sum;
  }

 private:
  std::vector<std::int64_t> counts_;
};

std::vector<std::size_t> order_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  return order;
}

// The sum over pairs of the product of both readings' kernels. A kernel is [y < x] + [y <= x], so
// the product is four counts of negatives that both readings put below (or at) a positive; a sweep
// by the first reading meets the negatives in order and counts them by the second.
Wide kernel_products(const CaseRatings& a, const CaseRatings& b) {
  const std::vector<std::size_t> positives = order_of(a.positive);
  const std::vector<std::size_t> negatives = order_of(a.negative);
  std::vector<double> second(b.negative.begin(), b.negative.end());
  std::ranges::sort(second);
  const auto rank = [&](double value) {
    const auto [low, high] = std::ranges::equal_range(second, value);
    return std::pair(static_cast<std::size_t>(low - second.begin()),
                     static_cast<std::size_t>(high - second.begin()));
  };
  Wide sum = 0;
  for (const bool with_equal : {false, true}) {
    RankCounts seen(second.size());
    std::size_t next = 0;
    for (const std::size_t i : positives) {
      while (next < negatives.size() &&
             (a.negative[negatives[next]] < a.positive[i] ||
              (with_equal && a.negative[negatives[next]] == a.positive[i]))) {
        seen.add(rank(b.negative[negatives[next++]]).first);
      }
      const auto [low, high] = rank(b.positive[i]);
      sum += seen.below(low) + seen.below(high);
    }
  }
  return sum;
}

// The covariance from whole numbers; the one rounding is at the end. Formulas: semantics.md, I3.
double covariance(const Placements& a, const Placements& b, const CaseRatings& ratings_a,
                  const CaseRatings& ratings_b, CovarianceMethod method) {
  const auto m = static_cast<double>(a.positive.size());
  const auto n = static_cast<double>(a.negative.size());
  if (method == CovarianceMethod::Unbiased) {
    const auto wm = static_cast<Wide>(a.positive.size());
    const auto wn = static_cast<Wide>(a.negative.size());
    const Wide shared = products(a.positive, b.positive) + products(a.negative, b.negative) -
                        kernel_products(ratings_a, ratings_b);
    const Wide numerator = wm * wn * shared - Wide{a.sum} * b.sum * (wm + wn - 1);
    return static_cast<double>(numerator) / (4 * m * m * n * n * (m - 1) * (n - 1));
  }
  const double positive = centred(a.positive, b.positive, a.sum, b.sum);
  const double negative = centred(a.negative, b.negative, a.sum, b.sum);
  if (method == CovarianceMethod::Jackknife) {
    const double left = positive / (m * (m - 1) * (m - 1) * n * n);
    const double right = negative / (n * (n - 1) * (n - 1) * m * m);
    return (left + right) * (m + n - 1) / (4 * (m + n));
  }
  return (positive / (m * m * (m - 1) * n * n) + negative / (n * n * (n - 1) * m * m)) / 4;
}

double area(const Placements& placements) {
  return static_cast<double>(placements.sum) /
         (2 * static_cast<double>(placements.positive.size()) *
          static_cast<double>(placements.negative.size()));
}

bool is_confidence(double confidence) { return confidence > 0 && confidence < 1; }

}  // namespace

Result<double> empirical_auc(const CaseRatings& ratings) {
  CSL_TRY(check(ratings, 1));
  return area(placements_of(ratings));
}

Result<FigureCovariance> auc_covariance(std::span<const CaseRatings> readings,
                                        CovarianceMethod method) {
  std::vector<Placements> placements;
  placements.reserve(readings.size());
  FigureCovariance out;
  for (std::size_t a = 0; a < readings.size(); ++a) {
    if (readings[a].positive.size() != readings[0].positive.size() ||
        readings[a].negative.size() != readings[0].negative.size()) {
      return fail(ErrorCode::InvalidInput, "readings of the same cases differ in length",
                  fmt::format("reading {}", a));
    }
    CSL_TRY(check(readings[a], 2));
    placements.push_back(placements_of(readings[a]));
    out.estimate.push_back(area(placements.back()));
  }
  const std::size_t count = readings.size();
  out.covariance.resize(count * count);
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a; b < count; ++b) {
      const double value =
          covariance(placements[a], placements[b], readings[a], readings[b], method);
      out.covariance[a * count + b] = value;
      out.covariance[b * count + a] = value;
    }
  }
  return out;
}

Result<FigureCovariance> share_covariance(std::span<const std::vector<std::uint8_t>> readings) {
  const std::size_t count = readings.size();
  FigureCovariance out{.estimate = {}, .covariance = std::vector<double>(count * count)};
  std::vector<std::int64_t> yes(count, 0);
  for (std::size_t a = 0; a < count; ++a) {
    const std::size_t cases = readings[a].size();
    if (cases != readings[0].size() || cases < 2 || cases > cases_max) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("a reading has {} cases; all need the same number, from 2 to {}",
                              cases, cases_max),
                  fmt::format("reading {}", a));
    }
    for (const std::uint8_t said : readings[a]) yes[a] += said != 0 ? 1 : 0;
    out.estimate.push_back(static_cast<double>(yes[a]) / static_cast<double>(cases));
  }
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a; b < count; ++b) {
      std::int64_t both = 0;
      for (std::size_t i = 0; i < readings[a].size(); ++i) {
        both += (readings[a][i] != 0 && readings[b][i] != 0) ? 1 : 0;
      }
      const auto n = static_cast<std::int64_t>(readings[a].size());
      const auto size = static_cast<double>(n);
      const double value =
          static_cast<double>(n * both - yes[a] * yes[b]) / (size * size * (size - 1));
      out.covariance[a * count + b] = value;
      out.covariance[b * count + a] = value;
    }
  }
  return out;
}

Result<Interval> figure_interval(double estimate, double variance, double confidence,
                                 IntervalScale scale) {
  if (!is_confidence(confidence) || !(variance >= 0) || !(estimate >= 0 && estimate <= 1)) {
    return fail(
        ErrorCode::InvalidInput,
        "an interval needs a confidence in (0, 1), a variance >= 0 and an estimate in "
        "[0, 1]",
        fmt::format("confidence {}, variance {}, estimate {}", confidence, variance, estimate));
  }
  const double z = -student_quantile((1 - confidence) / 2, std::numeric_limits<double>::infinity());
  const double error = std::sqrt(variance);
  if (scale == IntervalScale::Identity) {
    return Interval{std::max(0.0, estimate - z * error), std::min(1.0, estimate + z * error)};
  }
  if (estimate == 0 || estimate == 1) {
    return fail(ErrorCode::InvalidInput, "the logit of an estimate of 0 or 1 is undefined", {},
                "use the interval on the identity scale, or a bootstrap");
  }
  const double centre = std::log(estimate / (1 - estimate));
  const double half = z * error / (estimate * (1 - estimate));
  return Interval{1 / (1 + std::exp(half - centre)), 1 / (1 + std::exp(-half - centre))};
}

Result<AucComparison> compare_aucs(const CaseRatings& first, const CaseRatings& second,
                                   double confidence, CovarianceMethod method) {
  if (!is_confidence(confidence)) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("a confidence of {} is not in (0, 1)", confidence));
  }
  const CaseRatings both[] = {first, second};
  const FigureCovariance areas = CSL_TRY(auc_covariance(both, method));
  const double variance = areas.at(0, 0) + areas.at(1, 1) - 2 * areas.at(0, 1);
  if (!(variance > 0) || !(areas.at(0, 0) > 0) || !(areas.at(1, 1) > 0)) {
    return fail(ErrorCode::InvalidInput,
                "the two areas have no sampling variance to be compared by: the test is undefined",
                fmt::format("areas {} and {}, variance of the difference {}", areas.estimate[0],
                            areas.estimate[1], variance));
  }
  constexpr double normal = std::numeric_limits<double>::infinity();
  const double z = -student_quantile((1 - confidence) / 2, normal);
  AucComparison out{.first = areas.estimate[0],
                    .second = areas.estimate[1],
                    .difference = areas.estimate[0] - areas.estimate[1],
                    .standard_error = std::sqrt(variance)};
  out.z = out.difference / out.standard_error;
  out.p = student_two_sided(out.z, normal);
  out.difference_interval = {out.difference - z * out.standard_error,
                             out.difference + z * out.standard_error};
  out.correlation = areas.at(0, 1) / std::sqrt(areas.at(0, 0) * areas.at(1, 1));
  return out;
}

}  // namespace consilium
