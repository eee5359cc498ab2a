#include "analysis/threshold/entropy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace consilium::threshold {
namespace {

double x_log_x(double x) { return x > 0 ? x * std::log(x) : 0; }

// The first bin of [first, last) with the least cost.
template <class Cost>
std::size_t least(UsedBins used, const Cost& cost) {
  std::size_t best = used.first;
  double lowest = std::numeric_limits<double>::infinity();
  for (std::size_t bin = used.first; bin < used.last; ++bin) {
    const double value = cost(bin);
    if (value < lowest) {
      lowest = value;
      best = bin;
    }
  }
  return best;
}

}  // namespace

std::size_t huang(std::span<const std::uint64_t> counts, const HistogramSums& sums, UsedBins used) {
  // A voxel d bins from its class's mean (rounded to a bin) belongs to it by 1 / (1 + d / range).
  const auto range = static_cast<double>(used.last - used.first);
  std::vector<double> fuzziness(used.last - used.first + 1);
  for (std::size_t d = 0; d < fuzziness.size(); ++d) {
    const double belongs = 1 / (1 + static_cast<double>(d) / range);
    fuzziness[d] = -x_log_x(belongs) - x_log_x(1 - belongs);
  }
  const auto of_class = [&](std::size_t begin, std::size_t end, double mean) {
    const auto centre = static_cast<std::size_t>(std::llround(mean));
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) {
      sum += fuzziness[i < centre ? centre - i : i - centre] * static_cast<double>(counts[i]);
    }
    return sum;
  };
  return least(used, [&](std::size_t bin) {
    return of_class(used.first, bin + 1, sums.mean_below(bin)) +
           of_class(bin + 1, used.last + 1, sums.mean_above(bin));
  });
}

std::size_t li(const HistogramSums& sums, UsedBins used) {
  const auto origin = static_cast<double>(used.first);
  double threshold = sums.moment.back() / sums.all() - origin;
  std::size_t bin = used.first;
  // The step cannot leave the used bins; it may in theory walk to and fro between two of them.
  for (std::size_t steps = 0; steps <= used.last; ++steps) {
    bin = std::clamp(used.first + static_cast<std::size_t>(threshold), used.first, used.last - 1);
    const double below = sums.mean_below(bin) - origin;
    const double above = sums.mean_above(bin) - origin;
    if (below <= 0) break;  // only the first bin lies below, whose logarithm has no bound
    const double next = (below - above) / (std::log(below) - std::log(above));
    if (std::abs(next - threshold) < 0.5) break;
    threshold = next;
  }
  return bin;
}

std::size_t max_entropy(std::span<const std::uint64_t> counts, const HistogramSums& sums,
                        UsedBins used) {
  // The entropy of n_i among n is log n - sum of n_i log n_i / n.
  std::vector<double> logs(counts.size());
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += x_log_x(static_cast<double>(counts[i]));
    logs[i] = sum;
  }
  return least(used, [&](std::size_t bin) {
    const double below = sums.weight[bin];
    const double above = sums.all() - below;
    return logs[bin] / below - std::log(below) + (sum - logs[bin]) / above - std::log(above);
  });
}

}  // namespace consilium::threshold
