// What pixel classifiers have learnt from: samples of one person's strokes on one item, sealed with
// the key of its patient, so that an erased patient takes them along.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/objects.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

struct PixelSamplesRow {
  ItemId item;
  PatientId patient;
  RaterId rater;
  ObjectRef object;
  std::int64_t sample_count = 0;
  Timestamp kept_at;
};

// One for each rater and item, the last kept first, at most `limit`.
[[nodiscard]] Result<std::vector<PixelSamplesRow>> pixel_samples(const Reader& reader,
                                                                 const ProjectId& project,
                                                                 std::int64_t limit);

}  // namespace consilium::storage
