#include "analysis/ecg_delineation/spline_wavelet.hpp"

#include <algorithm>
#include <cstdint>

namespace consilium::delineation {

Wavelet spline_wavelet(std::span<const double> signal) {
  Wavelet out;
  const auto count = static_cast<std::int64_t>(signal.size());
  if (count == 0) return out;
  std::vector<double> smooth(signal.begin(), signal.end());
  std::vector<double> next(smooth.size());
  // smooth[i] stands for the time i + late / 2 of the samples: filters of even length lie between.
  std::int64_t late = 0;
  for (int k = 1; k <= scale_count; ++k) {
    const std::int64_t step = std::int64_t{1} << (k - 1);
    const auto at = [&](std::int64_t i) {
      return smooth[static_cast<std::size_t>(std::clamp<std::int64_t>(i, 0, count - 1))];
    };
    std::vector<double>& slope = out.scales[static_cast<std::size_t>(k - 1)];
    slope.resize(smooth.size());
    // W at i + 1/2: the difference over `step` whose middle lies there.
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t twice = 2 * i + 1 - late;  // the middle, in half samples of `smooth`
      const std::int64_t first = (twice - step) >> 1;
      slope[static_cast<std::size_t>(i)] = 2 * (at(first + step) - at(first));
    }
    for (std::int64_t i = 0; i < count; ++i) {
      next[static_cast<std::size_t>(i)] =
          (at(i - step) + 3 * at(i) + 3 * at(i + step) + at(i + 2 * step)) / 8;
    }
    late += step;  // the middle of i - step ... i + 2 step lies half a step after i
    smooth.swap(next);
  }
  return out;
}

}  // namespace consilium::delineation
