// Windows of a recording as series of one shape, whatever its rates and units: each channel by its
// name, brought to so many samples (means), less the recording's own median and in units of its own
// usual deviation, so that a large window stays large beside the others. Used inside this module.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "analysis/mini_rocket/mini_rocket.hpp"
#include "base/result.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium::service {

struct WindowForm {
  std::vector<std::string> channels;  // the first of each name
  double window_s = 30;
  std::size_t samples = 0;  // of a channel
  [[nodiscard]] SeriesShape shape() const {
    return {.channels = channels.size(), .length = samples};
  }
  friend bool operator==(const WindowForm&, const WindowForm&) = default;
};

inline constexpr std::size_t channels_learnt_max = 8;
// Windows that long have as many samples as 50 a second give, 64 to 1,500.
[[nodiscard]] WindowForm window_form(std::vector<std::string> channels, double window_s);

// Whole windows from the beginning on.
[[nodiscard]] std::vector<TickSpan> windows_of(const RecordHeader& header, double window_s);
// `count` windows spread evenly over the recording.
[[nodiscard]] std::vector<TickSpan> even_windows(const RecordHeader& header, double window_s,
                                                 std::size_t count);

// One series a window, in order; gaps hold the value before them. Errors: NotFound when the
// recording lacks a channel; those of reading.
[[nodiscard]] Result<std::vector<float>> series_of(const SampleSource& samples,
                                                   const WindowForm& form,
                                                   std::span<const TickSpan> windows);

}  // namespace consilium::service
