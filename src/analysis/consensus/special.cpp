#include "analysis/consensus/special.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/consensus/vector_math.hpp"

namespace consilium {
namespace {

// The continued fraction of the incomplete beta function, modified Lentz.
double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  double c = 1.0;
  double d = 1.0 - (a + b) * x / (a + 1.0);
  d = 1.0 / (std::abs(d) < tiny ? tiny : d);
  double fraction = d;
  for (int m = 1; m <= 1000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1.0;
    for (const double term : {even, odd}) {
      d = 1.0 + term * d;
      d = 1.0 / (std::abs(d) < tiny ? tiny : d);
      c = 1.0 + term / c;
      if (std::abs(c) < tiny) c = tiny;
      change = c * d;
      fraction *= change;
    }
    if (std::abs(change - 1.0) < 1e-14) break;
  }
  return fraction;
}

}  // namespace

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

// Recurrence up to x >= 10, then the asymptotic series (Abramowitz & Stegun 6.3.18).
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

double beta_quantile(double a, double b, double probability) {
  const double log_beta = log_gamma(a) + log_gamma(b) - log_gamma(a + b);
  const bool is_upper = probability > 0.5;
  double low = 0.0;
  double high = 1.0;
  double x = a / (a + b);
  for (int step = 0; step < 200 && high - low > 1e-12; ++step) {
    const double log_front = a * exact_log(x) + b * std::log1p(-x) - log_beta;
    const double front = std::exp(log_front);
    // Tails are compared on the side where they are small, so that 1 - (1 - q) loses nothing.
    const bool is_left = x < (a + 1.0) / (a + b + 2.0);
    const double tail =
        is_left ? front * beta_fraction(a, b, x) / a : front * beta_fraction(b, a, 1.0 - x) / b;
    const double below = is_left ? tail - probability : (1.0 - probability) - tail;
    (below < 0.0 ? low : high) = x;
    const double next = x - below * x * (1.0 - x) / front;
    const bool is_inside = next > low && next < high;
    if (is_inside && std::abs(next - x) < 1e-11) return next;
    x = is_inside ? next : 0.5 * (low + high);
  }
  return is_upper ? high : low;
}

}  // namespace consilium
