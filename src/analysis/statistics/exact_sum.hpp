// Sums that do not depend on the order of their terms: each term is rounded once to a multiple of a
// power of two, and such multiples are whole numbers, which add exactly and hence in any order. So
// results change neither with the number of threads nor with the numbering of raters, items and
// classes, and what was added can be taken out again without a trace.
//
// Which to take: `FixedPoint` where terms are at hand one by one in an inner loop and their sum
// stays below 4 million; `ExactSum` for long sums; `rounded` where a sum must stay in doubles, for
// vector code; `order_free_sum` (its own header) for terms of unknown size; `sorted_sum` for a few
// terms of very different sizes.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

#include "base/wide_integer.hpp"

namespace consilium {

using FixedPoint = std::int64_t;  // a multiple of 2^-40

inline constexpr double fixed_one = 0x1p40;

// Cuts off what is below 2^-40. The terms of one sum stay below 2^22 (4 million) together; the
// callers bound theirs.
[[nodiscard]] inline FixedPoint to_fixed(double value) {
  return static_cast<FixedPoint>(value * fixed_one);
}
[[nodiscard]] inline double from_fixed(FixedPoint value) {
  return static_cast<double>(value) * (1.0 / fixed_one);
}

// The number of bits that a count needs: smallest b with count <= 2^b.
[[nodiscard]] inline int bits_above(std::uint64_t count) {
  return count <= 1 ? 0 : static_cast<int>(std::bit_width(count - 1));
}

// Adding and taking away 1.5 x 2^(52 - fraction_bits) rounds a double below 2^(50 - fraction_bits)
// to the nearest multiple of 2^-fraction_bits; infinities stay. The compiler must keep the order of
// operations, as it does without -ffast-math.
[[nodiscard]] inline double rounding_shift(int fraction_bits) {
  return std::ldexp(1.5, 52 - fraction_bits);
}
[[nodiscard]] inline double rounded(double value, double shift) { return (value + shift) - shift; }

// Sum of real numbers below 2^60 in size, each rounded to 2^-40: at most 2^26 terms of that size.
class ExactSum {
 public:
  void add(double term) { sum_ += units_of(term); }
  void add(FixedPoint term) { sum_ += term; }
  void add(const ExactSum& other) { sum_ += other.sum_; }
  void add_times(double term, std::int64_t times) { sum_ += units_of(term) * times; }
  [[nodiscard]] double value() const { return static_cast<double>(sum_) * 0x1p-40; }

 private:
  // Both ways round to the nearest, ties to even; the first is the quick one.
  static Wide units_of(double term) {
    const double units = term * fixed_one;
    if (std::abs(units) < 0x1p50) return static_cast<FixedPoint>(rounded(units, 0x1.8p52));
    return static_cast<Wide>(std::rint(units));
  }

  Wide sum_ = 0;
};

// The sum of numbers of any size in an order of their own: from the smallest. Reorders `terms`.
[[nodiscard]] inline double sorted_sum(std::span<double> terms) {
  std::ranges::sort(terms);
  double sum = 0;
  for (const double term : terms) sum += term;
  return sum;
}

}  // namespace consilium
