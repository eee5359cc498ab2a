#include "analysis/threshold/threshold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/threshold/entropy.hpp"
#include "base/check.hpp"

namespace consilium {
namespace {

using threshold::HistogramSums;
using threshold::UsedBins;

constexpr std::size_t multi_otsu_bins_max = 4096;
constexpr int smoothings_max = 10'000;

std::optional<UsedBins> used_bins(std::span<const std::uint64_t> counts) {
  const auto is_used = [](std::uint64_t count) { return count > 0; };
  const auto first = std::ranges::find_if(counts, is_used);
  if (first == counts.end()) return std::nullopt;
  auto last = counts.end() - 1;
  while (*last == 0) --last;
  if (last == first) return std::nullopt;
  return UsedBins{.first = static_cast<std::size_t>(first - counts.begin()),
                  .last = static_cast<std::size_t>(last - counts.begin())};
}

std::size_t otsu(const HistogramSums& sums, UsedBins used) {
  std::size_t best = used.first;
  double most = -1;
  for (std::size_t bin = used.first; bin < used.last; ++bin) {
    const double apart = sums.mean_above(bin) - sums.mean_below(bin);
    const double variance = sums.weight[bin] * (sums.all() - sums.weight[bin]) * apart * apart;
    if (variance > most) {
      most = variance;
      best = bin;
    }
  }
  return best;
}

std::size_t triangle(std::span<const std::uint64_t> counts, UsedBins used) {
  const auto peak = static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin());
  // The tail is the longer side of the peak.
  const bool rising = peak - used.first >= used.last - peak;
  const std::size_t tail = rising ? used.first : used.last;
  const auto height = static_cast<double>(counts[peak]);
  const auto tail_height = static_cast<double>(counts[tail]);
  const double length = std::abs(static_cast<double>(tail) - static_cast<double>(peak));
  std::size_t best = tail;
  double most = -std::numeric_limits<double>::infinity();
  for (std::size_t bin = std::min(peak, tail); bin <= std::max(peak, tail); ++bin) {
    // How far the line lies above the histogram; the distance from it is that times a constant.
    const double along = std::abs(static_cast<double>(bin) - static_cast<double>(peak)) / length;
    const double below = height + (tail_height - height) * along - static_cast<double>(counts[bin]);
    if (below > most) {
      most = below;
      best = bin;
    }
  }
  return std::clamp(best, used.first, used.last - 1);
}

std::optional<std::size_t> iso_data(const HistogramSums& sums, UsedBins used) {
  for (std::size_t bin = used.first; bin < used.last; ++bin) {
    const double middle = (sums.mean_below(bin) + sums.mean_above(bin)) / 2;
    if (static_cast<double>(bin) <= middle && middle < static_cast<double>(bin + 1)) return bin;
  }
  return std::nullopt;
}

std::vector<std::size_t> peaks_of(const std::vector<double>& values) {
  std::vector<std::size_t> peaks;
  for (std::size_t i = 1; i + 1 < values.size() && peaks.size() < 3; ++i) {
    if (values[i - 1] < values[i] && values[i + 1] < values[i]) peaks.push_back(i);
  }
  return peaks;
}

std::optional<std::size_t> intermodes(std::span<const std::uint64_t> counts) {
  // Empty bins at both ends let a peak in the first or last bin be one.
  std::vector<double> values(counts.size() + 2);
  std::ranges::transform(counts, values.begin() + 1,
                         [](std::uint64_t count) { return static_cast<double>(count); });
  std::vector<double> next(values.size());
  for (int i = 0; i < smoothings_max; ++i) {
    const auto peaks = peaks_of(values);
    if (peaks.size() == 2) return (peaks[0] + peaks[1]) / 2 - 1;
    if (peaks.size() < 2) return std::nullopt;
    for (std::size_t k = 0; k < values.size(); ++k) {
      const double before = k > 0 ? values[k - 1] : 0;
      const double after = k + 1 < values.size() ? values[k + 1] : 0;
      next[k] = (before + values[k] + after) / 3;
    }
    std::swap(values, next);
  }
  return std::nullopt;
}

// Two grey levels with a share each that keep the moments 1 to 3; the threshold is the bin up to
// which the lower one's share of the voxels lies.
std::optional<std::size_t> moments(std::span<const std::uint64_t> counts, const HistogramSums& sums,
                                   UsedBins used) {
  double m1 = 0;
  double m2 = 0;
  double m3 = 0;
  for (std::size_t i = used.first; i <= used.last; ++i) {
    const double share = static_cast<double>(counts[i]) / sums.all();
    const auto value = static_cast<double>(i - used.first);
    m1 += share * value;
    m2 += share * value * value;
    m3 += share * value * value * value;
  }
  const double variance = m2 - m1 * m1;
  const double c0 = (m1 * m3 - m2 * m2) / variance;
  const double c1 = (m1 * m2 - m3) / variance;
  const double root = std::sqrt(c1 * c1 - 4 * c0);
  const double low = (-c1 - root) / 2;
  const double high = (-c1 + root) / 2;
  const double share = (high - m1) / (high - low);
  if (!std::isfinite(share)) return std::nullopt;
  for (std::size_t bin = used.first; bin < used.last; ++bin) {
    if (sums.weight[bin] / sums.all() > share) return bin;
  }
  return used.last - 1;
}

}  // namespace

