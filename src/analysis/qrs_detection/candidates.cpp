#include "analysis/qrs_detection/candidates.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace consilium::qrs {
namespace {

// Set on the records named in bench/signals.
constexpr double beat_ms = 720;
constexpr double level_ms = 10'000;
constexpr double stretch_ms_min = 59;
constexpr double refractory_ms = 250;

// One over the number of a centred window's samples that lie within the series.
struct WindowShare {
  std::int64_t half;
  std::int64_t count;
  double whole;
  WindowShare(const MovingSum& sum, std::int64_t count_)
      : half(static_cast<std::int64_t>(sum.width() / 2)),
        count(count_),
        whole(1 / static_cast<double>(sum.width())) {}
  [[nodiscard]] double at(std::int64_t i) const {
    if (i >= half && i + half < count) return whole;
    return 1 / static_cast<double>(std::min(i + half, count - 1) -
                                   std::max<std::int64_t>(0, i - half) + 1);
  }
};

}  // namespace

CandidateFinder::CandidateFinder(double rate_hz, double level_share)
    : rate_hz_(rate_hz),
      level_share_(level_share),
      qrs_mean_(sum_over(qrs_ms, rate_hz)),
      beat_mean_(sum_over(beat_ms, rate_hz)),
      level_mean_(sum_over(level_ms, rate_hz)),
      high_mean_(sum_over(qrs_ms, rate_hz)) {}

void CandidateFinder::push(std::span<const std::int64_t> energy,
                           std::span<const std::int64_t> high_energy) {
  energy_.values.insert(energy_.values.end(), energy.begin(), energy.end());
  qrs_mean_.push(energy, qrs_.values);
  beat_mean_.push(energy, beat_.values);
  level_mean_.push(energy, level_.values);
  high_mean_.push(high_energy, high_.values);
  decide(level_.end(), std::numeric_limits<std::int64_t>::max() / 2);
}

void CandidateFinder::finish() {
  qrs_mean_.finish(qrs_.values);
  beat_mean_.finish(beat_.values);
  level_mean_.finish(level_.values);
  high_mean_.finish(high_.values);
  const std::int64_t count = energy_.end();
  decide(count, count);
  if (open_.begin >= 0) close_stretch(count);
}

void CandidateFinder::decide(std::int64_t end, std::int64_t count) {
  const WindowShare qrs(qrs_mean_, count);
  const WindowShare beat(beat_mean_, count);
  const WindowShare level(level_mean_, count);
  for (; decided_ < end; ++decided_) {
    const std::int64_t i = decided_;
    const bool is_above = static_cast<double>(qrs_.at(i)) * qrs.at(i) >
                          static_cast<double>(beat_.at(i)) * beat.at(i) +
                              level_share_ * (static_cast<double>(level_.at(i)) * level.at(i));
    if (!is_above) {
      if (open_.begin >= 0) close_stretch(i);
      continue;
    }
    if (open_.begin < 0) open_ = {.begin = i};
    if (energy_.at(i) > open_.peak) {
      open_.peak = energy_.at(i);
      open_.peak_index = i;
    }
    open_.energy = std::max(open_.energy, qrs_.at(i));
    open_.high_energy = std::max(open_.high_energy, high_.at(i));
  }
  for (Track* track : {&energy_, &qrs_, &beat_, &level_, &high_}) track->drop_before(decided_);
}

void CandidateFinder::close_stretch(std::int64_t end) {
  const Stretch stretch = open_;
  open_ = {};
  const double ms = 1000 / rate_hz_;
  if (static_cast<double>(end - stretch.begin) * ms < stretch_ms_min) return;
  const auto strength = [&](std::int64_t sum) {
    return std::sqrt(static_cast<double>(sum) / static_cast<double>(qrs_mean_.width()));
  };
  const Candidate candidate{.sample_index = stretch.peak_index,
                            .strength = strength(stretch.energy),
                            .high_strength = strength(stretch.high_energy)};
  if (!found.empty() &&
      static_cast<double>(candidate.sample_index - found.back().sample_index) * ms <
          refractory_ms) {
    if (candidate.strength > found.back().strength) found.back() = candidate;
    return;
  }
  found.push_back(candidate);
}

}  // namespace consilium::qrs
