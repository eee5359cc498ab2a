// A recording's beats put into clusters of a look, for whoever labels them: one name then names a
// whole cluster, and the most doubtful beats of each come first.
//
// The beats are the asker's own, as they stand in the browser; nothing of them is stored. Shapes
// that were cut from a recording are kept in memory for the recordings that are being worked on, so
// that asking again (after beats were added, or for a part of them) reads no sample twice.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"
#include "service/item/items.hpp"
#include "storage/store.hpp"

namespace consilium::service {

struct BeatClusterQuery {
  std::vector<std::int64_t> ticks;     // of all beats, rising
  std::vector<std::int64_t> only;      // places in `ticks`, rising: cluster these; empty: all
  std::size_t cluster_count_max = 12;  // 1 to 64
};

class BeatClusterer {
 public:
  static constexpr std::size_t beats_max = 500'000;
  static constexpr std::size_t leads_used_max = 2;
  static constexpr std::size_t recordings_kept = 2;  // 28 MB each for 100,000 beats

  BeatClusterer(storage::Store& store, const Items& items) : store_(store), items_(items) {}

  // JSON text: {"leads": [name], "step_ms": 8, "before": 30, "clusters": [{"size",
  // "representative", "template_uv": [[a lead's shape]...], "spread_uv": [...], "members_uv":
  // [[shape in the first lead]...], "doubted": [places], "doubted_uv": [[...]...]}], "cluster": [of
  // each beat], "doubt": [of each, thousandths]}. A template is the mean of the cluster's shapes,
  // spread their root mean square distance from it in the first lead; members are up to 20 of them,
  // evenly chosen, and the doubted ones up to 24 that lie nearest to another cluster, in that
  // order. A shape's values stand 8 ms apart, the beat at the value `before`. Of a part of the
  // beats ("only") all counts are of it. Cost: reading the recording once (when shapes are
  // missing), and some 10 microseconds a beat. Errors: NotFound; InvalidInput for ticks that do not
  // rise or are not in the recording, and for a recording without an ECG; TooLarge past 500,000
  // beats.
  [[nodiscard]] Result<std::string> cluster(const Access& access, const ProjectId& project,
                                            const ItemId& item, const RecordingId& recording,
                                            const BeatClusterQuery& query);

 private:
  // Shapes in microvolts, clipped to 16 bits: beat by beat, of each every lead.
  struct Shapes {
    RecordingId recording;
    std::vector<std::string> lead_names;
    std::vector<std::int64_t> samples;  // of the beats, rising
    std::vector<std::int16_t> values;
  };
  // Of these beats; those that are missing are read. The lock is not held meanwhile.
  [[nodiscard]] Result<std::shared_ptr<const Shapes>> shapes(
      const RecordingId& recording, const std::vector<std::int64_t>& ticks);

  storage::Store& store_;
  const Items& items_;
  Guarded<std::list<std::shared_ptr<const Shapes>>> kept_;  // the last one used first
};

}  // namespace consilium::service
