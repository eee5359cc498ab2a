// Bootstrap intervals of any coefficient of agreement, by resampling items or whole clusters
// (patients). Sources: B. Efron, Ann. Stat. 7 (1979) 1-26; bias corrected and accelerated (BCa):
// B. Efron, J. Am. Stat. Assoc. 82 (1987) 171-185, whose acceleration comes from the linearised
// values (the infinitesimal jackknife).
//
// A replicate draws as many items as there are, with replacement. Items with equal patterns are
// drawn together: only how often each pattern comes up matters, and that is multinomial. So a
// million items with 126 patterns cost 126 draws a replicate.
//
// Replicate b depends on the seed and b alone, and rows are numbered by what they hold: the result
// is the same, bit for bit, for any number of threads and any order of items, raters and (where the
// coefficient does not order them) classes. See semantics.md for the one exception.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "analysis/agreement/agreement_model.hpp"
#include "analysis/statistics/interval.hpp"

namespace consilium {

inline constexpr std::uint32_t bootstrap_replicates_max = 1'000'000;

struct BootstrapOptions {
  std::uint32_t replicates = 1000;
  std::uint64_t seed = 1;
  double level = 0.95;
  unsigned threads = 1;
  std::span<const std::uint32_t> cluster = {};  // one an item; empty: items are resampled
};

struct BootstrapEstimate {
  double coefficient = 0;     // of the data themselves
  double standard_error = 0;  // standard deviation of the replicates
  Interval percentile;        // linear interpolation between order statistics
  // None when all replicates lie on one side of the coefficient, where it is not defined.
  std::optional<Interval> bca;
  std::uint64_t unit_count = 0;  // items or clusters resampled
  // Replicates on which the coefficient is undefined (all votes drawn of one class); they are left
  // out, so many of them make the interval doubtful.
  std::uint32_t undefined_count = 0;
};

// Errors: InvalidInput as `estimate` and `estimate_clustered`; when fewer than two items take part;
// when replicates is below 10 or above a million; when over half of the replicates are undefined.
// Cost: for each replicate the lesser of (about 60 ns x distinct units) and (about 6 ns x units),
// plus one evaluation.
[[nodiscard]] Result<BootstrapEstimate> bootstrap(const AgreementModel& model,
                                                  const BootstrapOptions& options);

}  // namespace consilium
