// Mask layers taken apart into the voxels of each value, and put together as one. Used inside this
// module.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "domain/image/mask.hpp"

namespace consilium::service {

// Each value that occurs (1 in a binary layer) with its voxels. Cost: one pass over the bricks.
[[nodiscard]] std::map<std::uint16_t, BinaryBricks> split_values(const MaskLayer& layer);

struct NumberedVoxels {
  std::uint16_t segment = 1;
  const BinaryBricks* voxels = nullptr;
};
// As one exclusive layer; nothing where two of them share a voxel.
[[nodiscard]] std::optional<ExclusiveBricks> joined_exclusive(
    std::span<const NumberedVoxels> segments);

}  // namespace consilium::service
