// What beats of a recording look like, read piece by piece.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/beat_clusters/beat_shapes.hpp"
#include "transport/cli_detect/ecg_record.hpp"

namespace consilium::cli {

// Beats among events, as samples of the record's leads, in order; of several at one sample the
// first stands. Waves of ventricular flutter are left out, as EC57 does: they are no beats.
struct MarkedBeats {
  std::vector<std::int64_t> samples;
  std::vector<MitCode> codes;
};
[[nodiscard]] MarkedBeats marked_beats(const EcgRecord& record,
                                       const std::vector<SignalEvent>& events);

// The features of each beat in all chosen leads. Two minutes of the record lie in memory.
[[nodiscard]] Result<BeatFeatures> features_in(const EcgRecord& record,
                                               const std::vector<std::int64_t>& beats);

}  // namespace consilium::cli
