// Running sums of a histogram: how many voxels and how much of their bin numbers lie up to a bin.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace consilium::threshold {

struct HistogramSums {
  explicit HistogramSums(std::span<const std::uint64_t> counts)
      : weight(counts.size()), moment(counts.size()) {
    double w = 0;
    double m = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      w += static_cast<double>(counts[i]);
      m += static_cast<double>(counts[i]) * static_cast<double>(i);
      weight[i] = w;
      moment[i] = m;
    }
  }
  [[nodiscard]] double all() const { return weight.back(); }
  [[nodiscard]] double mean_below(std::size_t bin) const { return moment[bin] / weight[bin]; }
  [[nodiscard]] double mean_above(std::size_t bin) const {
    return (moment.back() - moment[bin]) / (weight.back() - weight[bin]);
  }
  std::vector<double> weight, moment;  // over bins [0, i]
};

// The bins in use: a threshold lies in [first, last).
struct UsedBins {
  std::size_t first = 0;
  std::size_t last = 0;
};

}  // namespace consilium::threshold
