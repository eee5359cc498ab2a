#include "analysis/statistics/binomial.hpp"

#include <array>
#include <cmath>
#include <numbers>

namespace consilium {
namespace {

// ln k!, by a table and by Stirling's series. std::lgamma writes a global and is not for threads.
double log_factorial(double k) {
  static constexpr std::array table{0.0,
                                    0.0,
                                    0.693147180559945309,
                                    1.791759469228055001,
                                    3.178053830347945620,
                                    4.787491742782045994,
                                    6.579251212010100995,
                                    8.525161361065414300,
                                    10.604602902745250228,
                                    12.801827480081469611};
  if (k < static_cast<double>(table.size())) return table[static_cast<std::size_t>(k)];
  const double x = k + 1;
  const double s = 1 / (x * x);
  return (x - 0.5) * std::log(x) - x + 0.5 * std::log(2 * std::numbers::pi) +
         (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s / 1680))) / x;
}

// For count x probability < 10: walks up the distribution function.
std::uint64_t by_inversion(std::uint64_t count, double probability, SeededRandom& random) {
  const double odds = probability / (1 - probability);
  double term = std::exp(static_cast<double>(count) * std::log1p(-probability));
  double uniform = random.uniform();
  std::uint64_t k = 0;
  while (uniform > term && k < count) {
    uniform -= term;
    ++k;
    term *= odds * static_cast<double>(count - k + 1) / static_cast<double>(k);
    if (term < 1e-300) break;  // rounding left a rest beyond the distribution's end
  }
  return k;
}

std::uint64_t by_rejection(std::uint64_t count, double probability, SeededRandom& random) {
  const auto n = static_cast<double>(count);
  const double rest = 1 - probability;
  const double spread = std::sqrt(n * probability * rest);
  const double b = 1.15 + 2.53 * spread;
  const double a = -0.0873 + 0.0248 * b + 0.01 * probability;
  const double centre = n * probability + 0.5;
  const double squeeze = 0.92 - 4.2 / b;
  const double alpha = (2.83 + 5.1 / b) * spread;
  const double log_odds = std::log(probability / rest);
  const double mode = std::floor((n + 1) * probability);
  const double at_mode = log_factorial(mode) + log_factorial(n - mode);
  while (true) {
    const double u = random.uniform() - 0.5;
    double v = random.uniform();
    const double us = 0.5 - std::abs(u);
    if (us <= 0) continue;
    const double k = std::floor((2 * a / us + b) * u + centre);
    if (k < 0 || k > n) continue;
    if (us >= 0.07 && v <= squeeze) return static_cast<std::uint64_t>(k);
    v = std::log(v * alpha / (a / (us * us) + b));
    if (v <= at_mode - log_factorial(k) - log_factorial(n - k) + (k - mode) * log_odds) {
      return static_cast<std::uint64_t>(k);
    }
  }
}

}  // namespace

std::uint64_t draw_binomial(std::uint64_t count, double probability, SeededRandom& random) {
  if (count == 0 || !(probability > 0)) return 0;
  if (probability >= 1) return count;
  if (probability > 0.5) return count - draw_binomial(count, 1 - probability, random);
  return static_cast<double>(count) * probability < 10 ? by_inversion(count, probability, random)
                                                       : by_rejection(count, probability, random);
}

}  // namespace consilium
