#include "analysis/qrs_detection/qrs_detection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace consilium {
namespace {

// Widths in ms. The two filters' were set by their response, the others on the records named in
// bench/signals.
constexpr double low_pass_ms = 14;
constexpr double trend_ms = 60;
constexpr double smooth_ms = 8;
constexpr double qrs_ms = 97;
constexpr double beat_ms = 720;
constexpr double level_ms = 10'000;
constexpr double stretch_ms_min = 59;
constexpr double refractory_ms = 250;
constexpr double level_share = 0.153;

constexpr double uv_max = 32'767;
// Filtered values are sixteenths of a microvolt: squares of them, summed over ten seconds at the
// highest rate, stay below 2^63.
constexpr std::int64_t parts_of_uv = 16;

std::size_t half_of(double width_ms, double rate_hz) {
  return static_cast<std::size_t>(std::max(1.0, std::round((width_ms * rate_hz / 1000 - 1) / 2)));
}

qrs::MovingSum sum_over(double width_ms, double rate_hz) {
  return qrs::MovingSum(half_of(width_ms, rate_hz));
}

std::int64_t width_of(const qrs::MovingSum& sum) { return static_cast<std::int64_t>(sum.width()); }

// How many of a centred window's samples lie within the series.
std::int64_t within(std::int64_t i, std::int64_t width, std::int64_t count) {
  const std::int64_t half = width / 2;
  return std::min(i + half, count - 1) - std::max<std::int64_t>(0, i - half) + 1;
}

std::int64_t microvolts_of(double millivolts) {
  return std::llround(std::clamp(millivolts * 1000, -uv_max, uv_max));
}

double median(std::vector<double>& values, double otherwise) {
  if (values.empty()) return otherwise;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void QrsDetector::Track::drop_before(std::int64_t i) {
  const std::int64_t count = std::min(i - first, static_cast<std::int64_t>(values.size()));
  if (count <= 0) return;
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
  first += count;
}

Result<QrsDetector> QrsDetector::create(double sampling_rate_hz) {
  if (!(sampling_rate_hz >= 80 && sampling_rate_hz <= 10'000)) {
    return fail(ErrorCode::InvalidInput, "beats are found at 80 to 10,000 samples a second",
                "sampling rate", "take a channel that holds an ECG");
  }
  return QrsDetector(sampling_rate_hz);
}

QrsDetector::QrsDetector(double rate_hz)
    : sampling_rate_hz_(rate_hz),
      low_pass_{sum_over(low_pass_ms, rate_hz), sum_over(low_pass_ms, rate_hz),
                sum_over(low_pass_ms, rate_hz)},
      trend_{sum_over(trend_ms, rate_hz), sum_over(trend_ms, rate_hz)},
      smooth_{sum_over(smooth_ms, rate_hz), sum_over(smooth_ms, rate_hz)},
      qrs_mean_(sum_over(qrs_ms, rate_hz)),
      beat_mean_(sum_over(beat_ms, rate_hz)),
      level_mean_(sum_over(level_ms, rate_hz)),
      high_mean_(sum_over(qrs_ms, rate_hz)) {}

void QrsDetector::push(std::span<const float> samples_mv) {
  constexpr std::size_t at_once = 1 << 14;
  std::vector<std::int64_t> microvolts;
  for (std::size_t begin = 0; begin < samples_mv.size(); begin += at_once) {
    const auto part = samples_mv.subspan(begin, std::min(at_once, samples_mv.size() - begin));
    microvolts.clear();
    for (const float sample : part) {
      if (std::isfinite(sample)) {
        // The lead's offset is nothing to be filtered: zeros stand before the first sample.
        if (!offset_mv_) offset_mv_ = static_cast<double>(sample);
        last_mv_ = static_cast<double>(sample) - *offset_mv_;
      }
      microvolts.push_back(microvolts_of(last_mv_));
    }
    pushed_ += static_cast<std::int64_t>(part.size());
    filter(microvolts);
    derive();
    decide(level_.end());
  }
}

namespace {

void through(std::span<qrs::MovingSum> stages, std::span<const std::int64_t> in,
             std::vector<std::int64_t>& out) {
  std::vector<std::int64_t> now(in.begin(), in.end());
  for (qrs::MovingSum& stage : stages) {
    std::vector<std::int64_t> next;
    stage.push(now, next);
    now = std::move(next);
  }
  out.insert(out.end(), now.begin(), now.end());
}

}  // namespace

void QrsDetector::filter(std::span<const std::int64_t> samples) {
  const auto had = static_cast<std::ptrdiff_t>(low_.values.size());
  through(low_pass_, samples, low_.values);
  const std::vector<std::int64_t> low(low_.values.begin() + had, low_.values.end());
  through(trend_, low, base_.values);
  through(smooth_, samples, fine_.values);
}

// What is not filtered yet comes out behind the last sample, which goes on for as long as the
// filters look ahead.
void QrsDetector::finish_filters() {
  const std::int64_t ahead = width_of(low_pass_[0]) * 2 + width_of(trend_[0]);
  filter(std::vector<std::int64_t>(static_cast<std::size_t>(ahead), microvolts_of(last_mv_)));
}

void QrsDetector::derive() {
  const std::int64_t low_width = width_of(low_pass_[0]);
  const std::int64_t low_gain = low_width * low_width * low_width;
  const std::int64_t trend_gain = width_of(trend_[0]) * width_of(trend_[0]);
  const std::int64_t fine_gain = width_of(smooth_[0]) * width_of(smooth_[0]);
  std::int64_t end = std::min({low_.end(), base_.end(), fine_.end()});
  if (sample_count_ >= 0) end = std::min(end, sample_count_);
  std::vector<std::int64_t> energy;
  std::vector<std::int64_t> high_energy;
  for (; derived_ < end; ++derived_) {
    const std::int64_t low = low_.at(derived_);
    // To whole numbers towards zero, so that a lead upside down gives the same.
    const std::int64_t band =
        (low * trend_gain - base_.at(derived_)) * parts_of_uv / (low_gain * trend_gain);
    const std::int64_t high =
        (fine_.at(derived_) * low_gain - low * fine_gain) * parts_of_uv / (fine_gain * low_gain);
    band_.values.push_back(band);
    energy.push_back(band * band);
    high_energy.push_back(high * high);
  }
  for (Track* track : {&low_, &base_, &fine_}) track->drop_before(derived_);
  qrs_mean_.push(energy, qrs_.values);
  beat_mean_.push(energy, beat_.values);
  level_mean_.push(energy, level_.values);
  high_mean_.push(high_energy, high_.values);
}

void QrsDetector::decide(std::int64_t end) {
  const std::int64_t qrs_width = width_of(qrs_mean_);
  const std::int64_t beat_width = width_of(beat_mean_);
  const std::int64_t level_width = width_of(level_mean_);
  const std::int64_t count =
      sample_count_ >= 0 ? sample_count_ : std::numeric_limits<std::int64_t>::max() / 2;
  for (; decided_ < end; ++decided_) {
    const std::int64_t i = decided_;
    const auto mean = [&](const Track& sums, std::int64_t width) {
      return static_cast<double>(sums.at(i)) / static_cast<double>(within(i, width, count));
    };
    const bool is_above =
        mean(qrs_, qrs_width) > mean(beat_, beat_width) + level_share * mean(level_, level_width);
    if (!is_above) {
      if (open_.begin >= 0) close_stretch(i);
      continue;
    }
    if (open_.begin < 0) open_ = {.begin = i};
    const std::int64_t height = std::abs(band_.at(i));
    if (height > open_.peak) {
      open_.peak = height;
      open_.peak_index = i;
    }
    open_.energy = std::max(open_.energy, qrs_.at(i));
    open_.high_energy = std::max(open_.high_energy, high_.at(i));
  }
  for (Track* track : {&band_, &qrs_, &beat_, &level_, &high_}) track->drop_before(decided_);
}

void QrsDetector::close_stretch(std::int64_t end) {
  const Stretch stretch = open_;
  open_ = {};
  const double ms = 1000 / sampling_rate_hz_;
  if (static_cast<double>(end - stretch.begin) * ms < stretch_ms_min) return;
  const auto strength = [&](std::int64_t sum) {
    return std::sqrt(static_cast<double>(sum) / static_cast<double>(width_of(qrs_mean_))) /
           (1000.0 * parts_of_uv);
  };
  const Candidate candidate{.sample_index = stretch.peak_index,
                            .strength = strength(stretch.energy),
                            .high_strength = strength(stretch.high_energy)};
  if (!candidates_.empty() &&
      static_cast<double>(candidate.sample_index - candidates_.back().sample_index) * ms <
          refractory_ms) {
    if (candidate.strength > candidates_.back().strength) candidates_.back() = candidate;
    return;
  }
  candidates_.push_back(candidate);
}

// Candidates that are weaker than their neighbours by far, and stand where no beat is due.
void QrsDetector::drop_weak() {
  constexpr std::size_t reach = 6;
  constexpr double never_below = 0.224;
  constexpr double weak_beside = 0.512;  // with another within...
  constexpr double beside_ms = 388;
  constexpr double weak_between = 0.557;  // with its neighbours nearer to one another than...
  constexpr double between_rr = 1.59;
  constexpr double high_below = 0.28;
  constexpr double far = 1e12;
  const double ms = 1000 / sampling_rate_hz_;
  std::vector<Candidate> kept;
  std::vector<double> strengths;
  std::vector<double> high_strengths;
  std::vector<double> intervals;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    strengths.clear();
    high_strengths.clear();
    intervals.clear();
    const std::size_t begin = i < reach ? 0 : i - reach;
    const std::size_t end = std::min(candidates_.size(), i + reach + 1);
    const auto interval_ms = [&](std::size_t j) {  // to the one before
      return static_cast<double>(candidates_[j].sample_index - candidates_[j - 1].sample_index) *
             ms;
    };
    for (std::size_t j = begin; j < end; ++j) {
      if (j != i) {
        strengths.push_back(candidates_[j].strength);
        high_strengths.push_back(candidates_[j].high_strength);
      }
      if (j > begin) intervals.push_back(interval_ms(j));
    }
    const Candidate& one = candidates_[i];
    const double share = one.strength / median(strengths, one.strength);
    const double high_share = one.high_strength / median(high_strengths, one.high_strength);
    const double before = i > 0 ? interval_ms(i) : far;
    const double after = i + 1 < candidates_.size() ? interval_ms(i + 1) : far;
    const bool is_low = high_share < high_below;
    const bool is_dropped =
        share < never_below ||
        (is_low && share < weak_beside && std::min(before, after) < beside_ms) ||
        (is_low && share < weak_between && before + after < between_rr * median(intervals, far));
    if (!is_dropped) kept.push_back(one);
  }
  candidates_ = std::move(kept);
}

std::vector<QrsComplex> QrsDetector::finish() {
  sample_count_ = pushed_;
  finish_filters();
  derive();
  qrs_mean_.finish(qrs_.values);
  beat_mean_.finish(beat_.values);
  level_mean_.finish(level_.values);
  high_mean_.finish(high_.values);
  decide(sample_count_);
  if (open_.begin >= 0) close_stretch(sample_count_);
  // What was dropped no longer weighs on its neighbours' medians.
  drop_weak();
  drop_weak();
  std::vector<QrsComplex> beats;
  for (const Candidate& one : candidates_) beats.push_back({one.sample_index, one.strength});
  return beats;
}

Result<std::vector<QrsComplex>> detect_qrs(std::span<const float> samples_mv,
                                           double sampling_rate_hz) {
  QrsDetector detector = CSL_TRY(QrsDetector::create(sampling_rate_hz));
  detector.push(samples_mv);
  return detector.finish();
}

}  // namespace consilium
