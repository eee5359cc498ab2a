#include "analysis/synthetic/ecg_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/check.hpp"
#include "base/random.hpp"

namespace consilium::synthetic {
namespace {

constexpr double adu_per_mv = 1000;
constexpr double reach_deviations = 4.5;  // beyond it a wave is under 0.05 uV
constexpr double limit_deviations = 2.2;  // where a reader sees a wave begin and end
// Slow parts are worked out once in so many samples and joined by straight lines.
constexpr std::int64_t grid_samples = 32;
constexpr std::int64_t fine_grid_samples = 4;

// A wave of the heart vector: left, down and forward parts in mV.
struct Wave {
  enum class Timing { Fixed, Repolarisation };  // the latter moves with the root of RR (Bazett)
  double after_r_s;
  double deviation_s;
  std::array<double, 3> vector_mv;
  Timing timing = Timing::Fixed;
};

constexpr std::array<Wave, 6> normal_waves{{
    {-0.160, 0.022, {0.060, 0.110, 0.030}},
    {-0.028, 0.010, {-0.120, -0.050, 0.180}},
    {0.000, 0.014, {0.850, 0.780, -0.350}},
    {0.030, 0.012, {-0.140, -0.200, -0.300}},
    {0.225, 0.055, {0.080, 0.075, 0.045}, Wave::Timing::Repolarisation},
    {0.275, 0.036, {0.160, 0.150, 0.090}, Wave::Timing::Repolarisation},
}};
// From an ectopic focus in the atria: the P wave comes late and turned over.
constexpr std::array<Wave, 6> supraventricular_waves{{
    {-0.120, 0.020, {-0.040, -0.070, 0.025}},
    normal_waves[1],
    normal_waves[2],
    normal_waves[3],
    normal_waves[4],
    normal_waves[5],
}};
// From a focus in the right ventricle: broad, and T against QRS.
constexpr std::array<Wave, 3> ventricular_waves{{
    {0.000, 0.034, {0.700, 1.150, -0.900}},
    {0.085, 0.038, {-0.420, -0.500, -0.420}},
    {0.300, 0.058, {-0.340, -0.420, 0.360}, Wave::Timing::Repolarisation},
}};

std::span<const Wave> waves_of(MitCode code) {
  if (code == MitCode::VentricularPremature) return ventricular_waves;
  if (code == MitCode::SupraventricularPremature) return supraventricular_waves;
  return normal_waves;
}

double time_after_r(const Wave& wave, double rr_s) {
  const bool moves = wave.timing == Wave::Timing::Repolarisation;
  return moves ? wave.after_r_s * std::sqrt(std::clamp(rr_s, 0.3, 1.6)) : wave.after_r_s;
}

// The direction in which a lead sees the heart vector. Nothing when the lead is not known.
std::optional<std::array<double, 3>> lead_direction(std::string_view lead) {
  constexpr double root = std::numbers::sqrt3 / 2;
  constexpr std::array<double, 3> one{1, 0, 0};
  constexpr std::array<double, 3> two{0.5, root, 0};
  if (lead == "I") return one;
  if (lead == "II" || lead == "MLII") return two;
  if (lead == "III") return std::array{two[0] - one[0], two[1], 0.0};
  if (lead == "aVR") return std::array{-(one[0] + two[0]) / 2, -two[1] / 2, 0.0};
  if (lead == "aVL") return std::array{one[0] - two[0] / 2, -two[1] / 2, 0.0};
  if (lead == "aVF") return std::array{two[0] - one[0] / 2, two[1], 0.0};
  struct Chest {
    std::string_view name;
    double degrees, gain;  // from the left towards the front
  };
  constexpr std::array<Chest, 6> chest{{{"V1", 115, 1.3},
                                        {"V2", 95, 1.9},
                                        {"V3", 72, 1.9},
                                        {"V4", 48, 1.8},
                                        {"V5", 25, 1.5},
                                        {"V6", 3, 1.2}}};
  for (const Chest& place : chest) {
    if (lead != place.name) continue;
    const double angle = place.degrees * std::numbers::pi / 180;
    return std::array{place.gain * std::cos(angle), 0.12, place.gain * std::sin(angle)};
  }
  return std::nullopt;
}

std::uint64_t mixed(std::uint64_t z) {  // the finaliser of splitmix64
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

// Noise that any block finds again: nearly normal, standard deviation 1, from the sample's number.
double noise_at(std::uint64_t key, std::int64_t sample) {
  const std::uint64_t bits =
      mixed(key + 0x9E3779B97F4A7C15ULL * static_cast<std::uint64_t>(sample));
  double sum = 0;
  for (unsigned i = 0; i < 4; ++i) sum += static_cast<double>((bits >> (16 * i)) & 0xFFFFU);
  return (sum / 65536.0 - 2.0) * std::numbers::sqrt3;  // four uniforms have variance 1/3
}

// A sum of sines around given frequencies: RR variation, wander.
class SlowWave {
 public:
  void add(double centre_hz, double width_hz, double deviation, SeededRandom& random) {
    constexpr int count = 9;
    for (int i = 0; i < count; ++i) {
      const double offset = (i - count / 2) * 0.5;
      const double weight = std::exp(-0.5 * offset * offset);
      terms_.push_back({(centre_hz + offset * width_hz) * (1 + 0.02 * random.uniform()), weight,
                        2 * std::numbers::pi * random.uniform()});
    }
    double power = 0;
    for (std::size_t i = terms_.size() - count; i < terms_.size(); ++i) {
      power += 0.5 * terms_[i].amplitude * terms_[i].amplitude;
    }
    for (std::size_t i = terms_.size() - count; i < terms_.size(); ++i) {
      terms_[i].amplitude *= deviation / std::sqrt(power);
    }
  }
  [[nodiscard]] double at(double seconds) const {
    double sum = 0;
    for (const Term& term : terms_) {
      sum += term.amplitude * std::sin(2 * std::numbers::pi * term.hz * seconds + term.phase);
    }
    return sum;
  }

 private:
  struct Term {
    double hz, amplitude, phase;
  };
  std::vector<Term> terms_;
};

// Adds `value(seconds)`, worked out every `grid` samples of the record.
template <std::int64_t grid, class Value>
void add_slow(std::int64_t first, double rate_hz, std::span<double> out, const Value& value) {
  const auto size = static_cast<std::int64_t>(out.size());
  for (std::int64_t knot = first / grid * grid; knot < first + size; knot += grid) {
    const double left = value(static_cast<double>(knot) / rate_hz);
    const double right = value(static_cast<double>(knot + grid) / rate_hz);
    const std::int64_t begin = std::max(knot, first);
    const std::int64_t end = std::min(knot + grid, first + size);
    for (std::int64_t i = begin; i < end; ++i) {
      const double share = static_cast<double>(i - knot) / static_cast<double>(grid);
      out[static_cast<std::size_t>(i - first)] += left + (right - left) * share;
    }
  }
}

}  // namespace

Result<EcgModel> EcgModel::make(EcgOptions options) {
  if (options.leads.empty() || !(options.duration_s > 0) || options.sampling_rate_hz < 1 ||
      options.sampling_rate_hz > 10'000 || !(options.heart_rate_bpm >= 20) ||
      !(options.heart_rate_bpm <= 250)) {
    return fail(ErrorCode::InvalidInput, "an ECG without leads, length, sampling or heart rate");
  }
  EcgModel model(std::move(options));
  const EcgOptions& o = model.options_;
  const auto length = static_cast<std::int64_t>(std::floor(o.duration_s * o.sampling_rate_hz));
  if (length < 1) return fail(ErrorCode::InvalidInput, "an ECG shorter than a sample");
  model.header_.tick_rate = CSL_TRY(Rate::of(o.sampling_rate_hz, 1));
  model.header_.length_ticks = length;
  for (const std::string& lead : o.leads) {
    if (!lead_direction(lead)) return fail(ErrorCode::InvalidInput, "a lead is not one we know");
    Channel channel;
    channel.name = lead;
    channel.unit = "mV";
    channel.rate = model.header_.tick_rate;
    channel.sample_count = length;
    channel.adu_per_unit = adu_per_mv;
    channel.adc_bits = 16;
    channel.digital_min = -32767;
    channel.digital_max = 32767;
    channel.physical_min = -32.767;
    channel.physical_max = 32.767;
    channel.missing = -32768;
    model.header_.channels.push_back(std::move(channel));
  }
  for (int i = 0; i < o.sampling_rate_hz; ++i) {
    model.hum_mv_.push_back(o.hum_mv * std::sin(2 * std::numbers::pi * i / o.sampling_rate_hz));
  }
  model.plan_beats();
  model.state_truth();
  return model;
}

bool EcgModel::in_episode(EcgEpisode::Kind kind, double at_s) const {
  return std::ranges::any_of(options_.episodes, [&](const EcgEpisode& episode) {
    return episode.kind == kind && at_s >= episode.begin_s && at_s < episode.end_s;
  });
}

void EcgModel::plan_beats() {
  SeededRandom random(options_.seed);
  SlowWave variation;
  const double ratio = options_.low_to_high_ratio;
  const double low = options_.rr_deviation_s * std::sqrt(ratio / (1 + ratio));
  const double high = options_.rr_deviation_s * std::sqrt(1 / (1 + ratio));
  variation.add(0.10, 0.01, low, random);
  variation.add(0.25, 0.01, high, random);
  const double end_s = options_.duration_s + 1.0;
  double at = -0.35;
  double rr = 60 / options_.heart_rate_bpm;
  bool owes_pause = false;  // the beat after a ventricular one waits for the sinus node
  while (at < end_s) {
    // The day's course: faster by day, slower by night.
    const double course = 1 + 0.10 * std::sin(2 * std::numbers::pi * at / 86400);
    const double sinus_rr = std::max(0.3, 60 / options_.heart_rate_bpm * course + variation.at(at));
    PlannedBeat beat;
    const double chance = random.uniform();
    const double spread = random.normal();
    const double expected = at + sinus_rr;
    if (in_episode(EcgEpisode::Kind::VentricularRun, at + 0.37)) {
      rr = 0.36 + 0.008 * spread;
      beat.code = MitCode::VentricularPremature;
    } else if (in_episode(EcgEpisode::Kind::AtrialFibrillation, expected)) {
      rr = std::clamp(0.64 + 0.15 * spread, 0.34, 1.3);
      beat.has_p = false;
    } else if (owes_pause) {
      rr = 1.38 * sinus_rr;
    } else if (chance < options_.ventricular_share) {
      rr = 0.62 * sinus_rr;
      beat.code = MitCode::VentricularPremature;
    } else if (chance < options_.ventricular_share + options_.supraventricular_share) {
      rr = 0.70 * sinus_rr;
      beat.code = MitCode::SupraventricularPremature;
    } else {
      rr = sinus_rr;
    }
    owes_pause = beat.code == MitCode::VentricularPremature;
    at += rr;
    beat.r_s = at;
    beat.rr_before_s = rr;
    if (!plan_.empty()) plan_.back().rr_after_s = rr;
    plan_.push_back(beat);
  }
  plan_.back().rr_after_s = rr;
}

void EcgModel::state_truth() {
  const double rate = options_.sampling_rate_hz;
  const auto tick = [&](double seconds) {
    const auto at = static_cast<std::int64_t>(std::llround(seconds * rate));
    return at >= 0 && at < header_.length_ticks ? at : std::int64_t{-1};
  };
  for (const PlannedBeat& beat : plan_) {
    BeatTruth truth;
    truth.code = beat.code;
    truth.r_peak = tick(beat.r_s);
    if (truth.r_peak < 0) continue;
    const std::span<const Wave> waves = waves_of(beat.code);
    const bool is_ventricular = beat.code == MitCode::VentricularPremature;
    const Wave& first = is_ventricular ? waves[0] : waves[1];
    const Wave& last = is_ventricular ? waves[1] : waves[3];
    truth.qrs_onset = tick(beat.r_s + first.after_r_s - limit_deviations * first.deviation_s);
    truth.qrs_end = tick(beat.r_s + last.after_r_s + limit_deviations * last.deviation_s);
    if (!is_ventricular && beat.has_p) {
      const Wave& p = waves[0];
      truth.p_onset = tick(beat.r_s + p.after_r_s - limit_deviations * p.deviation_s);
      truth.p_peak = tick(beat.r_s + p.after_r_s);
      truth.p_end = tick(beat.r_s + p.after_r_s + limit_deviations * p.deviation_s);
    }
    const Wave& t = waves.back();
    const double t_peak = beat.r_s + time_after_r(t, beat.rr_before_s);
    truth.t_peak = tick(t_peak);
    truth.t_end = tick(t_peak + limit_deviations * t.deviation_s);
    beats_.push_back(truth);
  }
}

std::vector<SignalEvent> EcgModel::events() const {
  std::vector<SignalEvent> events;
  std::string rhythm;
  for (const BeatTruth& beat : beats_) {
    const double at_s = static_cast<double>(beat.r_peak) / options_.sampling_rate_hz;
    std::string now = "(N";
    if (in_episode(EcgEpisode::Kind::AtrialFibrillation, at_s)) now = "(AFIB";
    if (in_episode(EcgEpisode::Kind::VentricularRun, at_s)) now = "(VT";
    if (now != rhythm) {
      events.push_back({.at = Tick{beat.r_peak}, .code = MitCode::RhythmChange, .text = now});
      rhythm = now;
    }
    events.push_back({.at = Tick{beat.r_peak}, .code = beat.code});
  }
  for (const EcgEpisode& episode : options_.episodes) {
    if (episode.kind != EcgEpisode::Kind::Noise) continue;
    const auto begin = static_cast<std::int64_t>(episode.begin_s * options_.sampling_rate_hz);
    const auto end = static_cast<std::int64_t>(episode.end_s * options_.sampling_rate_hz);
    if (begin < 0 || begin >= header_.length_ticks) continue;
    events.push_back({.at = Tick{begin},
                      .duration_ticks = std::min(end, header_.length_ticks) - begin,
                      .code = MitCode::SignalQualityChange,
                      .text = "noise"});
  }
  std::ranges::stable_sort(events, {}, &SignalEvent::at);
  return events;
}

void EcgModel::add_beats(std::span<const double> direction, std::int64_t first,
                         std::span<double> millivolts) const {
  const double rate = options_.sampling_rate_hz;
  const auto size = static_cast<std::int64_t>(millivolts.size());
  const double begin_s = static_cast<double>(first) / rate - 1.0;
  const double end_s = static_cast<double>(first + size) / rate + 1.0;
  auto beat = std::ranges::lower_bound(plan_, begin_s, {}, &PlannedBeat::r_s);
  for (; beat != plan_.end() && beat->r_s < end_s; ++beat) {
    const std::span<const Wave> waves = waves_of(beat->code);
    for (std::size_t w = 0; w < waves.size(); ++w) {
      const Wave& wave = waves[w];
      if (w == 0 && !beat->has_p && beat->code == MitCode::Normal) continue;
      const double amplitude = wave.vector_mv[0] * direction[0] + wave.vector_mv[1] * direction[1] +
                               wave.vector_mv[2] * direction[2];
      const double centre = (beat->r_s + time_after_r(wave, beat->rr_before_s)) * rate;
      const double deviation = wave.deviation_s * rate;
      const auto low = static_cast<std::int64_t>(std::ceil(centre - reach_deviations * deviation));
      const auto high =
          static_cast<std::int64_t>(std::floor(centre + reach_deviations * deviation));
      const std::int64_t end = std::min(high + 1, first + size);
      for (std::int64_t i = std::max(low, first); i < end; ++i) {
        const double z = (static_cast<double>(i) - centre) / deviation;
        millivolts[static_cast<std::size_t>(i - first)] += amplitude * std::exp(-0.5 * z * z);
      }
    }
  }
}

void EcgModel::render(std::size_t channel, std::int64_t first, std::span<std::int32_t> out) const {
  const auto size = static_cast<std::int64_t>(out.size());
  CSL_CHECK(channel < header_.channels.size() && first >= 0 &&
            first + size <= header_.length_ticks);
  const double rate = options_.sampling_rate_hz;
  const std::array<double, 3> direction = lead_direction(options_.leads[channel]).value();
  std::vector<double> millivolts(out.size());
  add_beats(direction, first, millivolts);

  // Each electrode's own disturbance: the seed and the channel make its key.
  const std::uint64_t key = mixed(options_.seed * 131 + channel + 1);
  SeededRandom random(key);
  SlowWave wander;
  wander.add(0.08, 0.02, 0.8 * options_.wander_mv, random);
  wander.add(0.25, 0.02, 0.6 * options_.wander_mv, random);
  add_slow<grid_samples>(first, rate, millivolts, [&](double s) { return wander.at(s); });
  SeededRandom fibrillation_seed(options_.seed + 77);
  SlowWave fibrillation;
  fibrillation.add(5.8, 0.35, 0.035, fibrillation_seed);
  const double fibrillation_gain = 0.5 * direction[0] + 0.6 * direction[1] + 0.9 * direction[2];
  const auto is_fibrillating = [&](double s) {
    return in_episode(EcgEpisode::Kind::AtrialFibrillation, s);
  };
  if (!options_.episodes.empty()) {
    add_slow<fine_grid_samples>(first, rate, millivolts, [&](double s) {
      return is_fibrillating(s) ? fibrillation_gain * fibrillation.at(s) : 0.0;
    });
  }
  bool is_noisy = false;
  for (std::int64_t i = first; i < first + size; ++i) {
    if (i == first || i % grid_samples == 0) {
      const double knot = static_cast<double>(i / grid_samples * grid_samples) / rate;
      is_noisy = in_episode(EcgEpisode::Kind::Noise, knot);
    }
    double& mv = millivolts[static_cast<std::size_t>(i - first)];
    mv += hum_mv_[static_cast<std::size_t>(i * 50 % options_.sampling_rate_hz)];
    mv += options_.noise_mv * noise_at(key, i);
    // Muscle noise has little of low frequencies: the difference of neighbours.
    if (is_noisy) mv += 0.14 * (noise_at(key ^ 1, i) - noise_at(key ^ 1, i - 1));
    const double adu = std::clamp(mv * adu_per_mv, -32767.0, 32767.0);
    out[static_cast<std::size_t>(i - first)] = static_cast<std::int32_t>(std::lround(adu));
  }
}

}  // namespace consilium::synthetic
