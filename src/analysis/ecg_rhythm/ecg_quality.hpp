// How far a lead can be trusted, in windows of ten seconds: whether it is flat, at the end of its
// range, without samples, or shows beats that the other leads do not (the agreement of two beat
// detections: Q. Li, R. G. Mark, G. D. Clifford, Physiol. Meas. 29 (2008) 15-32).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace consilium {

inline constexpr double quality_window_s = 10;

struct LeadQuality {
  double missing = 0;  // share of samples that are no number
  double flat = 0;     // share that lie in 0.2 s or more without any change
  double clipped = 0;  // share that lie at the window's largest or least value, 3 or more in a row
  double agreement = 1;  // 0 to 1: of the beats found here and together, the share found by both
  friend bool operator==(const LeadQuality&, const LeadQuality&) = default;
};

// `samples_mv`: of one window. `lead_beats`, `all_beats`: sample indices within the window of the
// beats of this lead alone and of all leads together, in order; 1 when there is neither.
[[nodiscard]] LeadQuality lead_quality(std::span<const float> samples_mv, double sampling_rate_hz,
                                       std::span<const std::int64_t> lead_beats,
                                       std::span<const std::int64_t> all_beats);

// Not to be trusted: a tenth missing, a fifth flat, a twentieth clipped, or agreement below 0.8.
[[nodiscard]] bool is_poor(const LeadQuality& quality);

}  // namespace consilium
