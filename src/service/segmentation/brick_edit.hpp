// What an operation makes of a mask, brick by brick, as far as it may change it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "analysis/bit_volume/bit_volume.hpp"
#include "base/bytes.hpp"
#include "service/segmentation/mask_operation.hpp"
#include "service/segmentation/series_volume.hpp"
#include "service/segmentation/working_mask.hpp"

namespace consilium::service {

struct MaskEdit {
  Bytes records;  // u32 brick index, u32 layer, u32 byte count (0: now empty), bytes
  std::uint64_t bricks = 0;
  std::uint64_t added = 0, removed = 0, changed = 0;  // voxels
};

// Makes the new labels of one brick out of the old ones, in place; false: nothing changes there.
// Voxels outside the volume are left alone.
using LabelChange = std::function<bool(std::uint32_t index, std::span<std::uint16_t> labels)>;

// Runs `change` over all bricks and keeps what `restriction` lets through. `image` may be null when
// the restriction names no range.
[[nodiscard]] MaskEdit edit_bricks(const WorkingMask& mask, std::uint32_t layer,
                                   const Restriction& restriction, const SeriesVolume* image,
                                   const LabelChange& change);

// The segment becomes `now`, whatever it was.
[[nodiscard]] LabelChange becomes(const WorkingMask& mask, std::uint16_t segment,
                                  const BitVolume& before, const BitVolume& now);
// A box of the layer becomes `labels` (x fastest).
[[nodiscard]] LabelChange becomes(const WorkingMask& mask, const VoxelRange& box,
                                  std::span<const std::uint16_t> labels);

}  // namespace consilium::service
