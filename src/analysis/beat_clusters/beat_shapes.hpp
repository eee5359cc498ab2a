// What tells beats apart: the shape of each around its R wave in every lead, and how early it came.
//
// A shape is the lead from 240 ms before the beat to 320 ms after it in steps of 8 ms (means over
// them), without its middle value, in units of the lead's usual QRS; the QRS counts more than the
// rest. Intervals are logarithms of the ones before and after over the usual one around (P. de
// Chazal et al., IEEE Trans. Biomed. Eng. 51 (2004) 1196-1206, have both kinds). A lead's polarity,
// offset and scale make no difference to distances between beats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace consilium {

inline constexpr int beat_shape_before = 30;  // steps of 8 ms
inline constexpr int beat_shape_after = 40;
inline constexpr std::size_t beat_shape_size = beat_shape_before + beat_shape_after + 1;

// The lead around `beat`, as said above but in mV. `samples_mv` begins with sample `first`; outside
// of it, and where it is not a number, the nearest value stands.
void append_beat_shape(std::span<const float> samples_mv, std::int64_t first,
                       double sampling_rate_hz, std::int64_t beat, std::vector<float>& out);

struct BeatIntervals {
  double before = 1;           // over the usual one of the beats around
  double after = 1;            // the same
  double before_previous = 1;  // over the one before it
};
[[nodiscard]] std::vector<BeatIntervals> beat_intervals(std::span<const std::int64_t> beats);

// Rows of features, one a beat: `shapes` holds lead_count x beat_shape_size values a beat.
// `feature_count` values a row are returned through it.
struct BeatFeatures {
  std::size_t columns = 0;
  std::vector<float> values;  // beats x columns
};
[[nodiscard]] BeatFeatures beat_features(std::span<const float> shapes, std::size_t lead_count,
                                         std::span<const BeatIntervals> intervals);

}  // namespace consilium
