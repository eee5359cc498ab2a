// The waves of one beat in its wavelet. Used inside this module.
#pragma once

#include <optional>

#include "analysis/ecg_delineation/rules.hpp"
#include "analysis/ecg_delineation/spline_wavelet.hpp"

namespace consilium::delineation {

inline constexpr double rate_hz = 250;

// In samples at 250 Hz, halves for what lies between two.
struct Marks {
  double onset = 0;
  double peak = 0;
  double end = 0;
  double height = 0;
};
struct BeatMarks {
  std::optional<Marks> p;
  std::optional<Marks> qrs;
  std::optional<Marks> t;
};

// `beat`: the sample of the QRS; `before`, `after`: the intervals to the neighbouring beats, in
// samples.
[[nodiscard]] BeatMarks marks_of(const Wavelet& wavelet, int beat, double before, double after,
                                 const Rules& rules);

}  // namespace consilium::delineation
