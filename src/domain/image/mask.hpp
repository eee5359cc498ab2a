// Masks as they are kept: bricks of 32 x 32 x 32 voxels on a grid, x fastest, then y, then z.
//
// A layer is either exclusive (each voxel has one u16 label, 0 is none) or binary (one segment that
// may overlap others: 1 bit a voxel, the least significant bit of a byte first). A brick that is
// all 0 is absent. A brick at the far edge is whole, its outside voxels 0. This is a stored form.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/image/geometry.hpp"

namespace consilium {

inline constexpr std::uint32_t brick_edge = 32;
inline constexpr std::size_t brick_voxel_count = 32UL * 32UL * 32UL;

// Brick index -> its voxels: 32,768 labels, or 4,096 bytes of bits.
using ExclusiveBricks = std::map<std::uint32_t, std::vector<std::uint16_t>>;
using BinaryBricks = std::map<std::uint32_t, std::vector<std::uint8_t>>;

struct MaskLayer {
  Grid grid;
  std::variant<ExclusiveBricks, BinaryBricks> bricks;
  friend bool operator==(const MaskLayer&, const MaskLayer&) = default;
};

struct Voxel {
  std::uint32_t i = 0;  // column
  std::uint32_t j = 0;  // row
  std::uint32_t k = 0;  // slice
  friend bool operator==(const Voxel&, const Voxel&) = default;
};

// Bricks along each axis.
[[nodiscard]] std::array<std::uint32_t, 3> brick_dims(const Grid& grid);
// bx + nbx * (by + nby * bz). The voxel must lie in the grid.
[[nodiscard]] std::uint32_t brick_index_of(const Grid& grid, const Voxel& voxel);
// Where the voxel is in its brick: x + 32 * (y + 32 * z), each modulo 32.
[[nodiscard]] std::size_t place_in_brick(const Voxel& voxel);

// An empty layer. Errors: InvalidInput when a dimension is 0; TooLarge past 2^32 bricks.
[[nodiscard]] Result<MaskLayer> make_exclusive_layer(Grid grid);
[[nodiscard]] Result<MaskLayer> make_binary_layer(Grid grid);

// 0 or the label; 0 or 1 in a binary layer. The voxel must lie in the grid.
// Cost: a look-up in the map of bricks; go brick by brick where speed matters.
[[nodiscard]] std::uint16_t voxel_at(const MaskLayer& layer, const Voxel& voxel);
// In a binary layer any label but 0 sets the bit. A brick that becomes empty goes.
void set_voxel(MaskLayer& layer, const Voxel& voxel, std::uint16_t label);

// From and to a dense volume, x fastest, voxel_count(grid) long.
// Errors: InvalidInput when the length is another; TooLarge as above. Cost: O(voxels).
[[nodiscard]] Result<MaskLayer> exclusive_layer_from_dense(Grid grid,
                                                           std::span<const std::uint16_t> dense);
[[nodiscard]] Result<MaskLayer> binary_layer_from_dense(Grid grid,
                                                        std::span<const std::uint8_t> dense);
[[nodiscard]] std::vector<std::uint16_t> to_dense(const MaskLayer& layer);

// A brick's stored bytes: u16 little endian (65,536 bytes), or the bits (4,096 bytes). Empty when
// the brick is absent.
[[nodiscard]] Bytes brick_bytes(const MaskLayer& layer, std::uint32_t brick_index);
// Puts a brick from its stored bytes; none or all 0 removes it.
// Errors: InvalidInput when the index or the length is out of range, or when a voxel outside the
// grid is not 0.
[[nodiscard]] Status set_brick(MaskLayer& layer, std::uint32_t brick_index, ByteView bytes);

}  // namespace consilium
