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

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/qrs_detection/candidates.hpp"
#include "analysis/qrs_detection/lead_filter.hpp"
#include "base/result.hpp"

namespace consilium {

struct QrsComplex {
  std::int64_t sample_index = 0;  // of the largest deflection in the band
  double strength = 0;            // root mean square in the band, mV
  friend bool operator==(const QrsComplex&, const QrsComplex&) = default;
};

// Errors: InvalidInput for a rate outside of 80 to 10,000 Hz: slower ones hold no QRS.
[[nodiscard]] Status check_qrs_rate(double sampling_rate_hz);

class QrsDetector {
 public:
  // Errors: as check_qrs_rate.
  [[nodiscard]] static Result<QrsDetector> create(double sampling_rate_hz);

  // The next samples, in mV; one that is not a number repeats the one before.
  // Cost: some 10 ns a sample; keeps ten seconds of them and the candidates.
  void push(std::span<const float> samples_mv);
  // The beats of all that was pushed, in order; the detector is of no further use.
  [[nodiscard]] std::vector<QrsComplex> finish();

 private:
  explicit QrsDetector(double sampling_rate_hz);

  void take_filtered();
  void drop_weak();

  double sampling_rate_hz_;
  qrs::LeadFilter filter_;
  qrs::CandidateFinder candidates_;
};

// Of a whole lead at once.
[[nodiscard]] Result<std::vector<QrsComplex>> detect_qrs(std::span<const float> samples_mv,
                                                         double sampling_rate_hz);

}  // namespace consilium
