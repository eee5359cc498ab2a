// Events in signals other than the ECG, each by a rule that can be read. All take one channel in
// any unit, whose scale makes no difference, and give sample indices in order. A stretch of some
// minutes is enough at once; samples that are no numbers stand for the ones before.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace consilium {

// Tops of the pulse waves of a photoplethysmogram or an arterial pressure. Rule: 0.5 to 8 Hz, the
// negative part cut off, squared; a wave is where the mean over 111 ms lies above that over 667 ms
// and a fiftieth of the whole, for 111 ms or more; its top is the largest value there; the next one
// stands 300 ms later at the earliest. Source: M. Elgendi et al., PLoS ONE 8 (2013) e76585.
// Errors: InvalidInput below 20 Hz. Cost: some 50 ns a sample.
[[nodiscard]] Result<std::vector<std::size_t>> find_pulses(std::span<const float> samples,
                                                           double sampling_rate_hz);

// Ends of breathing in, in a belt, airflow or impedance signal that rises with it. Rule: 0.05 to 1
// Hz; a top is the largest value before the signal comes down by 0.3 of what it usually swings in
// eight seconds, and it has risen as far before. Crossings of a middle would lose breaths where the
// baseline moves as much as they do. Errors: InvalidInput below 4 Hz.
[[nodiscard]] Result<std::vector<std::size_t>> find_breaths(std::span<const float> samples,
                                                            double sampling_rate_hz);

struct MuscleBurst {
  std::size_t onset = 0;
  std::size_t end = 0;  // one behind the last sample
  friend bool operator==(const MuscleBurst&, const MuscleBurst&) = default;
};
// When a muscle is active, in a surface electromyogram. Rule: 20 Hz and more, the Teager-Kaiser
// energy (X. Li et al., Ann. Biomed. Eng. 35 (2007) 1532-1538), its mean over 25 ms; active where
// that lies 8 deviations above what rest has (the quieter two fifths), for 50 ms or more; gaps
// below 100 ms are bridged. Without rest between nothing is found. Errors: InvalidInput below 200
// Hz.
[[nodiscard]] Result<std::vector<MuscleBurst>> find_bursts(std::span<const float> samples,
                                                           double sampling_rate_hz);

}  // namespace consilium
