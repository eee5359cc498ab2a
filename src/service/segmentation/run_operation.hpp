// Each kind of operation on a mask in memory.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "analysis/distance/lattice.hpp"
#include "service/segmentation/brick_edit.hpp"
#include "service/segmentation/classify.hpp"
#include "service/segmentation/mask_operation.hpp"
#include "service/segmentation/propagate.hpp"
#include "service/segmentation/seed_sessions.hpp"
#include "service/segmentation/series_volume.hpp"
#include "service/segmentation/working_mask.hpp"

namespace consilium::service {

struct OperationInput {
  const WorkingMask& mask;
  std::shared_ptr<const SeriesVolume> image;        // null unless needs_image
  const WorkingMask* prior = nullptr;               // of CopyPriorOperation and PropagateOperation
  std::shared_ptr<const SeriesVolume> prior_image;  // of PropagateOperation
  SeedSession* seeds = nullptr;                     // of GrowOperation: of this mask and image
  PyramidCache* pyramids = nullptr;                 // of GrowOperation
  const ClassifySources* classify = nullptr;        // of ClassifyOperation
  unsigned threads = 1;
  std::stop_token stop = {};
};

struct OperationResult {
  MaskEdit edit;
  std::string preview;     // of GrowOperation: its name
  bool is_update = false;  // the records are since the preview that was named
  std::optional<NextSlices> next_slices;
  std::optional<Learnt> learnt;
  std::optional<Propagation> propagation;  // without the labels
};

[[nodiscard]] bool needs_image(const MaskOperation& operation);
// Whether its engine holds every voxel in memory, with some 14 bytes for each.
[[nodiscard]] bool works_on_all(const MaskOperation& operation);

// Errors: InvalidInput and TooLarge of the operation, Unsupported on a sheared grid; Conflict when
// it was stopped, which is looked for between its steps.
[[nodiscard]] Result<OperationResult> run_operation(const MaskOperation& operation,
                                                    const OperationInput& input);

}  // namespace consilium::service
