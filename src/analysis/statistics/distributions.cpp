#include "analysis/statistics/distributions.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "analysis/statistics/special_functions.hpp"
#include "base/check.hpp"

namespace consilium {
namespace {

constexpr double tiny = 1e-300;
constexpr double precision = 2e-16;  // of one step, relative: the last bit

// ln Gamma(a) - ((a - 1/2) ln a - a + ln(2 pi) / 2): what Stirling's formula leaves out.
// Differences of ln Gamma at large arguments lose digits; differences of this do not.
double stirling_rest(double a) {
  if (a < 10) {
    return log_gamma(a) - ((a - 0.5) * std::log(a) - a + 0.5 * std::log(2 * std::numbers::pi));
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

// What does not hang on x in x^a y^b / B(a, b), where x + y = 1.
struct BetaFactor {
  BetaFactor(double a_of, double b_of)
      : a(a_of),
        b(b_of),
        scale(std::sqrt(a / (a + b) * b / (2 * std::numbers::pi)) *
              std::exp(stirling_rest(a + b) - stirling_rest(a) - stirling_rest(b))) {}
  // Around the mode: a ln(x (a+b) / a) + b ln(y (a+b) / b) is minus the two deviances, in which
  // nothing cancels; the rest is Stirling's.
  [[nodiscard]] double at(double x, double y) const {
    return scale * std::exp(-deviance(a, (a + b) * x) - deviance(b, (a + b) * y));
  }
  double a;
  double b;
  double scale;
};

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

// I_x(a, b) from its factor, for 0 < x < 1.
double incomplete_beta(const BetaFactor& of, double factor, double x, double y) {
  if (x < (of.a + 1) / (of.a + of.b + 2)) return factor * beta_fraction(of.a, of.b, x, y);
  return 1 - factor * beta_fraction(of.b, of.a, y, x);
}

struct Share {
  double x = 0;
  double y = 1;  // 1 - x
};

// A distribution function at some x, and its slope against ln x (x times the density).
struct Rise {
  double probability = 0;
  double slope = 0;
};

// Where an increasing function of x in (0, high) reaches the target, to the last bits. Newton's
// steps on the logarithms of both, between which a distribution function is nearly a straight line
// wherever it is small; kept in a bracket, which is halved when a step leaves it.
template <class Function>
double increasing_root(double start, double high, double target, const Function& rise_at) {
  constexpr int newton_steps_max = 60;
  // Each step squares the error, so what is left after one as short as this is below the last bit.
  constexpr double step_enough = 1e-10;
  double low = 0;
  double x = start;
  for (int step = 0;; ++step) {
    const Rise at = rise_at(x);
    (at.probability < target ? low : high) = x;
    double next = 0;
    if (step < newton_steps_max && at.probability > 0 && at.slope > 0) {
      next = x * std::exp(std::log(target / at.probability) * at.probability / at.slope);
      if (std::abs(next - x) <= step_enough * x) return next;
    }
    if (next > low && next < high) {
      x = next;
      continue;
    }
    // The geometric mean finds roots near 0 in a few steps, where the arithmetic one would need a
    // thousand.
    const double middle =
        low > 0 && high > 4 * low ? std::sqrt(low) * std::sqrt(high) : low + (high - low) / 2;
    x = low == 0 && high > 1e-290 ? high * 1e-3 : middle;
    if (x <= low || x >= high) return x;
  }
}

Rise beta_rise(const BetaFactor& of, double x, double y) {
  const double factor = of.at(x, y);
  return {incomplete_beta(of, factor, x, y), factor / y};
}

// Where to look first for the share below which Beta(a, b) has the probability, kept below 1/2: by
// the normal distribution of the same mean and variance, whose quantile is taken to 3 digits
// (Abramowitz & Stegun 26.2.23).
double first_share(double a, double b, double probability) {
  const double mean = a / (a + b);
  const double tail = std::min(probability, 1 - probability);
  const double t = std::sqrt(-2 * std::log(tail));
  const double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                           (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  const double spread = std::sqrt(mean * (b / (a + b)) / (a + b + 1));
  const double share = mean + (probability < 0.5 ? -z : z) * spread;
  return share > 0 && share < 0.5 ? share : std::min(mean, 0.25);
}

// The share below which a Beta(a, b) variable lies with the probability; `rest` is 1 - probability.
Share beta_share(double a, double b, double probability, double rest) {
  const BetaFactor of(a, b);
  if (incomplete_beta(of, of.at(0.5, 0.5), 0.5, 0.5) >= probability) {
    const double x = increasing_root(first_share(a, b, probability), 0.5, probability,
                                     [&](double value) { return beta_rise(of, value, 1 - value); });
    return {x, 1 - x};
  }
  const BetaFactor other(b, a);
  const double y = increasing_root(first_share(b, a, rest), 0.5, rest, [&](double value) {
    return beta_rise(other, value, 1 - value);
  });
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

// x^a e^-x / Gamma(a), by the deviance as above.
double gamma_factor(double a, double x) {
  return std::sqrt(a / (2 * std::numbers::pi)) * std::exp(-deviance(a, x) - stirling_rest(a));
}

// The share of the chi-square distribution on one side of the value, the one that is reckoned
// without taking away from 1.
struct GammaShare {
  double share = 0;
  bool is_lower = true;
};
GammaShare gamma_shares(double value, double degrees) {
  CSL_CHECK(degrees > 0);
  if (value <= 0) return {0, true};
  const double a = degrees / 2;
  const double x = value / 2;
  const double factor = gamma_factor(a, x);
  if (x < a + 1) return {factor * lower_gamma_series(a, x), true};
  return {factor * upper_gamma_fraction(a, x), false};
}

}  // namespace

double normal_density(double z) {
  return std::exp(-z * z / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

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
    const double density = normal_density(z);
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
  const BetaFactor of(a, b);
  return incomplete_beta(of, of.at(x, y), x, y);
}

double beta_quantile(double a, double b, double probability) {
  CSL_CHECK(a > 0 && b > 0 && probability > 0 && probability < 1);
  return beta_share(a, b, probability, 1 - probability).x;
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

double student_upper_tail(double t, double degrees) { return student_probability(-t, degrees); }

double student_quantile(double probability, double degrees) {
  CSL_CHECK(probability > 0 && probability < 1 && degrees > 0);
  if (std::isinf(degrees)) return normal_quantile(probability);
  if (probability == 0.5) return 0;
  const double tail = std::min(probability, 1 - probability);
  const Share share = beta_share(degrees / 2, 0.5, 2 * tail, 1 - 2 * tail);
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
  const Share share = beta_share(above / 2, below / 2, probability, 1 - probability);
  return below * share.x / (above * share.y);
}

double fisher_upper_tail(double f, double above, double below) {
  CSL_CHECK(above > 0 && below > 0);
  if (f <= 0) return 1;
  if (std::isinf(f)) return 0;
  if (std::isinf(below)) return chi_square_upper_tail(above * f, above);
  const double scaled = above * f;
  return incomplete_beta(below / 2, above / 2, below / (scaled + below), scaled / (scaled + below));
}

double chi_square_probability(double value, double degrees) {
  const GammaShare shares = gamma_shares(value, degrees);
  return shares.is_lower ? shares.share : 1 - shares.share;
}

double chi_square_upper_tail(double value, double degrees) {
  const GammaShare shares = gamma_shares(value, degrees);
  return shares.is_lower ? 1 - shares.share : shares.share;
}

double chi_square_quantile(double probability, double degrees) {
  CSL_CHECK(probability > 0 && probability < 1 && degrees > 0);
  double high = std::max(1.0, degrees);
  while (chi_square_probability(high, degrees) < probability) high *= 2;
  return increasing_root(high / 2, high, probability, [&](double value) {
    return Rise{chi_square_probability(value, degrees), gamma_factor(degrees / 2, value / 2)};
  });
}

}  // namespace consilium
