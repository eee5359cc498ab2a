// Sums whose result does not depend on the order of their terms, so that permuting raters, items or
// classes changes no bit of a result. Each term is cut to a multiple of a unit that only the
// largest term decides (2^-62 of it), and the integers are added: integer addition is associative.
// The error is below (number of terms) x 2^-62 x the largest term, less than that of adding doubles
// one by one.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/wide_integer.hpp"

namespace consilium {

// The exponent s for which `magnitude` x 2^s lies in [2^61, 2^62).
[[nodiscard]] inline int order_free_shift(double magnitude) {
  int exponent = 0;
  static_cast<void>(std::frexp(magnitude, &exponent));
  const int shift = 62 - exponent;
  return shift > 1000 ? 1000 : shift;
}

// The sum of term(0) .. term(count - 1). `term` is called twice for each index and must give the
// same both times. NaN when a term is not finite. Cost: two passes, about 2 ns a term.
template <class Term>
[[nodiscard]] double order_free_sum(std::size_t count, const Term& term) {
  double largest = 0;
  bool finite = true;
  for (std::size_t i = 0; i < count; ++i) {
    const double magnitude = std::abs(static_cast<double>(term(i)));
    if (!(magnitude <= std::numeric_limits<double>::max())) finite = false;
    largest = magnitude > largest ? magnitude : largest;
  }
  if (!finite) return std::numeric_limits<double>::quiet_NaN();
  if (largest == 0) return 0;
  const int shift = order_free_shift(largest);
  // Two factors: 2^shift alone may lie outside the doubles when the terms are very small.
  const double half = std::ldexp(1.0, shift / 2);
  const double rest = std::ldexp(1.0, shift - shift / 2);
  Wide sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    sum += static_cast<std::int64_t>(static_cast<double>(term(i)) * half * rest);
  }
  return std::ldexp(static_cast<double>(sum), -shift);
}

}  // namespace consilium
