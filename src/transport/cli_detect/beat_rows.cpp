#include "transport/cli_detect/beat_rows.hpp"

#include <algorithm>
#include <cmath>

namespace consilium::cli {

MarkedBeats marked_beats(const EcgRecord& record, const std::vector<SignalEvent>& events) {
  MarkedBeats out;
  for (const SignalEvent& event : events) {
    const std::int64_t sample = event.at.value / record.channel().ticks_per_sample;
    if (!is_beat(event.code) || event.code == MitCode::FlutterWave ||
        (!out.samples.empty() && sample <= out.samples.back()))
      continue;
    out.samples.push_back(sample);
    out.codes.push_back(event.code);
  }
  return out;
}

Result<BeatFeatures> features_in(const EcgRecord& record, const std::vector<std::int64_t>& beats) {
  const double rate_hz = record.channel().rate.hz();
  const auto margin = static_cast<std::int64_t>(std::ceil(rate_hz / 2));
  const auto piece = static_cast<std::int64_t>(std::ceil(120 * rate_hz));
  const std::int64_t count = record.channel().sample_count;
  std::vector<float> shapes;
  shapes.reserve(beats.size() * record.leads.size() * beat_shape_size);
  std::int64_t first = 0;
  std::vector<std::vector<float>> leads_mv;
  for (const std::int64_t beat : beats) {
    const std::int64_t last = leads_mv.empty() ? 0 : first + std::ssize(leads_mv[0]);
    if (leads_mv.empty() || (beat + margin > last && last < count)) {
      first = std::clamp<std::int64_t>(beat - margin, 0, std::max<std::int64_t>(0, count - 1));
      leads_mv = CSL_TRY(record.read(first, std::min(piece, count - first)));
    }
    for (const auto& lead : leads_mv) append_beat_shape(lead, first, rate_hz, beat, shapes);
  }
  return beat_features(shapes, record.leads.size(), beat_intervals(beats));
}

}  // namespace consilium::cli
