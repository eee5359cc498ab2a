// A rater's mask in memory while an operation looks at it: all layers, by bricks.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "analysis/bit_volume/bit_volume.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/image/mask.hpp"

namespace consilium::service {

// Layer 0 is exclusive; layer k is binary and holds segment k.
class WorkingMask {
 public:
  // `records` as Masks::bricks gives them. Errors: those of set_brick.
  [[nodiscard]] static Result<WorkingMask> read(const Grid& grid, ByteView records);

  // Puts a brick from its stored bytes; none: it goes. Errors: those of set_brick.
  [[nodiscard]] Status set(std::uint32_t layer, std::uint32_t index, ByteView bytes);

  [[nodiscard]] const Grid& grid() const { return grid_; }
  [[nodiscard]] bool has_brick(std::uint32_t layer, std::uint32_t index) const;
  [[nodiscard]] std::uint32_t brick_count() const;
  // The labels of one brick; all 0 where it is absent. `out` holds brick_voxel_count.
  void brick(std::uint32_t layer, std::uint32_t index, std::span<std::uint16_t> out) const;
  // The voxels of one segment in a layer, and in whichever layers it lies.
  [[nodiscard]] BitVolume segment(std::uint32_t layer, std::uint16_t segment) const;
  [[nodiscard]] BitVolume segment_anywhere(std::uint16_t segment) const;
  // Where the layer has bricks, whole bricks cut off at the volume's end; nothing when it has none.
  [[nodiscard]] std::optional<VoxelRange> extent(std::uint32_t layer) const;
  // The labels of a box, x fastest.
  [[nodiscard]] std::vector<std::uint16_t> labels(std::uint32_t layer, const VoxelRange& box) const;
  // Whether the voxel at a place of a brick is of the segment, in any layer; 0: of none at all.
  [[nodiscard]] bool holds(std::uint16_t segment, std::uint32_t brick, std::size_t place) const;
  // The segments of layer 0, rising.
  [[nodiscard]] std::vector<std::uint16_t> segments() const;

 private:
  Grid grid_;
  ExclusiveBricks exclusive_;
  std::map<std::uint32_t, BinaryBricks> binary_;
  std::map<std::uint32_t, std::vector<std::uint16_t>>
      segments_;  // of each brick of layer 0, rising
};

// Where a brick begins.
[[nodiscard]] std::array<std::uint32_t, 3> brick_origin(const Grid& grid, std::uint32_t index);

// Calls use(dense voxel, x count, place in the brick) for the rows of a brick that lie in the
// volume.
template <class Use>
void for_each_brick_row(const Grid& grid, std::uint32_t index, const Use& use) {
  const auto [x0, y0, z0] = brick_origin(grid, index);
  const std::uint32_t count = std::min(brick_edge, grid.dims[0] - x0);
  for (std::uint32_t z = z0; z < std::min(z0 + brick_edge, grid.dims[2]); ++z) {
    for (std::uint32_t y = y0; y < std::min(y0 + brick_edge, grid.dims[1]); ++y) {
      use((static_cast<std::size_t>(z) * grid.dims[1] + y) * grid.dims[0] + x0, count,
          std::size_t{((z - z0) * brick_edge + y - y0) * brick_edge});
    }
  }
}

}  // namespace consilium::service
