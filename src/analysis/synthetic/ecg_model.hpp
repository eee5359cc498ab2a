// A made ECG: the dynamical model of P. E. McSharry, G. D. Clifford, L. Tarassenko, L. A. Smith,
// IEEE Trans. Biomed. Eng. 50 (2003) 289-294, with its phase solved exactly (one turn a beat) and
// its five waves as a moving heart vector that each lead sees in its own direction (a single
// dipole: I and II span the frontal plane, V1 to V6 the horizontal one, so that Einthoven's law
// and the augmented leads hold to rounding). Beats are normal, ventricular, supraventricular, or of
// atrial fibrillation; RR intervals vary with a low (0.1 Hz) and a high (respiratory, 0.25 Hz)
// frequency. Baseline wander, mains hum, and bursts of muscle noise are added. All truth is known.
//
// Nothing but a plan of beats is kept in memory, so a day is made in blocks. The same block gives
// the same samples however the record is cut. Cost: about 18 million samples a second a core.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/signal/event.hpp"
#include "domain/signal/record.hpp"

namespace consilium::synthetic {

struct EcgEpisode {
  enum class Kind { AtrialFibrillation, VentricularRun, Noise };
  Kind kind = Kind::AtrialFibrillation;
  double begin_s = 0;
  double end_s = 0;
};

struct EcgOptions {
  std::uint64_t seed = 1;
  double duration_s = 10;
  int sampling_rate_hz = 500;
  // Of I II III aVR aVL aVF V1 V2 V3 V4 V5 V6; any subset, in any order.
  std::vector<std::string> leads = {"I",  "II", "III", "aVR", "aVL", "aVF",
                                    "V1", "V2", "V3",  "V4",  "V5",  "V6"};
  double heart_rate_bpm = 68;
  double rr_deviation_s = 0.035;
  double low_to_high_ratio = 0.8;  // of the RR spectrum's powers
  double ventricular_share = 0.0;  // of beats that are single premature ones
  double supraventricular_share = 0.0;
  double wander_mv = 0.06;
  double hum_mv = 0.004;
  double noise_mv = 0.008;
  std::vector<EcgEpisode> episodes;
};

// Where the waves of one beat begin, peak and end, in ticks of the sampling rate. -1: not there.
struct BeatTruth {
  MitCode code = MitCode::Normal;
  std::int64_t p_onset = -1, p_peak = -1, p_end = -1;
  std::int64_t qrs_onset = -1, r_peak = -1, qrs_end = -1;
  std::int64_t t_peak = -1, t_end = -1;
};

class EcgModel {
 public:
  // Errors: InvalidInput when a lead is not known, the list is empty, or the duration or the rate
  // is not greater than 0 (rates above 10,000 Hz are refused).
  [[nodiscard]] static Result<EcgModel> make(EcgOptions options);

  // 1,000 adu a mV around 0, 16 bits; ticks are samples.
  [[nodiscard]] const RecordHeader& header() const { return header_; }
  [[nodiscard]] const std::vector<BeatTruth>& beats() const { return beats_; }
  // Beats as events with their MIT codes, rhythm changes ("(N", "(AFIB", "(VT"), noise ("~").
  [[nodiscard]] std::vector<SignalEvent> events() const;

  // Samples [first, first + out.size()) of a channel; both ends must lie in the record.
  void render(std::size_t channel, std::int64_t first, std::span<std::int32_t> out) const;

 private:
  struct PlannedBeat {
    double r_s = 0;  // when the R wave peaks
    double rr_before_s = 0;
    double rr_after_s = 0;
    MitCode code = MitCode::Normal;
    bool has_p = true;
  };

  explicit EcgModel(EcgOptions options) : options_(std::move(options)) {}
  void plan_beats();
  void state_truth();
  void add_beats(std::span<const double> direction, std::int64_t first,
                 std::span<double> millivolts) const;
  [[nodiscard]] bool in_episode(EcgEpisode::Kind kind, double at_s) const;

  EcgOptions options_;
  RecordHeader header_;
  std::vector<PlannedBeat> plan_;
  std::vector<double> hum_mv_;  // one second of mains hum
  std::vector<BeatTruth> beats_;
};

}  // namespace consilium::synthetic
