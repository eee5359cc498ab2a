#include "analysis/crowd/special.hpp"

#include <cmath>
#include <numbers>

namespace consilium::crowd {
namespace {

// lgamma writes a global sign; for positive arguments the sign is known, and this form is pure.
double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

// Lentz's evaluation of the continued fraction of the incomplete beta function.
double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  const auto away_from_zero = [](double value) { return std::fabs(value) < tiny ? tiny : value; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double value = d;
  for (int m = 1; m < 20'000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    value *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    const double factor = d * c;
    value *= factor;
    if (std::fabs(factor - 1) < 1e-16) break;
  }
  return value;
}

}  // namespace

double digamma(double x) {
  double shift = 0;
  while (x < 8) shift -= 1 / x++;
  const double r = 1 / (x * x);
  return shift + std::log(x) - 0.5 / x -
         r * (1.0 / 12 -
              r * (1.0 / 120 -
                   r * (1.0 / 252 -
                        r * (1.0 / 240 - r * (1.0 / 132 - r * (691.0 / 32760 - r / 12))))));
}

double trigamma(double x) {
  double shift = 0;
  while (x < 8) {
    shift += 1 / (x * x);
    ++x;
  }
  const double r = 1 / (x * x);
  return shift + 1 / x + r / 2 +
         r / x *
             (1.0 / 6 -
              r * (1.0 / 30 - r * (1.0 / 42 - r * (1.0 / 30 - r * (5.0 / 66 - r * (691.0 / 2730 -
                                                                                   r * 7 / 6))))));
}

double normal_density(double x) {
  return std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

double normal_share_below(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

double normal_quantile(double p) {
  if (p > 0.5) return -normal_quantile(1 - p);
  if (p == 0.5) return 0;
  double low = -40;
  double high = 0;
  double x = -1;
  for (int step = 0; step < 200; ++step) {
    const double below = normal_share_below(x);
    (below < p ? low : high) = x;
    double next = x - (below - p) / normal_density(x);
    if (!(next > low && next < high)) next = low + (high - low) / 2;
    if (std::fabs(next - x) < 1e-15 * (1 + std::fabs(x))) return next;
    x = next;
  }
  return x;
}

double beta_share_below(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) +
                                b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double beta_quantile(double a, double b, double p) {
  double low = 0;
  double high = 1;
  for (int step = 0; step < 200 && high - low > 1e-15; ++step) {
    const double x = low + (high - low) / 2;
    (beta_share_below(a, b, x) < p ? low : high) = x;
  }
  return low + (high - low) / 2;
}

double chi_square_share_above(double x, double freedom) {
  const double a = freedom / 2;
  const double y = x / 2;
  if (!(y > 0)) return 1;
  const double front = std::exp(a * std::log(y) - y - log_gamma(a));
  if (y < a + 1) {
    // Series for the share below.
    double term = 1 / a;
    double sum = term;
    for (double n = a + 1; term > sum * 1e-17; ++n) sum += term *= y / n;
    return 1 - front * sum;
  }
  // Continued fraction for the share above, from its tail.
  double value = y + 1 - a;
  double c = 1e300;
  double d = 1 / value;
  double result = d;
  for (int n = 1; n < 10'000; ++n) {
    const double coefficient = -n * (n - a);
    value += 2;
    d = 1 / (value + coefficient * d);
    c = value + coefficient / c;
    result *= c * d;
    if (std::fabs(c * d - 1) < 1e-16) break;
  }
  return front * result;
}

}  // namespace consilium::crowd
