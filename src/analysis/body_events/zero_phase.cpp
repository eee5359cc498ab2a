#include "analysis/body_events/zero_phase.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace consilium {
namespace {

struct Section {
  double b0, b1, b2, a1, a2;
};

// By the bilinear transform; `k` is the edge warped.
Section low_pass(double edge_hz, double rate_hz) {
  const double k = std::tan(std::numbers::pi * edge_hz / rate_hz);
  const double scale = 1 / (1 + std::numbers::sqrt2 * k + k * k);
  return {.b0 = k * k * scale,
          .b1 = 2 * k * k * scale,
          .b2 = k * k * scale,
          .a1 = 2 * (k * k - 1) * scale,
          .a2 = (1 - std::numbers::sqrt2 * k + k * k) * scale};
}

Section high_pass(double edge_hz, double rate_hz) {
  const double k = std::tan(std::numbers::pi * edge_hz / rate_hz);
  const double scale = 1 / (1 + std::numbers::sqrt2 * k + k * k);
  return {.b0 = scale,
          .b1 = -2 * scale,
          .b2 = scale,
          .a1 = 2 * (k * k - 1) * scale,
          .a2 = (1 - std::numbers::sqrt2 * k + k * k) * scale};
}

// In place, as if the first value had stood there for ever before.
void run(const Section& s, std::vector<double>& values) {
  if (values.empty()) return;
  const double steady = (s.b0 + s.b1 + s.b2) / (1 + s.a1 + s.a2);
  double z1 = (steady - s.b0) * values.front();
  double z2 = (s.b2 - s.a2 * steady) * values.front();
  for (double& value : values) {
    const double in = value;
    value = s.b0 * in + z1;
    z1 = s.b1 * in - s.a1 * value + z2;
    z2 = s.b2 * in - s.a2 * value;
  }
}

void run_both_ways(const Section& section, std::vector<double>& values) {
  run(section, values);
  std::ranges::reverse(values);
  run(section, values);
  std::ranges::reverse(values);
}

}  // namespace

std::vector<float> filtered(std::span<const float> samples, double rate_hz, const Band& band) {
  if (samples.empty()) return {};
  std::vector<double> values;
  values.reserve(samples.size());
  double before = 0;
  const auto first = std::ranges::find_if(samples, [](float x) { return std::isfinite(x); });
  if (first != samples.end()) before = double{*first};
  for (const float sample : samples) {
    if (std::isfinite(sample)) before = double{sample};
    values.push_back(before);
  }
  const double slowest_hz = band.from_hz ? *band.from_hz : band.to_hz.value_or(rate_hz);
  const auto ring =
      std::min(static_cast<std::size_t>(2 * rate_hz / slowest_hz) + 8, values.size() - 1);
  std::vector<double> longer;
  longer.reserve(values.size() + 2 * ring);
  for (std::size_t i = ring; i > 0; --i) longer.push_back(2 * values.front() - values[i]);
  longer.insert(longer.end(), values.begin(), values.end());
  for (std::size_t i = 1; i <= ring; ++i) {
    longer.push_back(2 * values.back() - values[values.size() - 1 - i]);
  }
  if (band.from_hz && *band.from_hz < rate_hz / 2) {
    run_both_ways(high_pass(*band.from_hz, rate_hz), longer);
  }
  if (band.to_hz && *band.to_hz < rate_hz / 2) {
    run_both_ways(low_pass(*band.to_hz, rate_hz), longer);
  }
  std::vector<float> out(samples.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(longer[ring + i]);
  return out;
}

}  // namespace consilium
