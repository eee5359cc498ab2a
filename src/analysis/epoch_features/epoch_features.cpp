#include "analysis/epoch_features/epoch_features.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>
#include <vector>

namespace consilium {
namespace {

constexpr double piece_s = 4;
constexpr std::size_t samples_min = 16;
constexpr double band_edges_hz[] = {0.5, 4, 8, 12, 16, 30};
constexpr double edge_share = 0.95;

// In place; the length is a power of two (J. W. Cooley, J. W. Tukey, Math. Comput. 19 (1965)).
void transform(std::vector<std::complex<double>>& values) {
  const std::size_t count = values.size();
  for (std::size_t i = 1, j = 0; i < count; ++i) {
    std::size_t bit = count / 2;
    for (; (j & bit) != 0; bit /= 2) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(values[i], values[j]);
  }
  for (std::size_t length = 2; length <= count; length *= 2) {
    const double angle = -2 * std::numbers::pi / static_cast<double>(length);
    const std::complex<double> turn(std::cos(angle), std::sin(angle));
    for (std::size_t begin = 0; begin < count; begin += length) {
      std::complex<double> factor(1, 0);
      for (std::size_t k = 0; k < length / 2; ++k) {
        const auto even = values[begin + k];
        const auto odd = values[begin + k + length / 2] * factor;
        values[begin + k] = even + odd;
        values[begin + k + length / 2] = even - odd;
        factor *= turn;
      }
    }
  }
}

// One-sided power density at k * rate / piece.
std::vector<double> density_of(std::span<const double> samples, double rate_hz) {
  const auto wanted = static_cast<std::size_t>(piece_s * rate_hz);
  const std::size_t piece =
      std::bit_floor(std::max<std::size_t>(8, std::min(wanted, samples.size())));
  std::vector<double> window(piece);
  double window_squares = 0;
  for (std::size_t i = 0; i < piece; ++i) {
    window[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) /
                                     static_cast<double>(piece));
    window_squares += window[i] * window[i];
  }
  std::vector<double> density(piece / 2 + 1, 0.0);
  std::vector<std::complex<double>> values(piece);
  double pieces = 0;
  for (std::size_t begin = 0; begin + piece <= samples.size(); begin += piece / 2) {
    const auto part = samples.subspan(begin, piece);
    const double mean = std::reduce(part.begin(), part.end(), 0.0) / static_cast<double>(piece);
    for (std::size_t i = 0; i < piece; ++i) values[i] = (part[i] - mean) * window[i];
    transform(values);
    for (std::size_t k = 0; k < density.size(); ++k) density[k] += std::norm(values[k]);
    pieces += 1;
  }
  for (std::size_t k = 0; k < density.size(); ++k) {
    const bool is_doubled = k != 0 && k != piece / 2;
    density[k] *= (is_doubled ? 2 : 1) / (pieces * rate_hz * window_squares);
  }
  return density;
}

double variance_of(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::reduce(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares / count;
}

std::vector<double> steps_of(std::span<const double> values) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < values.size(); ++i) steps.push_back(values[i] - values[i - 1]);
  return steps;
}

void add_spectrum(std::span<const double> samples, double rate_hz, EpochFeatures& found) {
  const std::vector<double> density = density_of(samples, rate_hz);
  const double step_hz = rate_hz / 2 / static_cast<double>(density.size() - 1);
  double* const bands[] = {&found.delta, &found.theta, &found.alpha, &found.sigma, &found.beta};
  double all = 0;
  for (std::size_t k = 0; k < density.size(); ++k) {
    const double hz = static_cast<double>(k) * step_hz;
    for (std::size_t b = 0; b < std::size(bands); ++b) {
      if (hz < band_edges_hz[b] || hz >= band_edges_hz[b + 1]) continue;
      *bands[b] += density[k] * step_hz;
      all += density[k] * step_hz;
    }
  }
  double below = 0;
  for (std::size_t k = 0; k < density.size() && all > 0; ++k) {
    const double hz = static_cast<double>(k) * step_hz;
    if (hz < band_edges_hz[0] || hz >= band_edges_hz[5]) continue;
    below += density[k] * step_hz;
    found.edge_hz = hz;
    if (below >= edge_share * all) break;
  }
}

}  // namespace

std::array<std::string_view, epoch_feature_count> epoch_feature_names() {
  return {"delta",    "theta",    "alpha",      "sigma",       "beta",     "edge_hz",
          "activity", "mobility", "complexity", "line_length", "crossings"};
}

std::array<double, epoch_feature_count> as_row(const EpochFeatures& f) {
  return {f.delta,    f.theta,    f.alpha,      f.sigma,       f.beta,     f.edge_hz,
          f.activity, f.mobility, f.complexity, f.line_length, f.crossings};
}

Result<EpochFeatures> epoch_features(std::span<const float> samples, double rate_hz) {
  if (samples.size() < samples_min || !(rate_hz >= 1)) {
    return fail(ErrorCode::InvalidInput, "an epoch has fewer than 16 samples", "",
                "take longer epochs, or a faster channel");
  }
  std::vector<double> values;
  double before = 0;
  for (const float sample : samples) {
    if (std::isfinite(sample)) before = double{sample};
    values.push_back(before);
  }
  EpochFeatures found;
  add_spectrum(values, rate_hz, found);
  const std::vector<double> steps = steps_of(values);
  const double of_steps = variance_of(steps);
  const double of_turns = variance_of(steps_of(steps));
  found.activity = variance_of(values);
  if (found.activity > 0) found.mobility = std::sqrt(of_steps / found.activity);
  if (of_steps > 0 && found.mobility > 0) {
    found.complexity = std::sqrt(of_turns / of_steps) / found.mobility;
  }
  const double mean =
      std::reduce(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  const auto step_count = static_cast<double>(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    found.line_length += std::abs(steps[i]) / step_count;
    found.crossings += (values[i] < mean) != (values[i + 1] < mean) ? 1 / step_count : 0;
  }
  return found;
}

}  // namespace consilium
