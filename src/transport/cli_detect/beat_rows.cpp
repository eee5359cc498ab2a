#include "transport/cli_detect/beat_rows.hpp"

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
  const auto shapes = CSL_TRY(shapes_of_beats(record.ecg(), beats));
  return beat_features(shapes, record.leads.size(), beat_intervals(beats));
}

}  // namespace consilium::cli
