#include "analysis/ecg_delineation/beat_waves.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace consilium::delineation {
namespace {

int samples(double ms) { return static_cast<int>(std::lround(ms * rate_hz / 1000)); }

struct Flank {
  int at = 0;
  double slope = 0;
};

// Local extrema of the slope that point away from zero, in [begin, end).
std::vector<Flank> flanks_in(std::span<const double> slope, int begin, int end) {
  std::vector<Flank> flanks;
  begin = std::max(begin, 1);
  end = std::min(end, static_cast<int>(slope.size()) - 1);
  for (int i = begin; i < end; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const double here = slope[k];
    const double sign = here < 0 ? -1 : 1;
    if (here != 0 && here * sign > slope[k - 1] * sign && here * sign >= slope[k + 1] * sign) {
      flanks.push_back({.at = i, .slope = here});
    }
  }
  return flanks;
}

double steepest(std::span<const Flank> flanks) {
  double most = 0;
  for (const Flank& flank : flanks) most = std::max(most, std::abs(flank.slope));
  return most;
}

// From a flank outwards (step -1 or 1): where the slope has fallen to `share` of the flank's, or
// turns to rise again below half of it; between the samples by a straight line.
double foot_of(std::span<const double> slope, const Flank& flank, int step, double share,
               int reach) {
  const double sign = flank.slope < 0 ? -1 : 1;
  const double level = std::abs(flank.slope) * share;
  double last = std::abs(flank.slope);
  for (int n = 1; n <= reach; ++n) {
    const int i = flank.at + n * step;
    if (i < 0 || i >= static_cast<int>(slope.size())) break;
    const double here = slope[static_cast<std::size_t>(i)] * sign;
    if (here <= level) {
      const double part = last > here ? (last - level) / (last - here) : 1;
      return flank.at + step * (n - 1 + part) + 0.5;
    }
    if (here > last && last < std::abs(flank.slope) / 2) return i - step + 0.5;
    last = here;
  }
  return flank.at + step * reach + 0.5;
}

std::optional<Marks> qrs_of(const Wavelet& wavelet, int beat, const Rules& rules) {
  const auto& slope = wavelet.at(2);
  const auto flanks =
      flanks_in(slope, beat - samples(rules.qrs_before_ms), beat + samples(rules.qrs_after_ms) + 1);
  const double most = steepest(flanks);
  if (!(most > 0)) return std::nullopt;
  const Flank* first = nullptr;
  const Flank* last = nullptr;
  for (const Flank& flank : flanks) {
    const double share = std::abs(flank.slope) / most;
    if (first == nullptr && share >= rules.qrs_first_share) first = &flank;
    if (share >= rules.qrs_last_share) last = &flank;
  }
  constexpr int reach = 20;
  return Marks{.onset = foot_of(slope, *first, -1, rules.qrs_onset_share, reach),
               .peak = static_cast<double>(beat),
               .end = foot_of(slope, *last, 1, rules.qrs_end_share, reach),
               .height = 1};
}

struct SlowWave {
  int begin = 0;  // flanks within [begin, end)
  int end = 0;
  double flank_share = 0;
  double onset_share = 0;
  double end_share = 0;
};

// A wave of two flanks, or of more when it has two humps, at scale 2^4.
std::optional<Marks> slow_wave(const Wavelet& wavelet, const SlowWave& how, double steepest_of_beat,
                               double height_min) {
  const auto& slope = wavelet.at(4);
  const auto flanks = flanks_in(slope, how.begin, how.end);
  const double most = steepest(flanks);
  if (!(most > height_min * steepest_of_beat)) return std::nullopt;
  // The steepest flank and the neighbour of the other sign that is the steeper one.
  std::size_t main = 0;
  for (std::size_t f = 0; f < flanks.size(); ++f) {
    if (std::abs(flanks[f].slope) == most) main = f;
  }
  const auto opposite = [&](std::size_t f) {
    return flanks[f].slope * flanks[main].slope < 0 ? std::abs(flanks[f].slope) : 0.0;
  };
  const double left = main > 0 ? opposite(main - 1) : 0;
  const double right = main + 1 < flanks.size() ? opposite(main + 1) : 0;
  if (left == 0 && right == 0) return std::nullopt;
  std::size_t first = right > left ? main : main - 1;
  std::size_t last = first + 1;
  const std::size_t peak_before = first;
  // Further flanks of weight belong to the wave.
  while (first > 0 && std::abs(flanks[first - 1].slope) >= how.flank_share * most) --first;
  while (last + 1 < flanks.size() && std::abs(flanks[last + 1].slope) >= how.flank_share * most) {
    ++last;
  }
  int crossing = flanks[peak_before].at;
  const double sign = flanks[peak_before].slope;
  while (crossing < flanks[peak_before + 1].at &&
         slope[static_cast<std::size_t>(crossing + 1)] * sign > 0) {
    ++crossing;
  }
  constexpr int reach = 40;
  return Marks{.onset = foot_of(slope, flanks[first], -1, how.onset_share, reach),
               .peak = crossing + 1.0,
               .end = foot_of(slope, flanks[last], 1, how.end_share, reach),
               .height = most / steepest_of_beat};
}

}  // namespace

BeatMarks marks_of(const Wavelet& wavelet, int beat, double before, double after,
                   const Rules& rules) {
  BeatMarks marks;
  marks.qrs = qrs_of(wavelet, beat, rules);
  if (!marks.qrs) return marks;
  const int onset = static_cast<int>(marks.qrs->onset);
  const int end = static_cast<int>(marks.qrs->end);
  const double most = steepest(flanks_in(wavelet.at(4), onset - 5, end + 6));
  if (!(most > 0)) return marks;
  const double t_latest = std::min(samples(rules.t_latest_ms) + 0.0, rules.t_latest_rr * after);
  marks.t = slow_wave(wavelet,
                      {.begin = end + samples(rules.t_after_qrs_ms),
                       .end = beat + static_cast<int>(t_latest),
                       .flank_share = rules.t_flank_share,
                       .onset_share = rules.t_onset_share,
                       .end_share = rules.t_end_share},
                      most, rules.t_height_min);
  const double p_earliest = std::min(samples(rules.p_before_qrs_ms) + 0.0, rules.p_rr * before);
  marks.p = slow_wave(wavelet,
                      {.begin = onset - static_cast<int>(p_earliest),
                       .end = onset - samples(12),
                       .flank_share = rules.p_flank_share,
                       .onset_share = rules.p_onset_share,
                       .end_share = rules.p_end_share},
                      most, rules.p_height_min);
  if (marks.p) marks.p->end = std::min(marks.p->end, marks.qrs->onset);
  if (marks.t) marks.t->onset = std::max(marks.t->onset, marks.qrs->end);
  return marks;
}

}  // namespace consilium::delineation
