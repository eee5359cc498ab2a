#include "analysis/agreement/distributions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/check.hpp"

namespace consilium {
namespace {

constexpr double tiny = 1e-300;
constexpr double precision = 1e-16;

// ln Gamma(a) - ((a - 1/2) ln a - a + ln(2 pi) / 2): what Stirling's formula leaves out.
// Differences of ln Gamma at large arguments lose digits; differences of this do not.
double stirling_rest(double a) {
  if (a < 10) {
    return std::lgamma(a) - ((a - 0.5) * std::log(a) - a + 0.5 * std::log(2 * std::numbers::pi));
  }
  const double s = 1 / (a * a);
  return (1.0 / 12 -
          s * (1.0 / 360 -
               s * (1.0 / 1260 - s * (1.0 / 1680 - s * (1.0 / 1188 - s * 691.0 / 360360))))) /
         a;
}

// x ln(x / mean) - (x - mean), without the loss of digits where x is near the mean.
double deviance(double x, double mean) {
  const double relative = (x - mean) / mean;
  if (std::abs(relative) > 0.1) return x * std::log(x / mean) - (x - mean);
  // ln(1 + r) = 2 atanh(v) with v = r / (2 + r).
  const double v = relative / (2 + relative);
  double sum = (x - mean) * v;
  double power = 2 * x * v;
  for (int j = 1; j < 60; ++j) {
    power *= v * v;
    const double next = sum + power / (2 * j + 1);
    if (next == sum) break;
    sum = next;
  }
  return sum;
}

// x^a y^b / B(a, b), where x + y = 1.
double beta_factor(double a, double b, double x, double y) {
  // Around the mode: a ln(x (a+b) / a) + b ln(y (a+b) / b) is minus the two deviances, in which
  // nothing cancels; the rest is Stirling's.
  const double n = a + b;
  const double spread = -deviance(a, n * x) - deviance(b, n * y);
  const double rest = stirling_rest(n) - stirling_rest(a) - stirling_rest(b);
  return std::sqrt(a / n * b / (2 * std::numbers::pi)) * std::exp(spread + rest);
}

// I_x(a, b) / (x^a y^b / B(a, b)): the even part of the continued fraction 26.5.8, which needs only
// (a + b) y - b, the distance of x from the mean, where the fraction itself would subtract numbers
// near 1 (A. R. DiDonato, A. H. Morris, ACM Trans. Math. Softw. 18 (1992) 360-373, equation 9).
double beta_fraction(double a, double b, double x, double y) {
  const double distance = a * y - b * x;  // (a + b) y - b, x being 1 - y
  double before_above = 1;
  double before_below = 0;
  double above = 0;
  double below = 1;
  double result = 0;
  for (int n = 0; n < 1'000'000; ++n) {
    const double step = n;
    const double width = a + 2 * step;
    double denominator = (a + step) / (width + 1) * (distance + 1 + step * (1 + y));
    double numerator = 1;
    if (n > 0) {
      denominator += step + step * (b - step) * x / (width - 1);
      numerator = (a + step - 1) * (a + b + step - 1) / ((width - 1) * (width - 1)) * step *
                  (b - step) * x * x;
    }
    const double next_above = denominator * above + numerator * before_above;
    const double next_below = denominator * below + numerator * before_below;
    before_above = above / next_below;
    before_below = below / next_below;
    above = next_above / next_below;
    below = 1;
    if (std::abs(above - result) <= precision * std::abs(above)) return above;
    result = above;
  }
  return result;
}

struct Share {
  double x = 0;
  double y = 1;  // 1 - x
};

// The root of an increasing function on (0, high) by halving, down to the last bit.
template <class Function>
double increasing_root(double high, const Function& below_target) {
  double low = 0;
  while (true) {
    // The geometric mean finds roots near 0 in a few steps, where the arithmetic one would need a
    // thousand.
    const double middle =
        low > 0 && high > 4 * low ? std::sqrt(low) * std::sqrt(high) : low + (high - low) / 2;
    const double candidate = low == 0 && high > 1e-290 ? high * 1e-3 : middle;
    if (candidate <= low || candidate >= high) return candidate;
    if (below_target(candidate)) {
      low = candidate;
    } else {
      high = candidate;
    }
  }
}

// The share below which a Beta(a, b) variable lies with the probability; `rest` is 1 - probability.
Share beta_quantile(double a, double b, double probability, double rest) {
  if (incomplete_beta(a, b, 0.5, 0.5) >= probability) {
    const double x = increasing_root(
        0.5, [&](double value) { return incomplete_beta(a, b, value, 1 - value) < probability; });
    return {x, 1 - x};
  }
  const double y = increasing_root(
      0.5, [&](double value) { return incomplete_beta(b, a, value, 1 - value) < rest; });
  return {1 - y, y};
}

double lower_gamma_series(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (int n = 1; n < 1'000'000; ++n) {
    term *= x / (a + n);
    sum += term;
    if (term < sum * precision) break;
  }
  return sum;
}

double upper_gamma_fraction(double a, double x) {
  double b = x + 1 - a;
  double c = 1 / tiny;
  double d = 1 / b;
  double result = d;
  for (int i = 1; i < 1'000'000; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    d = 1 / (std::abs(d) < tiny ? tiny : d);
    c = b + an / c;
    if (std::abs(c) < tiny) c = tiny;
    const double step = d * c;
    result *= step;
    if (std::abs(step - 1) < precision) break;
  }
  return result;
}

}  // namespace

double normal_probability(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

double normal_quantile(double probability) {
  CSL_CHECK(probability > 0 && probability < 1);
  if (probability == 0.5) return 0;
  if (probability > 0.5) {
    // 1 - p is exact for p >= 1/2, and the tail below is where erfc keeps its digits.
    return -normal_quantile(1 - probability);
  }
  double low = -40;
  double high = 0;
  double z = -1;
  for (int i = 0; i < 200; ++i) {
    const double error = normal_probability(z) - probability;
    (error < 0 ? low : high) = z;
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
    double next = density > 0 ? z - error / density : low;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::abs(next - z) <= 4e-16 * std::abs(z)) return next;
    z = next;
  }
  return z;
}

double incomplete_beta(double a, double b, double x, double y) {
  CSL_CHECK(a > 0 && b > 0 && x >= 0 && y >= 0);
  if (x == 0) return 0;
  if (y == 0) return 1;
  const double factor = beta_factor(a, b, x, y);
  if (x < (a + 1) / (a + b + 2)) return factor * beta_fraction(a, b, x, y);
  return 1 - factor * beta_fraction(b, a, y, x);
}

double student_two_sided(double t, double degrees) {
  CSL_CHECK(degrees > 0);
  if (std::isinf(degrees)) return std::erfc(std::abs(t) / std::numbers::sqrt2);
  if (std::isinf(t)) return 0;
  const double square = t * t;
  return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + square),
                         square / (degrees + square));
}

