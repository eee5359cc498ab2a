// Band filters that move nothing in time: Butterworth filters of second order, run forwards and
// backwards, so that their gain at the edge is a half.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace consilium {

struct Band {
  std::optional<double> from_hz;  // none: down to 0
  std::optional<double> to_hz;    // none: as far as the signal goes
};

// A band's edge at or past half the rate is left out. The signal is continued at both ends by its
// own point reflection, for as long as the slowest edge rings; values that are no numbers are taken
// as the one before. Equal to SciPy's `filtfilt` of `butter(2, ...)`, high pass before low pass,
// but for the ends' length.
[[nodiscard]] std::vector<float> filtered(std::span<const float> samples, double sampling_rate_hz,
                                          const Band& band);

}  // namespace consilium
