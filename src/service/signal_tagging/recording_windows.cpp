#include "service/signal_tagging/recording_windows.hpp"

#include <algorithm>
#include <cmath>

namespace consilium::service {
namespace {

constexpr double samples_a_second = 50;
constexpr double samples_min = 64;
constexpr double samples_max = 1'500;
constexpr std::size_t scaling_windows = 64;

// The channel over the window in so many means, in its unit.
Status append_window(const SampleSource& samples, std::size_t channel_index, TickSpan window,
                     std::size_t count, std::vector<std::int32_t>& stored,
                     std::vector<float>& out) {
  const Channel& channel = samples.header().channels[channel_index];
  const SampleSpan span = samples_in(channel, window);
  stored.resize(static_cast<std::size_t>(span.last.value - span.first.value));
  CSL_TRY(samples.read(channel_index, span.first, stored));
  float before = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = i * stored.size() / count;
    const std::size_t end =
        std::min(std::max((i + 1) * stored.size() / count, begin + 1), stored.size());
    double sum = 0;
    double measured = 0;
    for (std::size_t s = begin; s < end; ++s) {
      const double value = physical_value(channel, stored[s]);
      if (!std::isfinite(value)) continue;
      sum += value;
      measured += 1;
    }
    if (measured > 0) before = static_cast<float>(sum / measured);
    out.push_back(before);
  }
  return {};
}

float median_of(std::vector<float>& values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

WindowForm window_form(std::vector<std::string> channels, double window_s) {
  const double samples = std::clamp(window_s * samples_a_second, samples_min, samples_max);
  return {.channels = std::move(channels),
          .window_s = window_s,
          .samples = static_cast<std::size_t>(samples)};
}

std::vector<TickSpan> windows_of(const RecordHeader& header, double window_s) {
  std::vector<TickSpan> windows;
  const double ticks = window_s * header.tick_rate.hz();
  const auto at = [&](std::size_t n) {
    return Tick{static_cast<std::int64_t>(std::llround(static_cast<double>(n) * ticks))};
  };
  for (std::size_t n = 0; at(n + 1).value <= header.length_ticks; ++n) {
    windows.push_back({at(n), at(n + 1)});
  }
  return windows;
}

std::vector<TickSpan> even_windows(const RecordHeader& header, double window_s, std::size_t count) {
  const auto length =
      std::min(static_cast<std::int64_t>(std::llround(window_s * header.tick_rate.hz())),
               header.length_ticks);
  std::vector<TickSpan> windows;
  for (std::size_t n = 0; n < count; ++n) {
    const std::int64_t begin = count < 2
                                   ? 0
                                   : static_cast<std::int64_t>(n) * (header.length_ticks - length) /
                                         static_cast<std::int64_t>(count - 1);
    if (windows.empty() || windows.back().first.value < begin) {
      windows.push_back({{begin}, {begin + length}});
    }
  }
  return windows;
}

Result<std::vector<float>> series_of(const SampleSource& samples, const WindowForm& form,
                                     std::span<const TickSpan> windows) {
  const auto& channels = samples.header().channels;
  std::vector<float> series(windows.size() * form.shape().size());
  std::vector<std::int32_t> stored;
  for (std::size_t c = 0; c < form.channels.size(); ++c) {
    const auto found = std::ranges::find(channels, form.channels[c], &Channel::name);
    if (found == channels.end()) {
      return fail(ErrorCode::NotFound, "the recording lacks a channel that was learnt from");
    }
    const auto index = static_cast<std::size_t>(found - channels.begin());
    std::vector<float> usual;
    for (const TickSpan& window : even_windows(samples.header(), form.window_s, scaling_windows)) {
      CSL_TRY(append_window(samples, index, window, form.samples, stored, usual));
    }
    const float middle = median_of(usual);
    for (float& value : usual) value = std::abs(value - middle);
    const float deviation = median_of(usual);
    const float scale = deviation > 0 ? 1 / deviation : 0;
    std::vector<float> one;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      one.clear();
      CSL_TRY(append_window(samples, index, windows[w], form.samples, stored, one));
      float* to = series.data() + w * form.shape().size() + c * form.samples;
      for (const float value : one) *to++ = (value - middle) * scale;
    }
  }
  return series;
}

}  // namespace consilium::service
