// What an operation makes of a mask, brick by brick, as far as it may change it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "analysis/bit_volume/bit_volume.hpp"
#include "base/bytes.hpp"
#include "service/segmentation/mask_operation.hpp"
#include "service/segmentation/series_volume.hpp"
#include "service/segmentation/working_mask.hpp"

namespace consilium::service {

struct VoxelCounts {
  std::uint64_t added = 0, removed = 0, changed = 0;
  [[nodiscard]] bool any() const { return added + removed + changed > 0; }
  friend bool operator==(const VoxelCounts&, const VoxelCounts&) = default;
};

struct MaskEdit {
  Bytes records;  // u32 brick index, u32 layer, u32 byte count (0: now empty), bytes
  std::uint64_t bricks = 0;
  VoxelCounts voxels;
};

// Makes the new labels of one brick out of the old ones, in place; false: nothing changes there.
// Voxels outside the volume are left alone.
using LabelChange = std::function<bool(std::uint32_t index, std::span<std::uint16_t> labels)>;

// One brick after `change`, as far as `restriction` lets through, and what that changes. `image`
// may be null when the restriction names no range. Both buffers hold brick_voxel_count.
class BrickEditor {
 public:
  BrickEditor(const WorkingMask& mask, std::uint32_t layer, const Restriction& restriction,
              const SeriesVolume* image)
      : mask_(mask),
        layer_(layer),
        restriction_(restriction),
        image_(image),
        before_(brick_voxel_count),
        now_(brick_voxel_count) {}

  [[nodiscard]] VoxelCounts edit(std::uint32_t index, const LabelChange& change);
  // Of the last edit.
  [[nodiscard]] std::span<const std::uint16_t> labels() const { return now_; }

 private:
  const WorkingMask& mask_;
  std::uint32_t layer_;
  const Restriction& restriction_;
  const SeriesVolume* image_;
  std::vector<std::uint16_t> before_;
  std::vector<std::uint16_t> now_;
};

// Appends a brick's record. In the form Runs a brick of layer 0 is u16 label, u16 count of each run
// of equal labels, where that takes fewer bytes than the labels themselves.
void put_record(Bytes& out, std::uint32_t layer, std::uint32_t index,
                std::span<const std::uint16_t> labels, BrickForm form);

// Runs `change` over all bricks and keeps what `restriction` lets through. `image` may be null when
// the restriction names no range.
[[nodiscard]] MaskEdit edit_bricks(const WorkingMask& mask, std::uint32_t layer,
                                   const Restriction& restriction, const SeriesVolume* image,
                                   BrickForm form, const LabelChange& change);

// The segment becomes `now`, whatever it was.
[[nodiscard]] LabelChange becomes(const WorkingMask& mask, std::uint16_t segment,
                                  const BitVolume& before, const BitVolume& now);
// A box of the layer becomes `labels` (x fastest).
[[nodiscard]] LabelChange becomes(const WorkingMask& mask, const VoxelRange& box,
                                  std::span<const std::uint16_t> labels);

}  // namespace consilium::service
