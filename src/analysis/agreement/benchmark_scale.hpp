// Words for a coefficient, said with how sure they are. A coefficient of 0.62 with a standard error
// of 0.15 is not "substantial": it may well be less. Gwet therefore gives each range of a benchmark
// scale the probability that the coefficient lies in it or above, and takes the highest range that
// reaches 95 %. Source: K. L. Gwet, Handbook of Inter-Rater Reliability, 4th ed. (2014), chapter 6;
// the scales: J. R. Landis, G. G. Koch, Biometrics 33 (1977) 159-174; J. L. Fleiss, Statistical
// Methods for Rates and Proportions (1981); D. G. Altman, Practical Statistics for Medical Research
// (1991).
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace consilium {

enum class BenchmarkScale { LandisKoch, Fleiss, Altman };

struct BenchmarkRange {
  double lower = 0;
  double upper = 0;
  std::string_view word;  // "substantial"
};
// The ranges of a scale, best first; the lowest reaches down to -1.
[[nodiscard]] std::span<const BenchmarkRange> ranges_of(BenchmarkScale scale);

struct BenchmarkAnswer {
  // For each range, best first: the probability that the coefficient is at least range.lower, by a
  // normal distribution cut at -1 and 1.
  std::vector<double> cumulative;
  std::size_t chosen = 0;  // the best range whose probability reaches what was asked for
};

// Errors: InvalidInput when the coefficient is not in [-1, 1], the standard error is not positive,
// or `probability` is not in (0, 1). Cost: O(ranges).
[[nodiscard]] Result<BenchmarkAnswer> benchmark(double coefficient, double standard_error,
                                                BenchmarkScale scale, double probability = 0.95);

}  // namespace consilium
