// Sums that do not depend on their order: numbers as whole multiples of a power of two. Permuting
// raters, patterns or labels then permutes the results to the last bit.
#pragma once

#include <cmath>
#include <cstdint>

#include "analysis/statistics/exact_sum.hpp"
#include "base/wide_integer.hpp"

namespace consilium::mask_consensus {

// Probabilities in units of 2^-52.
inline constexpr double probability_one = 4503599627370496.0;
[[nodiscard]] inline std::int64_t fixed_probability(double probability) {
  return std::llround(probability * probability_one);
}

// Logarithms are `FixedPoint`, rounded to the nearest: 4096 raters' sum stays in 63 bits.
[[nodiscard]] inline FixedPoint fixed_log(double value) {
  return std::llround(std::log(value) * fixed_one);
}

[[nodiscard]] inline double ratio(Wide part, Wide whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace consilium::mask_consensus
