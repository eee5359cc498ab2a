// The quadratic-spline wavelet by the algorithme a trous: W_k is the slope of the signal smoothed
// over about 2^k samples. S. Mallat, S. Zhong, IEEE Trans. PAMI 14 (1992) 710-732. Used inside this
// module.
#pragma once

#include <array>
#include <span>
#include <vector>

namespace consilium::delineation {

inline constexpr int scale_count = 5;

// scales[k - 1][i] is W_k at sample i + 1/2, delays taken out. Values whose filters reach over an
// end take the signal to stay there as it is.
struct Wavelet {
  std::array<std::vector<double>, scale_count> scales;
  [[nodiscard]] const std::vector<double>& at(int k) const {
    return scales[static_cast<std::size_t>(k - 1)];
  }
};
[[nodiscard]] Wavelet spline_wavelet(std::span<const double> signal);

}  // namespace consilium::delineation
