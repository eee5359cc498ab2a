// The area under the empirical ROC curve, its sampling covariance over readings of the same cases,
// intervals, and the comparison of two correlated areas. See semantics.md.
//
// A reading is one rating a case by one reader with one modality; a higher rating speaks for
// "positive". Ratings may be any ordered numbers, infinite ones too; NaN is refused. Cases are at
// most 2^24 of each truth, so that all sums over cases are exact integers: no result depends on the
// order of the cases, to the bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/statistics/interval.hpp"
#include "base/result.hpp"

namespace consilium {

struct CaseRatings {
  std::span<const double> negative;  // of the cases without the condition
  std::span<const double> positive;  // of the cases with it
};

// How the covariance of two estimates over the same cases is itself estimated.
// `DeLong`: by placement values (DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837).
// `Jackknife`: by leaving out each case once; (N-1)/N times the sum of squares about the mean.
// `Unbiased`: of the U-statistic's variance (Bamber 1975; Gallas, Acad. Radiol. 13 (2006) 353);
// unbiased, and so may be negative for small samples.
enum class CovarianceMethod : std::uint8_t { DeLong, Jackknife, Unbiased };

// P(positive's rating > negative's) + P(equal) / 2 over all pairs (Mann-Whitney).
// Errors: InvalidInput without a case of each truth, for a NaN rating, past 2^24 cases of a truth.
// Cost: O(n log n).
[[nodiscard]] Result<double> empirical_auc(const CaseRatings& ratings);

// Estimates of several readings and their covariance matrix, row by row.
struct FigureCovariance {
  std::vector<double> estimate{};
  std::vector<double> covariance{};  // estimate.size() squared
  [[nodiscard]] double at(std::size_t a, std::size_t b) const {
    return covariance[a * estimate.size() + b];
  }
};

// AUCs of `readings`, which are of the same cases in the same order, and their covariances.
// Errors: those of empirical_auc; InvalidInput when the readings differ in length, or there are
// fewer than two cases of a truth (no variance can then be estimated).
// Cost for r readings: O(r n log n + r^2 n) (placement values by sorting: Sun & Xu, IEEE Signal
// Process. Lett. 21 (2014) 1389); Unbiased O(r^2 n log n).
[[nodiscard]] Result<FigureCovariance> auc_covariance(
    std::span<const CaseRatings> readings, CovarianceMethod method = CovarianceMethod::DeLong);

// Shares of "yes" of several readings of the same cases, and their covariances: sensitivity when
// the cases are the positive ones and yes is a rating at or above a threshold; specificity when
// they are the negative ones and yes is a rating below it. `Unbiased` is s_ab / n, which for one
// reading is p (1-p) / (n-1); leaving out each of the n cases gives the same, so `Jackknife` is
// equal to it; `DeLong` is again the same (a share is a one-sample U-statistic).
// Errors: InvalidInput for lengths that differ or fewer than two cases.
// Cost: O(r^2 n).
[[nodiscard]] Result<FigureCovariance> share_covariance(
    std::span<const std::vector<std::uint8_t>> readings);

// `Identity`: estimate -+ z se, cut to [0, 1]. `Logit`: the same about logit(estimate) with
// se / (A (1-A)), turned back (Pepe 2003, chapter 5): never leaves (0, 1), better near 1.
enum class IntervalScale : std::uint8_t { Identity, Logit };

// The confidence interval of a share or area from its variance.
// Errors: InvalidInput for a confidence outside (0, 1), a negative variance, an estimate outside
// [0, 1], and for Logit with an estimate of 0 or 1 (undefined).
[[nodiscard]] Result<Interval> figure_interval(double estimate, double variance, double confidence,
                                               IntervalScale scale = IntervalScale::Identity);

struct AucComparison {
  double first = 0;
  double second = 0;
  double difference = 0;  // first - second
  double standard_error = 0;
  double z = 0;
  double p = 0;  // two-sided
  Interval difference_interval{};
  double correlation = 0;  // of the two estimates
};

// Compares two readings of the same cases (DeLong et al. 1988 for two areas).
// Errors: those of auc_covariance; InvalidInput for a confidence outside (0, 1), and when the
// difference or one of the areas has no positive variance (equal ratings, perfect areas): the test
// is then undefined.
[[nodiscard]] Result<AucComparison> compare_aucs(
    const CaseRatings& first, const CaseRatings& second, double confidence = 0.95,
    CovarianceMethod method = CovarianceMethod::DeLong);

}  // namespace consilium
