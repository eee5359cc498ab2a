#include "analysis/heart_rate_variability/heart_rate_variability.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "analysis/heart_rate_variability/intervals.hpp"

namespace consilium {
namespace {

constexpr double shortest_s = 0.3;
constexpr double longest_s = 2;
constexpr double window_s = 300;
// What rounding of times makes of equal intervals: it varies nothing, and 50 ms are not above 50.
constexpr double rounding_ms = 1e-6;
constexpr double bin_s = 1.0 / 128;
constexpr double entropy_tolerance = 0.2;
constexpr std::size_t intervals_min = 10;
constexpr std::size_t fluctuation_intervals_min = 64;

// NN intervals in order of time.
struct Intervals {
  std::vector<double> ends_s;
  std::vector<double> lengths_ms;
  std::vector<bool> meets_last;  // begins where the one before ended
};

Intervals counted(std::span<const HeartBeat> beats, std::size_t& left_out) {
  Intervals found;
  bool was_counted = false;
  for (std::size_t i = 1; i < beats.size(); ++i) {
    const double length_s = beats[i].at_s - beats[i - 1].at_s;
    const bool counts = beats[i].is_normal && beats[i - 1].is_normal && length_s >= shortest_s &&
                        length_s <= longest_s;
    if (counts) {
      found.ends_s.push_back(beats[i].at_s);
      found.lengths_ms.push_back(length_s * 1000);
      found.meets_last.push_back(was_counted);
    } else {
      ++left_out;
    }
    was_counted = counts;
  }
  return found;
}

double mean_of(std::span<const double> values) {
  return values.empty()
             ? 0
             : std::reduce(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation_of(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

// Of intervals [first, last).
IntervalTimes times_of(const Intervals& all, std::size_t first, std::size_t last) {
  const auto lengths = std::span(all.lengths_ms).subspan(first, last - first);
  IntervalTimes times{.count = lengths.size(), .mean = mean_of(lengths)};
  if (lengths.empty()) return times;
  std::vector<double> sorted(lengths.begin(), lengths.end());
  std::ranges::sort(sorted);
  const std::size_t half = sorted.size() / 2;
  times.median = sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  times.sdnn = deviation_of(lengths);
  std::vector<double> differences;
  for (std::size_t i = first + 1; i < last; ++i) {
    if (all.meets_last[i]) differences.push_back(all.lengths_ms[i] - all.lengths_ms[i - 1]);
  }
  if (differences.empty()) return times;
  double squares = 0;
  double above_50 = 0;
  double above_20 = 0;
  for (const double difference : differences) {
    squares += difference * difference;
    above_50 += std::abs(difference) > 50 + rounding_ms ? 1 : 0;
    above_20 += std::abs(difference) > 20 + rounding_ms ? 1 : 0;
  }
  const auto count = static_cast<double>(differences.size());
  times.rmssd = std::sqrt(squares / count);
  times.sdsd = deviation_of(differences);
  times.pnn50 = above_50 / count;
  times.pnn20 = above_20 / count;
  return times;
}

std::vector<VariabilityWindow> windows_of(const Intervals& all, double begin_s, double end_s) {
  std::vector<VariabilityWindow> windows;
  const bool is_short = end_s - begin_s < window_s;
  std::size_t first = 0;
  for (double at_s = begin_s; is_short ? at_s == begin_s : at_s + window_s <= end_s;
       at_s += window_s) {
    const double until_s = is_short ? end_s : at_s + window_s;
    // An interval belongs to the window that it ended in.
    const auto past = std::ranges::upper_bound(all.ends_s, until_s) - all.ends_s.begin();
    const auto last = static_cast<std::size_t>(past);
    if (last - first >= intervals_min) {
      const auto lengths = std::span(all.lengths_ms).subspan(first, last - first);
      VariabilityWindow& window = windows.emplace_back(VariabilityWindow{
          .begin_s = at_s, .end_s = until_s, .times = times_of(all, first, last)});
      window.powers =
          variability::powers_of(std::span(all.ends_s).subspan(first, last - first), lengths);
      if (window.times.sdnn > rounding_ms)
        window.sample_entropy =
            variability::sample_entropy(lengths, entropy_tolerance * window.times.sdnn);
    }
    first = last;
  }
  return windows;
}

double triangular_index(std::span<const double> lengths_ms) {
  std::map<long, std::size_t> bins;
  std::size_t fullest = 1;
  for (const double length : lengths_ms) {
    fullest = std::max(fullest, ++bins[std::lround(length / (1000 * bin_s))]);
  }
  return static_cast<double>(lengths_ms.size()) / static_cast<double>(fullest);
}

void sum_up_windows(HeartRateVariability& found) {
  if (found.windows.empty()) return;
  const auto count = static_cast<double>(found.windows.size());
  std::vector<double> means;
  std::vector<double> entropies;
  double deviations = 0;
  for (const VariabilityWindow& window : found.windows) {
    means.push_back(window.times.mean);
    deviations += window.times.sdnn;
    found.powers.vlf += window.powers.vlf / count;
    found.powers.lf += window.powers.lf / count;
    found.powers.hf += window.powers.hf / count;
    if (window.sample_entropy) entropies.push_back(*window.sample_entropy);
  }
  if (means.size() > 1) {
    found.sdann = deviation_of(means);
    found.sdnn_index = deviations / count;
  }
  if (!entropies.empty()) found.sample_entropy = mean_of(entropies);
}

}  // namespace

Result<HeartRateVariability> heart_rate_variability(std::span<const HeartBeat> beats) {
  for (std::size_t i = 1; i < beats.size(); ++i) {
    if (beats[i].at_s > beats[i - 1].at_s) continue;
    return fail(ErrorCode::InvalidInput, "the beats are not in order", "beat " + std::to_string(i),
                "sort them by time, each once");
  }
  HeartRateVariability found;
  const Intervals all = counted(beats, found.left_out);
  if (all.lengths_ms.size() < intervals_min) {
    return fail(ErrorCode::InvalidInput, "fewer than 10 intervals lie between normal beats", "",
                "take a longer record, or label its normal beats");
  }
  found.times = times_of(all, 0, all.lengths_ms.size());
  found.triangular_index = triangular_index(all.lengths_ms);
  const double variance = found.times.sdnn * found.times.sdnn;
  const double of_differences = found.times.sdsd * found.times.sdsd / 2;
  found.sd1 = std::sqrt(of_differences);
  found.sd2 = std::sqrt(std::max(0.0, 2 * variance - of_differences));
  if (all.lengths_ms.size() >= fluctuation_intervals_min && found.times.sdnn > rounding_ms) {
    found.alpha1 = variability::fluctuation_slope(all.lengths_ms, 4, 16);
    found.alpha2 = variability::fluctuation_slope(all.lengths_ms, 16, 64);
  }
  found.windows = windows_of(all, beats.front().at_s, beats.back().at_s);
  sum_up_windows(found);
  return found;
}

}  // namespace consilium
