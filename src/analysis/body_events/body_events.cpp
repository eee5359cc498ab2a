#include "analysis/body_events/body_events.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "analysis/body_events/zero_phase.hpp"

namespace consilium {
namespace {

Status check_rate(double rate_hz, double least_hz) {
  if (rate_hz >= least_hz) return {};
  return fail(ErrorCode::InvalidInput, "the channel is sampled too slowly for this",
              std::to_string(rate_hz) + " Hz",
              "take a channel of " + std::to_string(static_cast<int>(least_hz)) + " Hz or more");
}

std::size_t samples_of(double seconds, double rate_hz) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(seconds * rate_hz)));
}

// Mean over `width` samples around each one; fewer at the ends.
std::vector<float> moving_mean(std::span<const float> values, std::size_t width) {
  std::vector<double> sums(values.size() + 1, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) sums[i + 1] = sums[i] + double{values[i]};
  std::vector<float> means(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t begin = i < width / 2 ? 0 : i - width / 2;
    const std::size_t end = std::min(values.size(), begin + width);
    means[i] = static_cast<float>((sums[end] - sums[begin]) / static_cast<double>(end - begin));
  }
  return means;
}

float mean_of(std::span<const float> values) {
  return static_cast<float>(std::reduce(values.begin(), values.end(), 0.0) /
                            static_cast<double>(std::max<std::size_t>(1, values.size())));
}

// Calls `stretch(begin, end)` for each stretch in which `holds(i)`.
template <class Holds, class Stretch>
void stretches(std::size_t count, Holds holds, Stretch stretch) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!holds(i)) continue;
    const std::size_t begin = i;
    while (i < count && holds(i)) ++i;
    stretch(begin, i);
  }
}

std::size_t place_of_largest(std::span<const float> values, std::size_t begin, std::size_t end) {
  const auto part = values.subspan(begin, end - begin);
  return begin + static_cast<std::size_t>(std::ranges::max_element(part) - part.begin());
}

// How far the signal usually swings within eight seconds, which a breath or two fill.
float usual_swing(std::span<const float> wave, std::size_t width) {
  std::vector<float> swings;
  for (std::size_t begin = 0; begin < wave.size(); begin += width) {
    const auto [low, high] =
        std::ranges::minmax(wave.subspan(begin, std::min(width, wave.size() - begin)));
    swings.push_back(high - low);
  }
  if (swings.empty()) return 0;
  const auto middle = swings.begin() + static_cast<std::ptrdiff_t>(swings.size() / 2);
  std::nth_element(swings.begin(), middle, swings.end());
  return *middle;
}

}  // namespace

Result<std::vector<std::size_t>> find_pulses(std::span<const float> samples, double rate_hz) {
  CSL_TRY(check_rate(rate_hz, 20));
  const std::vector<float> wave = filtered(samples, rate_hz, {.from_hz = 0.5, .to_hz = 8});
  std::vector<float> energy(wave.size());
  for (std::size_t i = 0; i < wave.size(); ++i) {
    energy[i] = wave[i] > 0 ? wave[i] * wave[i] : 0;
  }
  const std::size_t width = samples_of(0.111, rate_hz);
  const std::vector<float> near = moving_mean(energy, width);
  const std::vector<float> usual = moving_mean(energy, samples_of(0.667, rate_hz));
  const float offset = 0.02F * mean_of(energy);
  const std::size_t apart = samples_of(0.3, rate_hz);
  std::vector<std::size_t> tops;
  stretches(
      energy.size(), [&](std::size_t i) { return near[i] > usual[i] + offset; },
      [&](std::size_t begin, std::size_t end) {
        if (end - begin < width) return;
        const std::size_t top = place_of_largest(wave, begin, end);
        if (tops.empty() || top - tops.back() >= apart) tops.push_back(top);
      });
  return tops;
}

Result<std::vector<std::size_t>> find_breaths(std::span<const float> samples, double rate_hz) {
  CSL_TRY(check_rate(rate_hz, 4));
  const std::vector<float> wave = filtered(samples, rate_hz, {.from_hz = 0.05, .to_hz = 1});
  const float turn = 0.3F * usual_swing(wave, samples_of(8, rate_hz));
  std::vector<std::size_t> tops;
  if (!(turn > 0)) return tops;
  // Up to a top until the signal has come down from it far enough, down to a bottom until it has
  // risen as far: small waves on the way are part of it.
  bool is_rising = true;
  std::size_t extreme = 0;
  for (std::size_t i = 1; i < wave.size(); ++i) {
    const float beyond = is_rising ? wave[i] - wave[extreme] : wave[extreme] - wave[i];
    if (beyond > 0) {
      extreme = i;
    } else if (-beyond >= turn) {
      // A record that begins on the way down shows no top.
      if (is_rising && extreme > 0) tops.push_back(extreme);
      is_rising = !is_rising;
      extreme = i;
    }
  }
  return tops;
}

Result<std::vector<MuscleBurst>> find_bursts(std::span<const float> samples, double rate_hz) {
  CSL_TRY(check_rate(rate_hz, 200));
  const std::vector<float> wave = filtered(samples, rate_hz, {.from_hz = 20, .to_hz = {}});
  std::vector<float> energy(wave.size(), 0.0F);
  for (std::size_t i = 1; i + 1 < wave.size(); ++i) {
    energy[i] = std::abs(wave[i] * wave[i] - wave[i - 1] * wave[i + 1]);
  }
  const std::vector<float> smooth = moving_mean(energy, samples_of(0.025, rate_hz));
  std::vector<MuscleBurst> bursts;
  std::vector<float> rest(smooth);
  std::ranges::sort(rest);
  rest.resize(rest.size() * 2 / 5);
  if (rest.empty()) return bursts;
  const double quiet{mean_of(rest)};
  double squares = 0;
  for (const float x : rest) squares += (double{x} - quiet) * (double{x} - quiet);
  // The quieter part of a spread says less than its deviation: about 0.45 of it for noise.
  const double deviation = std::sqrt(squares / static_cast<double>(rest.size())) / 0.45;
  const double threshold = quiet + 8 * deviation;
  const std::size_t bridged = samples_of(0.1, rate_hz);
  stretches(
      smooth.size(), [&](std::size_t i) { return double{smooth[i]} > threshold; },
      [&](std::size_t begin, std::size_t end) {
        if (!bursts.empty() && begin - bursts.back().end < bridged) {
          bursts.back().end = end;
        } else {
          bursts.push_back({.onset = begin, .end = end});
        }
      });
  std::erase_if(bursts, [&](const MuscleBurst& burst) {
    return burst.end - burst.onset < samples_of(0.05, rate_hz);
  });
  return bursts;
}

}  // namespace consilium
