#include "analysis/statistics/special_functions.hpp"

#include <algorithm>
#include <array>

#include "analysis/statistics/lanes.hpp"

namespace consilium {
void log_in_place(std::span<double> values) {
  const std::size_t whole = values.size() / 4 * 4;
  lanes::log_in_place(values.data(), whole);
  if (whole == values.size()) return;
  std::array<double, 4> rest{1.0, 1.0, 1.0, 1.0};
  std::copy(values.begin() + static_cast<std::ptrdiff_t>(whole), values.end(), rest.begin());
  lanes::log_in_place(rest.data(), 4);
  std::copy_n(rest.begin(), values.size() - whole,
              values.begin() + static_cast<std::ptrdiff_t>(whole));
}

double exact_log(double value) {
  std::array<double, 4> four{value, 1.0, 1.0, 1.0};
  lanes::log_in_place(four.data(), 4);
  return four[0];
}

// The recurrence up to x >= 10, then the asymptotic series (Abramowitz & Stegun 6.3.18).
double digamma(double x) {
  double shift = 0.0;
  while (x < 10.0) {
    shift += 1.0 / x;
    x += 1.0;
  }
  const double i = 1.0 / (x * x);
  const double series =
      i * (1.0 / 12 - i * (1.0 / 120 -
                           i * (1.0 / 252 -
                                i * (1.0 / 240 - i * (1.0 / 132 - i * (691.0 / 32760 - i / 12))))));
  return (exact_log(x) - 0.5 / x - series) - shift;
}

// The product of the recurrence is taken out as one logarithm; then Stirling's series (6.1.41).
double log_gamma(double x) {
  double product = 1.0;
  while (x < 10.0) {
    product *= x;
    x += 1.0;
  }
  const double i = 1.0 / (x * x);
  const double series =
      (1.0 / 12 -
       i * (1.0 / 360 - i * (1.0 / 1260 - i * (1.0 / 1680 - i * (1.0 / 1188 - i * (691.0 / 360360 -
                                                                                   i / 156)))))) /
      x;
  constexpr double half_log_two_pi = 0.91893853320467274178;
  return ((x - 0.5) * exact_log(x) - x + half_log_two_pi + series) - exact_log(product);
}

double trigamma(double x) {
  double shift = 0.0;
  while (x < 10.0) {
    shift += 1.0 / (x * x);
    x += 1.0;
  }
  const double i = 1.0 / (x * x);
  const double series =
      1.0 / 6 -
      i * (1.0 / 30 -
           i * (1.0 / 42 - i * (1.0 / 30 - i * (5.0 / 66 - i * (691.0 / 2730 - i * 7 / 6)))));
  return shift + (1.0 / x + i / 2 + i / x * series);
}

}  // namespace consilium