double student_probability(double t, double degrees) {
  const double tail = student_two_sided(t, degrees) / 2;
  return t > 0 ? 1 - tail : tail;
}

double student_quantile(double probability, double degrees) {
  CSL_CHECK(probability > 0 && probability < 1 && degrees > 0);
  if (std::isinf(degrees)) return normal_quantile(probability);
  if (probability == 0.5) return 0;
  const double tail = std::min(probability, 1 - probability);
  const Share share = beta_quantile(degrees / 2, 0.5, 2 * tail, 1 - 2 * tail);
  const double t = std::sqrt(degrees * share.y / share.x);
  return probability > 0.5 ? t : -t;
}

double fisher_probability(double f, double above, double below) {
  CSL_CHECK(above > 0 && below > 0);
  if (f <= 0) return 0;
  const double scaled = above * f;
  return incomplete_beta(above / 2, below / 2, scaled / (scaled + below), below / (scaled + below));
}

double fisher_quantile(double probability, double above, double below) {
  CSL_CHECK(probability > 0 && probability < 1 && above > 0 && below > 0);
  const Share share = beta_quantile(above / 2, below / 2, probability, 1 - probability);
  return below * share.x / (above * share.y);
}

double chi_square_probability(double value, double degrees) {
  CSL_CHECK(degrees > 0);
  if (value <= 0) return 0;
  const double a = degrees / 2;
  const double x = value / 2;
  // x^a e^-x / Gamma(a), by the deviance as above.
  const double factor =
      std::sqrt(a / (2 * std::numbers::pi)) * std::exp(-deviance(a, x) - stirling_rest(a));
  if (x < a + 1) return factor * lower_gamma_series(a, x);
  return 1 - factor * upper_gamma_fraction(a, x);
}

double chi_square_quantile(double probability, double degrees) {
  CSL_CHECK(probability > 0 && probability < 1 && degrees > 0);
  double high = std::max(1.0, degrees);
  while (chi_square_probability(high, degrees) < probability) high *= 2;
  return increasing_root(
      high, [&](double value) { return chi_square_probability(value, degrees) < probability; });
}

}  // namespace consilium
