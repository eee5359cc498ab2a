// Heart rate variability of a record, from the intervals between normal beats alone (NN), as
// ANSI/AAMI EC57 and the Task Force (Circulation 93 (1996) 1043-1065) define it: an interval counts
// when both beats at its ends are normal and nothing lies between them, a difference when both of
// its intervals count and meet. Intervals below 0.3 s and above 2 s are gaps or false beats and do
// not count; how many is said.
//
// Over the whole record: the times, pNN, SD1 and SD2 (M. Brennan et al., IEEE Trans. Biomed. Eng.
// 48 (2001) 1342-1347), detrended fluctuation (C.-K. Peng et al., Chaos 5 (1995) 82-87) of 4 to 16
// and of 16 to 64 beats. Over stretches of five minutes from the first beat on, whole ones alone,
// or the record where it is shorter: powers and sample entropy, said as their means; and SDANN,
// SDNN index.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace consilium {

struct HeartBeat {
  double at_s = 0;
  bool is_normal = true;  // of sinus rhythm; not ectopic, paced or unknown
};

// Powers in ms^2 by the Lomb periodogram (Astrophys. Space Sci. 39 (1976) 447-462), which takes the
// intervals where they are instead of resampling them.
struct IntervalPowers {
  double vlf = 0;  // 0.003 to 0.04 Hz
  double lf = 0;   // to 0.15
  double hf = 0;   // to 0.4
};

// What can be said of any number of intervals; all in ms, shares 0 to 1.
struct IntervalTimes {
  std::size_t count = 0;
  double mean = 0;
  double median = 0;
  double sdnn = 0;   // n - 1 below the line, as all deviations here
  double rmssd = 0;  // 0 without a difference, as the next
  double sdsd = 0;
  double pnn50 = 0;  // share of differences above 50 ms
  double pnn20 = 0;
};

struct VariabilityWindow {
  double begin_s = 0;
  double end_s = 0;
  IntervalTimes times{};
  IntervalPowers powers{};
  std::optional<double> sample_entropy{};  // m 2, r 0.2 SDNN; none where nothing varies or repeats
};

struct HeartRateVariability {
  IntervalTimes times{};
  std::size_t left_out = 0;          // intervals that do not count
  std::optional<double> sdann;       // of the windows' means; of two windows at least
  std::optional<double> sdnn_index;  // mean of the windows' deviations
  double triangular_index = 0;       // count over the fullest bin of 1/128 s
  double sd1 = 0;
  double sd2 = 0;
  std::optional<double> alpha1;  // needs 64 intervals that vary; both
  std::optional<double> alpha2;
  IntervalPowers powers{};
  std::optional<double> sample_entropy;
  std::vector<VariabilityWindow> windows;
};

// Errors: InvalidInput when times do not rise, or fewer than 10 intervals count.
// Cost: some 0.1 ms a beat.
[[nodiscard]] Result<HeartRateVariability> heart_rate_variability(std::span<const HeartBeat> beats);

}  // namespace consilium
