#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "analysis/ecg_delineation/ecg_delineation.hpp"

namespace consilium {
namespace {

using Member = std::int64_t Wave::*;

// The value at which half of the weight is reached; of two leads that weigh alike, between them.
std::int64_t weighted_median(std::vector<std::pair<std::int64_t, double>> values) {
  std::ranges::sort(values);
  double total = 0;
  for (const auto& value : values) total += value.second;
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += values[i].second;
    if (sum > total / 2) return values[i].first;
    if (sum == total / 2 && i + 1 < values.size()) {
      return (values[i].first + values[i + 1].first) / 2;
    }
  }
  return values.back().first;
}

std::optional<Wave> median_wave(std::span<const BeatWaves> leads,
                                std::optional<Wave> BeatWaves::* which) {
  std::vector<const Wave*> waves;
  for (const BeatWaves& lead : leads) {
    if (lead.*which) waves.push_back(&*(lead.*which));
  }
  // A wave that most leads do not show is none.
  if (waves.empty() || waves.size() * 2 < leads.size()) return std::nullopt;
  const auto median = [&](Member member) {
    std::vector<std::pair<std::int64_t, double>> values;
    for (const Wave* wave : waves) values.emplace_back(wave->*member, wave->height);
    return weighted_median(std::move(values));
  };
  Wave wave{.onset = median(&Wave::onset), .peak = median(&Wave::peak), .end = median(&Wave::end)};
  for (const Wave* one : waves) wave.height = std::max(wave.height, one->height);
  wave.onset = std::min(wave.onset, wave.peak);
  wave.end = std::max(wave.end, wave.peak);
  return wave;
}

// The first of `sorted` that another within `tolerance` behind it bears out; else the median.
std::int64_t borne_out(const std::vector<std::int64_t>& sorted, std::int64_t tolerance) {
  for (std::size_t i = 0; i + 1 < sorted.size(); ++i) {
    if (std::abs(sorted[i + 1] - sorted[i]) <= tolerance) return sorted[i];
  }
  return sorted[sorted.size() / 2];
}

}  // namespace

BeatWaves combined_waves(std::span<const BeatWaves> leads, double sampling_rate_hz) {
  BeatWaves out{.p = median_wave(leads, &BeatWaves::p),
                .qrs = median_wave(leads, &BeatWaves::qrs),
                .t = median_wave(leads, &BeatWaves::t)};
  if (!out.qrs) return {};
  constexpr double tolerance_s = 0.012;
  const auto tolerance = static_cast<std::int64_t>(std::ceil(tolerance_s * sampling_rate_hz));
  std::vector<std::int64_t> onsets;
  std::vector<std::int64_t> ends;
  for (const BeatWaves& lead : leads) {
    if (!lead.qrs) continue;
    onsets.push_back(lead.qrs->onset);
    ends.push_back(lead.qrs->end);
  }
  if (onsets.size() > 2) {
    std::ranges::sort(onsets);
    std::ranges::sort(ends, std::greater<>());
    out.qrs->onset = std::min(borne_out(onsets, tolerance), out.qrs->peak);
    out.qrs->end = std::max(borne_out(ends, tolerance), out.qrs->peak);
  }
  if (out.p && out.p->peak >= out.qrs->onset) out.p.reset();
  if (out.p) out.p->end = std::min(out.p->end, out.qrs->onset);
  if (out.t && out.t->peak <= out.qrs->end) out.t.reset();
  if (out.t) out.t->onset = std::max(out.t->onset, out.qrs->end);
  return out;
}

}  // namespace consilium
