// Sums that do not depend on their order: numbers as whole multiples of a power of two. Permuting
// raters, patterns or labels then permutes the results to the last bit.
#pragma once

#include <cmath>
#include <cstdint>

namespace consilium::mask_consensus {

__extension__ using Wide = __int128;

// Probabilities in units of 2^-52.
inline constexpr double probability_one = 4503599627370496.0;
[[nodiscard]] inline std::int64_t fixed_probability(double probability) {
  return std::llround(probability * probability_one);
}

// Logarithms in units of 2^-40: 4096 raters' sum stays in 63 bits.
inline constexpr double log_one = 1099511627776.0;
[[nodiscard]] inline std::int64_t fixed_log(double value) {
  return std::llround(std::log(value) * log_one);
}
[[nodiscard]] inline double from_fixed_log(std::int64_t value) {
  return static_cast<double>(value) / log_one;
}

[[nodiscard]] inline double ratio(Wide part, Wide whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace consilium::mask_consensus
