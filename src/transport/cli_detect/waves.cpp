#include "transport/cli_detect/waves.hpp"

#include <algorithm>
#include <cmath>

namespace consilium::cli {
namespace {

// Marks in order: a wave that reaches into the next one ends where that begins.
void append_wave(const EcgRecord& record, const std::optional<Wave>& wave, MitCode peak, int num,
                 std::vector<SignalEvent>& events) {
  if (!wave) return;
  const auto chan = static_cast<int>(record.leads.front());
  const auto mark = [&](std::int64_t sample, MitCode code) {
    std::int64_t tick = sample * record.channel().ticks_per_sample;
    if (!events.empty()) tick = std::max(tick, events.back().at.value);
    tick = std::clamp<std::int64_t>(tick, 0, record.header().length_ticks - 1);
    const bool is_peak = code == peak;
    events.push_back({.at = Tick{tick}, .code = code, .chan = chan, .num = is_peak ? 0 : num});
  };
  mark(wave->onset, MitCode::WaveformOnset);
  mark(wave->peak, peak);
  mark(wave->end, MitCode::WaveformEnd);
}

}  // namespace

Result<FoundWaves> waves_in(const EcgRecord& record, const std::vector<std::int64_t>& beats) {
  FoundWaves found;
  const double rate_hz = record.channel().rate.hz();
  const auto margin = static_cast<std::int64_t>(std::ceil(2 * rate_hz));
  const auto piece = static_cast<std::int64_t>(std::ceil(120 * rate_hz));
  const std::int64_t count = record.channel().sample_count;
  std::int64_t first = 0;
  std::vector<std::vector<float>> leads_mv;
  for (const BeatPlace& place : beat_places(beats, rate_hz)) {
    const std::int64_t last = leads_mv.empty() ? 0 : first + std::ssize(leads_mv[0]);
    if (leads_mv.empty() || (place.beat + margin > last && last < count)) {
      first = std::max<std::int64_t>(0, place.beat - margin);
      leads_mv = CSL_TRY(record.read(first, std::min(piece, count - first)));
    }
    std::vector<BeatWaves> by_lead;
    for (const auto& lead : leads_mv) {
      by_lead.push_back(CSL_TRY(delineate_beat({lead, first}, rate_hz, place)));
    }
    const BeatWaves waves = by_lead.size() == 1 ? by_lead[0] : combined_waves(by_lead, rate_hz);
    append_wave(record, waves.p, MitCode::PWavePeak, 0, found.events);
    append_wave(record, waves.qrs, MitCode::Normal, 1, found.events);
    append_wave(record, waves.t, MitCode::TWavePeak, 2, found.events);
    found.counts[0] += waves.p ? 1 : 0;
    found.counts[1] += waves.qrs ? 1 : 0;
    found.counts[2] += waves.t ? 1 : 0;
  }
  return found;
}

}  // namespace consilium::cli
