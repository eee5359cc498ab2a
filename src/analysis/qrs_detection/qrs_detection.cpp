#include "analysis/qrs_detection/qrs_detection.hpp"

#include <algorithm>
#include <cmath>

namespace consilium {
namespace {

constexpr double level_share = 0.153;

double median(std::vector<double>& values, double otherwise) {
  if (values.empty()) return otherwise;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

Result<QrsDetector> QrsDetector::create(double sampling_rate_hz) {
  CSL_TRY(check_qrs_rate(sampling_rate_hz));
  return QrsDetector(sampling_rate_hz);
}

Status check_qrs_rate(double sampling_rate_hz) {
  if (sampling_rate_hz >= 80 && sampling_rate_hz <= 10'000) return {};
  return fail(ErrorCode::InvalidInput, "beats are found at 80 to 10,000 samples a second",
              "sampling rate", "take a channel that holds an ECG");
}

QrsDetector::QrsDetector(double rate_hz)
    : sampling_rate_hz_(rate_hz), filter_(rate_hz), candidates_(rate_hz, level_share) {}

void QrsDetector::push(std::span<const float> samples_mv) {
  constexpr std::size_t at_once = 1 << 10;  // all of a piece's tracks stay in the cache
  for (std::size_t begin = 0; begin < samples_mv.size(); begin += at_once) {
    filter_.push(samples_mv.subspan(begin, std::min(at_once, samples_mv.size() - begin)));
    take_filtered();
  }
}

void QrsDetector::take_filtered() {
  for (qrs::Track* track : {&filter_.band, &filter_.high}) {
    for (std::int64_t& value : track->values) value *= value;
  }
  candidates_.push(filter_.band.values, filter_.high.values);
  for (qrs::Track* track : {&filter_.band, &filter_.high}) track->drop_before(track->end());
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
  auto& found = candidates_.found;
  std::vector<qrs::Candidate> kept;
  std::vector<double> strengths;
  std::vector<double> high_strengths;
  std::vector<double> intervals;
  for (std::size_t i = 0; i < found.size(); ++i) {
    strengths.clear();
    high_strengths.clear();
    intervals.clear();
    const std::size_t begin = i < reach ? 0 : i - reach;
    const std::size_t end = std::min(found.size(), i + reach + 1);
    const auto interval_ms = [&](std::size_t j) {  // to the one before
      return static_cast<double>(found[j].sample_index - found[j - 1].sample_index) * ms;
    };
    const qrs::Candidate& one = found[i];
    for (std::size_t j = begin; j < end; ++j) {
      if (j != i) strengths.push_back(found[j].strength);
    }
    const double share = one.strength / median(strengths, one.strength);
    if (share >= std::max(weak_beside, weak_between)) {  // as nearly all are
      kept.push_back(one);
      continue;
    }
    for (std::size_t j = begin; j < end; ++j) {
      if (j != i) high_strengths.push_back(found[j].high_strength);
      if (j > begin) intervals.push_back(interval_ms(j));
    }
    const double high_share = one.high_strength / median(high_strengths, one.high_strength);
    const double before = i > 0 ? interval_ms(i) : far;
    const double after = i + 1 < found.size() ? interval_ms(i + 1) : far;
    const bool is_low = high_share < high_below;
    const bool is_dropped =
        share < never_below ||
        (is_low && share < weak_beside && std::min(before, after) < beside_ms) ||
        (is_low && share < weak_between && before + after < between_rr * median(intervals, far));
    if (!is_dropped) kept.push_back(one);
  }
  found = std::move(kept);
}

std::vector<QrsComplex> QrsDetector::finish() {
  filter_.finish();
  take_filtered();
  candidates_.finish();
  // What was dropped no longer weighs on its neighbours' medians.
  drop_weak();
  drop_weak();
  std::vector<QrsComplex> beats;
  constexpr double parts_of_mv = 1000.0 * qrs::parts_of_uv;
  for (const qrs::Candidate& one : candidates_.found) {
    beats.push_back({one.sample_index, one.strength / parts_of_mv});
  }
  return beats;
}

Result<std::vector<QrsComplex>> detect_qrs(std::span<const float> samples_mv,
                                           double sampling_rate_hz) {
  QrsDetector detector = CSL_TRY(QrsDetector::create(sampling_rate_hz));
  detector.push(samples_mv);
  return detector.finish();
}

}  // namespace consilium
