// One lead of an ECG filtered for its QRS complexes, in pieces of any size. Used inside this
// module.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/qrs_detection/moving_sum.hpp"

namespace consilium::qrs {

// Values of a series; those of its begin are dropped when they are of no further use.
struct Track {
  std::int64_t first = 0;  // sample of values[0]
  Values values;
  [[nodiscard]] std::int64_t end() const {
    return first + static_cast<std::int64_t>(values.size());
  }
  [[nodiscard]] std::int64_t at(std::int64_t i) const {
    return values[static_cast<std::size_t>(i - first)];
  }
  // Samples [from, to), all of which are held.
  [[nodiscard]] std::span<const std::int64_t> part(std::int64_t from, std::int64_t to) const {
    return std::span(values).subspan(static_cast<std::size_t>(from - first),
                                     static_cast<std::size_t>(to - from));
  }
  // Whether memory is given back at once or later is the track's own choice.
  void drop_before(std::int64_t i);
};

// Filtered values are sixteenths of a microvolt: squares of them, summed over ten seconds at the
// highest rate, stay below 2^63.
inline constexpr std::int64_t parts_of_uv = 16;
inline constexpr double qrs_ms = 97;  // the window over which a QRS's energy is summed

[[nodiscard]] MovingSum sum_over(double width_ms, double rate_hz);

class LeadFilter {
 public:
  explicit LeadFilter(double rate_hz);

  // The next samples, in mV; one that is not a number repeats the one before. What becomes known
  // is added to `band` (8 to 20 Hz) and `high` (above it).
  void push(std::span<const float> samples_mv);
  // The lead ends: the rest of both tracks, which then are as long as the lead.
  void finish();

  Track band;
  Track high;

 private:
  void filter(std::span<const std::int64_t> samples);
  void derive(std::int64_t count_max);

  std::optional<double> offset_mv_;  // the first sample there is
  double last_mv_ = 0;
  std::int64_t pushed_ = 0;
  std::array<MovingSum, 3> low_pass_;
  std::array<MovingSum, 2> trend_;
  std::array<MovingSum, 2> smooth_;
  Track low_;                    // after the low pass
  Track base_;                   // its slow part
  Track fine_;                   // hardly smoothed
  std::array<Values, 3> stage_;  // between two sums; the last: in microvolts
};

}  // namespace consilium::qrs
