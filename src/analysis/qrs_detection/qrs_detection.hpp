// Where the heart beats in one lead of an ECG: the QRS complexes.
//
// The band of the QRS (about 8 to 20 Hz) is cut out by sums over sliding windows, squared, and its
// mean over a QRS (97 ms) is compared with that over a beat and a share of that over ten seconds
// (M. Elgendi, PLoS ONE 8 (2013) e73557: two moving averages). What rises above is a candidate;
// candidates much weaker than their neighbours, in the band or above it, that stand where no beat
// is due (P and T waves, noise) are dropped.
//
// All sums are of whole numbers, so a record gives the same beats to the last sample whether it
// comes whole or in pieces, upside down or not; thresholds are shares of the signal's own energy,
// so its scale does not matter either (from about 0.1 to 30 mV from peak to peak).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/qrs_detection/moving_sum.hpp"
#include "base/result.hpp"

namespace consilium {

struct QrsComplex {
  std::int64_t sample_index = 0;  // of the largest deflection in the band
  double strength = 0;            // root mean square in the band, mV
  friend bool operator==(const QrsComplex&, const QrsComplex&) = default;
};

class QrsDetector {
 public:
  // Errors: InvalidInput for a rate outside of 80 to 10,000 Hz: slower ones hold no QRS.
  [[nodiscard]] static Result<QrsDetector> create(double sampling_rate_hz);

  // The next samples, in mV; one that is not a number repeats the one before.
  // Cost: some 10 ns a sample; keeps ten seconds of them and the candidates.
  void push(std::span<const float> samples_mv);
  // The beats of all that was pushed, in order; the detector is of no further use.
  [[nodiscard]] std::vector<QrsComplex> finish();

 private:
  explicit QrsDetector(double sampling_rate_hz);

  // Values of a series from its sample `first` on.
  struct Track {
    std::int64_t first = 0;
    std::vector<std::int64_t> values;
    [[nodiscard]] std::int64_t end() const {
      return first + static_cast<std::int64_t>(values.size());
    }
    [[nodiscard]] std::int64_t at(std::int64_t i) const {
      return values[static_cast<std::size_t>(i - first)];
    }
    void drop_before(std::int64_t i);
  };
  // A stretch in which the short mean is above the others.
  struct Stretch {
    std::int64_t begin = -1;  // none is open
    std::int64_t peak_index = 0;
    std::int64_t peak = -1;
    std::int64_t energy = 0;
    std::int64_t high_energy = 0;
  };
  struct Candidate {
    std::int64_t sample_index = 0;
    double strength = 0;       // of the band
    double high_strength = 0;  // of what lies above it, where a QRS is strong and P and T are not
  };

  void filter(std::span<const std::int64_t> samples);
  void finish_filters();
  void derive();
  void decide(std::int64_t end);
  void close_stretch(std::int64_t end);
  void drop_weak();

  double sampling_rate_hz_;
  std::optional<double> offset_mv_;  // the first sample there is
  double last_mv_ = 0;
  std::int64_t pushed_ = 0;
  std::int64_t sample_count_ = -1;  // known once all was pushed
  std::array<qrs::MovingSum, 3> low_pass_;
  std::array<qrs::MovingSum, 2> trend_;
  std::array<qrs::MovingSum, 2> smooth_;
  qrs::MovingSum qrs_mean_;
  qrs::MovingSum beat_mean_;
  qrs::MovingSum level_mean_;
  qrs::MovingSum high_mean_;
  Track low_;    // after the low pass
  Track base_;   // its slow part
  Track fine_;   // hardly smoothed
  Track band_;   // low_ without base_
  Track qrs_;    // sums of the squares of band_ ...
  Track beat_;   // ...
  Track level_;  // ...
  Track high_;   // of the squares of fine_ without low_
  std::int64_t derived_ = 0;
  std::int64_t decided_ = 0;
  Stretch open_;
  std::vector<Candidate> candidates_;
};

// Of a whole lead at once.
[[nodiscard]] Result<std::vector<QrsComplex>> detect_qrs(std::span<const float> samples_mv,
                                                         double sampling_rate_hz);

}  // namespace consilium
