#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>
#include <vector>

#include "analysis/heart_rate_variability/intervals.hpp"

namespace consilium::variability {
namespace {

constexpr double step_hz = 1.0 / 1024;
constexpr std::size_t step_count = 410;  // up to 0.4 Hz
constexpr double vlf_hz = 0.003;
constexpr double lf_hz = 0.04;
constexpr double hf_hz = 0.15;
constexpr double end_hz = 0.4;

// What Lomb's formula needs of one frequency, summed over the intervals: cos and sin of the angle,
// of twice the angle, and both weighted by the interval.
struct Sums {
  std::complex<double> twice{};
  std::complex<double> weighted{};
};

}  // namespace

IntervalPowers powers_of(std::span<const double> ends_s, std::span<const double> lengths_ms) {
  IntervalPowers powers;
  const std::size_t count = lengths_ms.size();
  if (count < 2) return powers;
  const double mean =
      std::reduce(lengths_ms.begin(), lengths_ms.end(), 0.0) / static_cast<double>(count);
  std::vector<Sums> sums(step_count + 1);
  for (std::size_t i = 0; i < count; ++i) {
    const double angle = 2 * std::numbers::pi * step_hz * (ends_s[i] - ends_s[0]);
    const std::complex<double> turn(std::cos(angle), std::sin(angle));
    std::complex<double> at = turn;
    for (std::size_t k = 1; k <= step_count; ++k) {
      sums[k].twice += at * at;
      sums[k].weighted += at * (lengths_ms[i] - mean);
      at *= turn;
    }
  }
  // One-sided density of a series with this mean rate: a sine of amplitude a holds a^2 / 2.
  const double rate_hz = static_cast<double>(count - 1) / (ends_s[count - 1] - ends_s[0]);
  for (std::size_t k = 1; k <= step_count; ++k) {
    // Lomb's tau turns the sums so that cosine and sine are apart.
    const double half_angle = std::arg(sums[k].twice) / 2;
    const std::complex<double> turned =
        sums[k].weighted * std::complex<double>(std::cos(half_angle), -std::sin(half_angle));
    const double spread = std::abs(sums[k].twice);
    const double cosines = (static_cast<double>(count) + spread) / 2;
    const double sines = (static_cast<double>(count) - spread) / 2;
    double power = turned.real() * turned.real() / cosines;
    if (sines > 1e-9) power += turned.imag() * turned.imag() / sines;
    const double density = power / rate_hz;  // twice Lomb's half
    const double hz = static_cast<double>(k) * step_hz;
    if (hz < vlf_hz || hz > end_hz) continue;
    double& band = hz < lf_hz ? powers.vlf : hz < hf_hz ? powers.lf : powers.hf;
    band += density * step_hz;
  }
  return powers;
}

}  // namespace consilium::variability
