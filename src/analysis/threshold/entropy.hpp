// The methods that weigh logarithms.
#pragma once

#include "analysis/threshold/histogram_sums.hpp"

namespace consilium::threshold {

[[nodiscard]] std::size_t huang(std::span<const std::uint64_t> counts, const HistogramSums& sums,
                                UsedBins used);
[[nodiscard]] std::size_t li(const HistogramSums& sums, UsedBins used);
[[nodiscard]] std::size_t max_entropy(std::span<const std::uint64_t> counts,
                                      const HistogramSums& sums, UsedBins used);

}  // namespace consilium::threshold
