// Where the waves of a beat begin, peak and end: P, QRS and T of one lead, and of several together.
//
// A lead around the beat is brought to 250 samples a second and taken apart by the quadratic-spline
// wavelet, whose values are slopes of the signal smoothed at scales of 2^1 to 2^5 samples
// (J. P. Martinez et al., IEEE Trans. Biomed. Eng. 51 (2004) 570-581). A wave's flanks are extrema
// of the slope, its peak the change of sign between them; it begins before the first flank and ends
// after the last where the slope has fallen to a share of the flank's. The QRS is looked for at
// scale 2^2, P and T at 2^4.
//
// A beat's waves depend on two seconds of samples and on the beats beside it alone, so pieces of a
// record give what the whole gives. Not on a lead's polarity, offset or scale either.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace consilium {

// In samples of the record.
struct Wave {
  std::int64_t onset = 0;
  std::int64_t peak = 0;
  std::int64_t end = 0;
  double height = 0;  // how steep its flanks are beside the beat's steepest, 0 to 1
  friend bool operator==(const Wave&, const Wave&) = default;
};

struct BeatWaves {
  std::optional<Wave> p;
  std::optional<Wave> qrs;  // none: the lead is flat there
  std::optional<Wave> t;
  friend bool operator==(const BeatWaves&, const BeatWaves&) = default;
};

// A beat and those beside it, sample indices; without a neighbour one at the usual distance stands.
struct BeatPlace {
  std::int64_t before = 0;
  std::int64_t beat = 0;
  std::int64_t after = 0;
};

// Samples of the record from `first` on, in mV; what is not a number or lies outside counts as the
// nearest value. Two seconds to each side of the beat are used.
struct LeadPart {
  std::span<const float> samples_mv;
  std::int64_t first = 0;
};

// Errors: InvalidInput for a rate outside of 80 to 10,000 Hz, or beats out of order.
// Cost: some 20 microseconds.
[[nodiscard]] Result<BeatWaves> delineate_beat(const LeadPart& lead, double sampling_rate_hz,
                                               const BeatPlace& place);

// One word for several leads' (at least one): the QRS from the earliest onset to the last end that
// two leads bear out, P and T by the median of the leads, each counting by its height.
[[nodiscard]] BeatWaves combined_waves(std::span<const BeatWaves> leads, double sampling_rate_hz);

// The places of all beats of a record. A missing neighbour is put 0.8 s away.
[[nodiscard]] std::vector<BeatPlace> beat_places(std::span<const std::int64_t> beats,
                                                 double sampling_rate_hz);

}  // namespace consilium
