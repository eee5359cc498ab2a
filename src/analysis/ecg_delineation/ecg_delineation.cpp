#include "analysis/ecg_delineation/ecg_delineation.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/ecg_delineation/beat_waves.hpp"

namespace consilium {
namespace {

using delineation::Marks;

constexpr int before_count = 250;  // samples at 250 Hz to either side of the beat
constexpr int after_count = 300;

// The lead around the beat at 250 Hz: means over 4 ms where there are more samples, else straight
// lines between them.
std::vector<double> around_beat(const LeadPart& lead, double rate_hz, std::int64_t beat) {
  const auto last = std::ssize(lead.samples_mv) - 1;
  double known = 0;
  const auto at = [&](std::int64_t i) {
    const auto k = static_cast<std::size_t>(std::clamp<std::int64_t>(i - lead.first, 0, last));
    const auto value = static_cast<double>(lead.samples_mv[k]);
    if (std::isfinite(value)) known = value;
    return known;
  };
  const double ratio = rate_hz / delineation::rate_hz;
  std::vector<double> out;
  out.reserve(before_count + after_count);
  for (int n = -before_count; n < after_count; ++n) {
    const double middle = static_cast<double>(beat) + n * ratio;
    if (ratio <= 1) {
      const double floor = std::floor(middle);
      const auto i = static_cast<std::int64_t>(floor);
      const double share = middle - floor;
      const double low = at(i);
      out.push_back(share > 0 ? low + share * (at(i + 1) - low) : low);
      continue;
    }
    // Of the samples that lie in the 4 ms, those at the borders by their part.
    double sum = 0;
    double weight = 0;
    for (auto i = static_cast<std::int64_t>(std::floor(middle - ratio / 2));
         static_cast<double>(i) <= middle + ratio / 2 + 1; ++i) {
      const double part = std::min(static_cast<double>(i) + 0.5, middle + ratio / 2) -
                          std::max(static_cast<double>(i) - 0.5, middle - ratio / 2);
      if (part <= 0) continue;
      sum += part * at(i);
      weight += part;
    }
    out.push_back(sum / weight);
  }
  return out;
}

}  // namespace

Result<BeatWaves> delineate_beat(const LeadPart& lead, double sampling_rate_hz,
                                 const BeatPlace& place) {
  if (!(sampling_rate_hz >= 80 && sampling_rate_hz <= 10'000)) {
    return fail(ErrorCode::InvalidInput, "waves are found at 80 to 10,000 samples a second",
                "sampling rate", "take a channel that holds an ECG");
  }
  if (!(place.before < place.beat && place.beat < place.after)) {
    return fail(ErrorCode::InvalidInput, "the beats are not in order", "beats",
                "sort them, each once");
  }
  if (lead.samples_mv.empty()) return BeatWaves{};
  const double ratio = sampling_rate_hz / delineation::rate_hz;
  const auto wavelet = delineation::spline_wavelet(around_beat(lead, sampling_rate_hz, place.beat));
  const auto marks = delineation::marks_of(
      wavelet, before_count, static_cast<double>(place.beat - place.before) / ratio,
      static_cast<double>(place.after - place.beat) / ratio, {});
  const auto sample = [&](double n) {
    return place.beat + static_cast<std::int64_t>(std::llround((n - before_count) * ratio));
  };
  const auto wave = [&](const std::optional<Marks>& from) -> std::optional<Wave> {
    if (!from) return std::nullopt;
    const std::int64_t peak = sample(from->peak);
    return Wave{.onset = std::min(sample(from->onset), peak),
                .peak = peak,
                .end = std::max(sample(from->end), peak),
                .height = from->height};
  };
  return BeatWaves{.p = wave(marks.p), .qrs = wave(marks.qrs), .t = wave(marks.t)};
}

std::vector<BeatPlace> beat_places(std::span<const std::int64_t> beats, double sampling_rate_hz) {
  const std::int64_t usual = std::llround(0.8 * sampling_rate_hz);
  std::vector<BeatPlace> places;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    places.push_back({.before = i > 0 ? beats[i - 1] : beats[i] - usual,
                      .beat = beats[i],
                      .after = i + 1 < beats.size() ? beats[i + 1] : beats[i] + usual});
  }
  return places;
}

}  // namespace consilium
