// A made ECG for this module's tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.hpp"

namespace consilium::qrs {

struct MadeEcg {
  std::vector<float> samples_mv;
  std::vector<std::int64_t> beats;  // of the R peaks
};

// Bumps for P, QRS and T at irregular intervals, drift and noise over them.
inline MadeEcg made_ecg(double rate_hz, double seconds, double noise_mv, std::uint64_t seed) {
  SeededRandom random(seed);
  const auto unit = [&] { return static_cast<double>(random.below(1'000'001)) / 1e6; };
  MadeEcg ecg;
  ecg.samples_mv.resize(static_cast<std::size_t>(rate_hz * seconds));
  struct Wave {
    double at_s, width_s, height_mv;
  };
  constexpr Wave waves[] = {{-0.17, 0.025, 0.15},
                            {-0.025, 0.008, -0.12},
                            {0, 0.011, 1.1},
                            {0.03, 0.010, -0.25},
                            {0.28, 0.06, 0.3}};
  for (double at = 0.8; at < seconds - 0.8; at += 0.6 + 0.5 * unit()) {
    ecg.beats.push_back(std::llround(at * rate_hz));
    for (const Wave& wave : waves) {
      const double centre = (at + wave.at_s) * rate_hz;
      const double width = wave.width_s * rate_hz;
      const auto begin = static_cast<std::int64_t>(centre - 5 * width);
      for (std::int64_t i = std::max<std::int64_t>(0, begin); i < std::llround(centre + 5 * width);
           ++i) {
        if (i >= std::ssize(ecg.samples_mv)) break;
        const double z = (static_cast<double>(i) - centre) / width;
        ecg.samples_mv[static_cast<std::size_t>(i)] +=
            static_cast<float>(wave.height_mv * std::exp(-z * z / 2));
      }
    }
  }
  for (std::size_t i = 0; i < ecg.samples_mv.size(); ++i) {
    const double t = static_cast<double>(i) / rate_hz;
    const double noise = noise_mv * (unit() + unit() + unit() - 1.5) * 2;
    ecg.samples_mv[i] += static_cast<float>(0.5 * std::sin(t * 1.7) + noise + 3);
  }
  return ecg;
}

}  // namespace consilium::qrs
