#include "analysis/ecg_rhythm/ecg_quality.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace consilium {
namespace {

constexpr double flat_s = 0.2;
constexpr std::size_t clipped_min = 3;
constexpr double match_s = 0.15;

// Calls `run(value, length)` for each stretch of one value.
template <class Run>
void runs(std::span<const float> samples, Run run) {
  for (std::size_t i = 0; i < samples.size();) {
    std::size_t end = i + 1;
    while (end < samples.size() && samples[end] == samples[i]) ++end;
    run(samples[i], end - i);
    i = end;
  }
}

double agreement_of(std::span<const std::int64_t> one, std::span<const std::int64_t> other,
                    std::int64_t window) {
  std::size_t both = 0;
  for (std::size_t i = 0, j = 0; i < one.size() && j < other.size();) {
    if (std::abs(one[i] - other[j]) <= window) {
      ++both;
      ++i;
      ++j;
    } else if (one[i] < other[j]) {
      ++i;
    } else {
      ++j;
    }
  }
  const std::size_t all = one.size() + other.size() - both;
  return all == 0 ? 1 : static_cast<double>(both) / static_cast<double>(all);
}

}  // namespace

LeadQuality lead_quality(std::span<const float> samples_mv, double rate_hz,
                         std::span<const std::int64_t> lead_beats,
                         std::span<const std::int64_t> all_beats) {
  LeadQuality quality;
  quality.agreement =
      agreement_of(lead_beats, all_beats, static_cast<std::int64_t>(match_s * rate_hz));
  if (samples_mv.empty()) return quality;
  std::vector<float> numbers;
  std::ranges::copy_if(samples_mv, std::back_inserter(numbers),
                       [](float sample) { return std::isfinite(sample); });
  const auto count = static_cast<double>(samples_mv.size());
  quality.missing = (count - static_cast<double>(numbers.size())) / count;
  if (numbers.empty()) return quality;
  const auto [least, most] = std::ranges::minmax(numbers);
  const auto flat_min = static_cast<std::size_t>(flat_s * rate_hz);
  std::size_t flat = 0;
  std::size_t clipped = 0;
  runs(numbers, [&](float value, std::size_t length) {
    if (length >= flat_min) flat += length;
    if (length >= clipped_min && least < most && (value == least || value == most)) {
      clipped += length;
    }
  });
  quality.flat = static_cast<double>(flat) / count;
  quality.clipped = static_cast<double>(clipped) / count;
  return quality;
}

bool is_poor(const LeadQuality& quality) {
  return quality.missing >= 0.1 || quality.flat >= 0.2 || quality.clipped >= 0.05 ||
         quality.agreement < 0.8;
}

}  // namespace consilium
