// Whether probabilities keep their word: of the cases that were called p probable, a share p should
// be right. The cases are sorted into ten bins by probability; the expected calibration error is
// the mean distance of a bin's share of right ones from its mean probability, each bin weighing as
// many cases as it has (M. P. Naeini, G. F. Cooper, M. Hauskrecht, Proc. AAAI 2015, 2901-2907).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

namespace consilium {

struct Reliability {
  struct Bin {
    std::uint64_t cases = 0;
    std::uint64_t right = 0;
    double probability_sum = 0;
  };
  std::array<Bin, 10> bins{};

  // `probability` is of [0, 1].
  void add(double probability, bool is_right) {
    const auto at = static_cast<std::size_t>(std::clamp(probability, 0.0, 1.0) * 10);
    Bin& bin = bins[std::min(at, bins.size() - 1)];
    ++bin.cases;
    bin.right += is_right ? 1 : 0;
    bin.probability_sum += probability;
  }
  // In [0, 1]; none without cases.
  [[nodiscard]] std::optional<double> expected_calibration_error() const {
    std::uint64_t cases = 0;
    double sum = 0;
    for (const Bin& bin : bins) {
      cases += bin.cases;
      sum += std::abs(bin.probability_sum - static_cast<double>(bin.right));
    }
    if (cases == 0) return std::nullopt;
    return sum / static_cast<double>(cases);
  }
};

}  // namespace consilium
