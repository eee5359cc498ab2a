#include "analysis/ecg_rhythm/ecg_rhythm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace consilium {
namespace {

constexpr std::size_t beside = 32;
constexpr std::size_t intervals_min = 13;
constexpr std::size_t distance_max = 4;
constexpr double quantile = 0.35;
constexpr double fibrillation_above = 0.08;
constexpr double fibrillation_s_min = 30;
constexpr double pause_s = 2;
constexpr double slow_s = 1.2;
constexpr double fast_s = 0.6;
constexpr std::size_t rate_beats_min = 8;
constexpr std::size_t run_min = 3;
constexpr double run_fast_s = 0.6;
constexpr std::size_t bigeminy_beats_min = 6;

double quantile_of(std::vector<double>& values, double share) {
  const auto place =
      static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[static_cast<std::size_t>(place)];
}

std::vector<double> intervals_of(std::span<const RhythmBeat> beats) {
  std::vector<double> intervals;  // [i]: from beat i to the next
  for (std::size_t i = 0; i + 1 < beats.size(); ++i) {
    intervals.push_back(beats[i + 1].at_s - beats[i].at_s);
  }
  return intervals;
}

// Calls `span(first, last)` for each stretch of beats for which `is_so` holds.
template <class IsSo, class Span>
void stretches(std::size_t count, IsSo is_so, Span span) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_so(i)) continue;
    const std::size_t first = i;
    while (i < count && is_so(i)) ++i;
    span(first, i);
  }
}

class Marking {
 public:
  explicit Marking(std::size_t count) : rhythm_(count, Rhythm::Other) {}
  void mark(std::size_t first, std::size_t last, Rhythm rhythm) {
    std::fill(rhythm_.begin() + static_cast<std::ptrdiff_t>(first),
              rhythm_.begin() + static_cast<std::ptrdiff_t>(last), rhythm);
  }
  [[nodiscard]] std::vector<RhythmSpan> spans() const {
    std::vector<RhythmSpan> out;
    for (std::size_t i = 0; i < rhythm_.size(); ++i) {
      if (out.empty() || out.back().rhythm != rhythm_[i]) {
        out.push_back({.first = i, .last = i, .rhythm = rhythm_[i]});
      }
      out.back().last = i + 1;
    }
    return out;
  }

 private:
  std::vector<Rhythm> rhythm_;
};

void mark_rate(std::span<const double> intervals, std::size_t count, Marking& marking) {
  std::vector<double> usual(count, 0);
  std::vector<double> around;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = i < 4 ? 0 : i - 4;
    const std::size_t end = std::min(intervals.size(), i + 5);
    if (begin >= end) continue;
    around.assign(intervals.begin() + static_cast<std::ptrdiff_t>(begin),
                  intervals.begin() + static_cast<std::ptrdiff_t>(end));
    usual[i] = quantile_of(around, 0.5);
  }
  const auto mark_long = [&](Rhythm rhythm) {
    return [&marking, rhythm](std::size_t first, std::size_t last) {
      if (last - first >= rate_beats_min) marking.mark(first, last, rhythm);
    };
  };
  stretches(
      count, [&](std::size_t i) { return usual[i] > slow_s; }, mark_long(Rhythm::Bradycardia));
  stretches(
      count, [&](std::size_t i) { return usual[i] > 0 && usual[i] < fast_s; },
      mark_long(Rhythm::Tachycardia));
}

void mark_ventricular(std::span<const RhythmBeat> beats, Marking& marking) {
  stretches(
      beats.size() - std::min<std::size_t>(1, beats.size()),
      [&](std::size_t i) { return beats[i].is_ventricular != beats[i + 1].is_ventricular; },
      [&](std::size_t first, std::size_t last) {
        if (last - first + 1 >= bigeminy_beats_min) marking.mark(first, last + 1, Rhythm::Bigeminy);
      });
  stretches(
      beats.size(), [&](std::size_t i) { return beats[i].is_ventricular; },
      [&](std::size_t first, std::size_t last) {
        if (last - first < run_min) return;
        const double interval_s =
            (beats[last - 1].at_s - beats[first].at_s) / static_cast<double>(last - first - 1);
        marking.mark(
            first, last,
            interval_s <= run_fast_s ? Rhythm::VentricularTachycardia : Rhythm::IdioventricularRun);
      });
}

}  // namespace

std::string_view rhythm_sign(Rhythm rhythm) {
  switch (rhythm) {
    case Rhythm::Other:
      return "(N";
    case Rhythm::AtrialFibrillation:
      return "(AFIB";
    case Rhythm::VentricularTachycardia:
      return "(VT";
    case Rhythm::IdioventricularRun:
      return "(IVR";
    case Rhythm::Bigeminy:
      return "(B";
    case Rhythm::Bradycardia:
      return "(SBR";
    case Rhythm::Tachycardia:
      return "(TACHY";
  }
  return "(N";
}

std::vector<double> irregularity(std::span<const RhythmBeat> beats) {
  const std::vector<double> intervals = intervals_of(beats);
  std::vector<double> out(beats.size(), 0);
  std::vector<double> values;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    const std::size_t begin = i < beside ? 0 : i - beside;
    const std::size_t end = std::min(intervals.size(), i + beside + 1);
    if (end < begin + intervals_min) continue;
    values.assign(intervals.begin() + static_cast<std::ptrdiff_t>(begin),
                  intervals.begin() + static_cast<std::ptrdiff_t>(end));
    const double usual = quantile_of(values, 0.5);
    double least = std::numeric_limits<double>::max();
    for (std::size_t distance = 1; distance <= distance_max; ++distance) {
      values.clear();
      for (std::size_t j = begin + distance; j < end; ++j) {
        values.push_back(std::abs(intervals[j] - intervals[j - distance]));
      }
      least = std::min(least, quantile_of(values, quantile));
    }
    out[i] = least / usual;
  }
  return out;
}

Result<RhythmFindings> rhythm_of(std::span<const RhythmBeat> beats) {
  const std::vector<double> intervals = intervals_of(beats);
  if (std::ranges::any_of(intervals, [](double interval) { return !(interval > 0); })) {
    return fail(ErrorCode::InvalidInput, "the beats are not in order", "beats",
                "sort them by time, each once");
  }
  RhythmFindings found;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    if (intervals[i] >= pause_s) found.pauses.push_back(i);
  }
  Marking marking(beats.size());
  mark_rate(intervals, beats.size(), marking);
  const std::vector<double> irregular = irregularity(beats);
  stretches(
      beats.size(), [&](std::size_t i) { return irregular[i] > fibrillation_above; },
      [&](std::size_t first, std::size_t last) {
        if (beats[last - 1].at_s - beats[first].at_s >= fibrillation_s_min) {
          marking.mark(first, last, Rhythm::AtrialFibrillation);
        }
      });
  mark_ventricular(beats, marking);
  found.spans = marking.spans();
  return found;
}

}  // namespace consilium
