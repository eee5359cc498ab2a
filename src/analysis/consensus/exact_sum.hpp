// Sums that do not depend on the order of their terms: each term is rounded once to a multiple of a
// power of two, and sums of such multiples are exact while they fit, hence associative. This is
// what makes results independent of threads and of the numbering of raters, items and classes.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace consilium {

__extension__ using Int128 = __int128;

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

// Sum of real numbers below 2^60, each rounded to 2^-40: at most 2^26 terms of that size.
class ExactSum {
 public:
  void add(double term) { sum_ += static_cast<Int128>(std::rint(term * 0x1p40)); }
  void add(const ExactSum& other) { sum_ += other.sum_; }
  [[nodiscard]] double value() const { return static_cast<double>(sum_) * 0x1p-40; }

 private:
  Int128 sum_ = 0;
};

}  // namespace consilium
