// The next cases labelled before a person opens them: the project's pixel classifier as one rater
// of kind model, "pixel classifier", whose masks are votes of the panel and suggestions to
// labellers (service/prelabel); they carry its version. Used inside this module.
#pragma once

#include <cstdint>
#include <stop_token>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "service/access/access.hpp"
#include "service/project/protocol_cache.hpp"
#include "service/segmentation/series_volume.hpp"

namespace consilium::service {

inline constexpr std::size_t next_items_max = 2;

struct LabelNext {
  VolumeCache& volumes;
  std::uint64_t voxels_max = 0;
  unsigned threads = 1;
  std::stop_token stop = {};
};

class ModelLabels {
 public:
  ModelLabels(storage::Store& store, const Clock& clock, Random& random)
      : store_(store), clock_(clock), random_(random) {}

  // Labels the first `next_items_max` images, by number, that nobody has begun and no pixel
  // classifier has labelled, on this person's behalf; a volume that cannot be read is passed over.
  // Nothing when the protocol wants no models or nothing was learnt. Returns how many.
  [[nodiscard]] Result<std::size_t> label_next(const Access& access, const ProjectId& project,
                                               const LabelNext& how);

 private:
  storage::Store& store_;
  const Clock& clock_;
  Random& random_;
  ProtocolCache protocols_;
};

}  // namespace consilium::service