std::string_view name_of(ThresholdMethod method) {
  switch (method) {
    case ThresholdMethod::Otsu:
      return "otsu";
    case ThresholdMethod::Huang:
      return "huang";
    case ThresholdMethod::Li:
      return "li";
    case ThresholdMethod::Triangle:
      return "triangle";
    case ThresholdMethod::IsoData:
      return "isodata";
    case ThresholdMethod::MaxEntropy:
      return "max_entropy";
    case ThresholdMethod::Intermodes:
      return "intermodes";
    case ThresholdMethod::Moments:
      break;
  }
  return "moments";
}

std::optional<std::size_t> threshold_bin(std::span<const std::uint64_t> counts,
                                         ThresholdMethod method) {
  CSL_CHECK(counts.size() <= histogram_bins_max);
  const auto used = used_bins(counts);
  if (!used) return std::nullopt;
  const HistogramSums sums(counts);
  switch (method) {
    case ThresholdMethod::Otsu:
      return otsu(sums, *used);
    case ThresholdMethod::Huang:
      return threshold::huang(counts, sums, *used);
    case ThresholdMethod::Li:
      return threshold::li(sums, *used);
    case ThresholdMethod::Triangle:
      return triangle(counts, *used);
    case ThresholdMethod::IsoData:
      return iso_data(sums, *used);
    case ThresholdMethod::MaxEntropy:
      return threshold::max_entropy(counts, sums, *used);
    case ThresholdMethod::Intermodes:
      return intermodes(counts);
    case ThresholdMethod::Moments:
      break;
  }
  return moments(counts, sums, *used);
}

Result<std::vector<std::size_t>> multi_otsu(std::span<const std::uint64_t> counts,
                                            std::size_t classes) {
  const std::size_t bins = counts.size();
  const auto in_use =
      static_cast<std::size_t>(std::ranges::count_if(counts, [](auto count) { return count > 0; }));
  if (classes < 2 || classes > 6 || in_use < classes || bins > multi_otsu_bins_max) {
    return fail(ErrorCode::InvalidInput, "the histogram cannot be parted so",
                fmt::format("{} classes, {} of {} bins in use", classes, in_use, bins),
                "ask for 2 to 6 classes, of at most 4096 bins");
  }
  const HistogramSums sums(counts);
  // Of the bins [begin, end): square of the sum over the number, which is to be largest in total.
  const auto gain = [&](std::size_t begin, std::size_t end) {
    const double weight = sums.weight[end - 1] - (begin > 0 ? sums.weight[begin - 1] : 0);
    const double moment = sums.moment[end - 1] - (begin > 0 ? sums.moment[begin - 1] : 0);
    return weight > 0 ? moment * moment / weight : -std::numeric_limits<double>::infinity();
  };
  // best[c][end]: of the first `end` bins in c + 1 classes; from[c][end]: where the last begins.
  std::vector<std::vector<double>> best(classes, std::vector<double>(bins + 1));
  std::vector<std::vector<std::size_t>> from(classes, std::vector<std::size_t>(bins + 1));
  for (std::size_t end = 1; end <= bins; ++end) best[0][end] = gain(0, end);
  for (std::size_t c = 1; c < classes; ++c) {
    for (std::size_t end = 0; end <= bins; ++end) {
      best[c][end] = -std::numeric_limits<double>::infinity();
      for (std::size_t begin = c; begin < end; ++begin) {
        const double total = best[c - 1][begin] + gain(begin, end);
        if (total > best[c][end]) {
          best[c][end] = total;
          from[c][end] = begin;
        }
      }
    }
  }
  std::vector<std::size_t> thresholds(classes - 1);
  std::size_t end = bins;
  for (std::size_t c = classes - 1; c > 0; --c) {
    end = from[c][end];
    thresholds[c - 1] = end - 1;
  }
  return thresholds;
}

}  // namespace consilium
