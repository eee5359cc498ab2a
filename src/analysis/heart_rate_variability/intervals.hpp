// Series of intervals that parts of this module look at. Used inside it.
#pragma once

#include <optional>
#include <span>

#include "analysis/heart_rate_variability/heart_rate_variability.hpp"

namespace consilium::variability {

// ends_s[i]: when interval i ended; its length is lengths_ms[i].
[[nodiscard]] IntervalPowers powers_of(std::span<const double> ends_s,
                                       std::span<const double> lengths_ms);

// -ln of how often patterns of three follow from patterns of two that agree within `tolerance`
// (J. S. Richman, J. R. Moorman, Am. J. Physiol. 278 (2000) H2039-H2049).
[[nodiscard]] std::optional<double> sample_entropy(std::span<const double> values,
                                                   double tolerance);

// The slope of log fluctuation over log size, for sizes first to last; sums of the values less
// their mean, less a line in each box, without overlap.
[[nodiscard]] double fluctuation_slope(std::span<const double> values, std::size_t first,
                                       std::size_t last);

}  // namespace consilium::variability
