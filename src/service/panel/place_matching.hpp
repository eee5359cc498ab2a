// Which places of different raters are the same: clusters of at most one place a rater. Used inside
// this module.
//
// Spans, beats, intervals and areas are units on an axis and go through span_consensus; areas are
// put there as runs of pixels, row by row and slice by slice, so that their overlap is counted in
// pixels exactly. An area on one frame of a volume stands for a finding that reaches half of the
// label's distance_mm_max to either side, so that raters who drew it on neighbouring slices are
// matched. What is drawn in the patient is told in the voxels of the volume it was drawn on: a box
// by what it holds, a shape on a turned plane as far to either side as one on a frame; so they are
// matched with one another and with areas on that volume's frames. Points and lines are the same
// within distance_mm_max (of lines: both ends), in the patient where either is drawn in space.
#pragma once

#include <optional>
#include <vector>

#include "service/panel/opinions.hpp"
#include "service/panel/voting_units.hpp"

namespace consilium::service {

struct Mark {
  std::uint32_t rater = 0;  // a number that the caller gave
  const Annotation* annotation = nullptr;
};
// One mark a rater, by rater.
using MarkCluster = std::vector<Mark>;

// Readers are 0 .. reader_count - 1; a reader without a mark takes part too. Clusters in the order
// of their places. Errors: those of span_consensus; Corrupt when the catalog does not hold what the
// marks name.
[[nodiscard]] Result<std::vector<MarkCluster>> match_places(const storage::Reader& reader,
                                                            const storage::ItemRow& item,
                                                            const UnitPlan& plan,
                                                            const std::vector<Mark>& marks,
                                                            std::uint32_t reader_count);

}  // namespace consilium::service
