#include "analysis/reader_study/distributions.hpp"

#include <cmath>
#include <limits>

namespace consilium {
namespace {

constexpr double tiny = 1e-300;  // keeps a continued fraction from dividing by 0
constexpr double relative_end = 1e-16;
constexpr int terms_max = 20'000;

double log_gamma(double x) {
  int sign = 0;  // std::lgamma writes a global; this one does not
  return lgamma_r(x, &sign);
}

// The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method.
// Converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::abs(d) < tiny ? tiny : d);
  double value = d;
  for (int m = 1; m <= terms_max; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    d = 1 / (std::abs(d) < tiny ? tiny : d);
    c = 1 + even / c;
    c = std::abs(c) < tiny ? tiny : c;
    value *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    d = 1 / (std::abs(d) < tiny ? tiny : d);
    c = 1 + odd / c;
    c = std::abs(c) < tiny ? tiny : c;
    value *= d * c;
    if (std::abs(d * c - 1) < relative_end) break;
  }
  return value;
}

// The regularised incomplete beta function I_x(a, b), given x and 1 - x so that neither is lost to
// rounding (DLMF 8.17).
double incomplete_beta(double a, double b, double x, double one_minus_x) {
  if (x <= 0) return 0;
  if (one_minus_x <= 0) return 1;
  const double front = std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) +
                                b * std::log(one_minus_x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, one_minus_x) / b;
}

// The upper regularised incomplete gamma function Q(a, x) (DLMF 8.7.1 and 8.9.2).
double upper_gamma(double a, double x) {
  if (x <= 0) return 1;
  const double front = std::exp(a * std::log(x) - x - log_gamma(a));
  if (x < a + 1) {
    double term = 1 / a;
    double sum = term;
    for (int n = 1; n <= terms_max && term > sum * relative_end; ++n) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - front * sum;
  }
  double b = x + 1 - a;
  double c = 1 / tiny;
  double d = 1 / b;
  double value = d;
  for (int n = 1; n <= terms_max; ++n) {
    const double numerator = n * (a - n);
    b += 2;
    d = numerator * d + b;
    d = 1 / (std::abs(d) < tiny ? tiny : d);
    c = b + numerator / c;
    c = std::abs(c) < tiny ? tiny : c;
    value *= d * c;
    if (std::abs(d * c - 1) < relative_end) break;
  }
  return front * value;
}

}  // namespace

double student_t_two_sided(double t, double df) {
  if (std::isinf(df)) return std::erfc(std::abs(t) / std::sqrt(2.0));
  if (std::isinf(t)) return 0;
  return incomplete_beta(df / 2, 0.5, df / (df + t * t), t * t / (df + t * t));
}

double student_t_upper_tail(double t, double df) {
  const double half = student_t_two_sided(t, df) / 2;
  return t >= 0 ? half : 1 - half;
}

double student_t_critical(double tail, double df) {
  if (tail == 0.5) return 0;
  if (tail > 0.5) return -student_t_critical(1 - tail, df);
  double low = 0;
  double high = 1;
  while (student_t_upper_tail(high, df) > tail && high < std::numeric_limits<double>::max() / 4) {
    high *= 2;
  }
  // Halving ends when no double lies between: the tail is monotone, so nothing faster is needed.
  for (double middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    (student_t_upper_tail(middle, df) > tail ? low : high) = middle;
  }
  return high;
}

double f_upper_tail(double f, double df1, double df2) {
  if (f <= 0) return 1;
  if (std::isinf(f)) return 0;
  if (std::isinf(df2)) return upper_gamma(df1 / 2, df1 * f / 2);
  const double whole = df2 + df1 * f;
  return incomplete_beta(df2 / 2, df1 / 2, df2 / whole, df1 * f / whole);
}

}  // namespace consilium
