#include "domain/image/mask.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace consilium;

namespace {

// No dimension is a multiple of the brick's edge.
Grid small_grid() { return {.dims = {70, 33, 40}, .affine = {}, .frame_of_reference_uid = "1.2"}; }

std::vector<std::uint16_t> sparse_labels(const Grid& grid) {
  std::mt19937 random(7);
  std::vector<std::uint16_t> dense(voxel_count(grid));
  for (int i = 0; i < 500; ++i) {
    dense[random() % (dense.size() / 3)] = static_cast<std::uint16_t>(random() % 1000);
  }
  return dense;
}

}  // namespace

TEST_CASE("bricks are counted x first, then y, then z") {
  const Grid grid = small_grid();
  CHECK(brick_dims(grid) == std::array<std::uint32_t, 3>{3, 2, 2});
  CHECK(brick_index_of(grid, {.i = 64, .j = 32, .k = 32}) == 2 + 3 * (1 + 2 * 1));
  CHECK(place_in_brick({.i = 33, .j = 34, .k = 35}) == 1 + 32 * (2 + 32 * 3));
}

TEST_CASE("a dense volume survives the way through bricks") {
  const Grid grid = small_grid();
  const auto dense = sparse_labels(grid);
  const MaskLayer layer = exclusive_layer_from_dense(grid, dense).value();
  CHECK(to_dense(layer) == dense);
  // The last third holds nothing, so the farthest bricks are absent.
  CHECK(std::get<ExclusiveBricks>(layer.bricks).size() < 12);

  std::vector<std::uint8_t> bits(dense.size());
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = dense[i] != 0 ? 1 : 0;
  const MaskLayer binary = binary_layer_from_dense(grid, bits).value();
  const auto back = to_dense(binary);
  CHECK(std::equal(back.begin(), back.end(), bits.begin(), bits.end()));
}

TEST_CASE("voxels set one by one give the layer made at once") {
  const Grid grid = small_grid();
  const auto dense = sparse_labels(grid);
  MaskLayer exclusive = make_exclusive_layer(grid).value();
  MaskLayer binary = make_binary_layer(grid).value();
  for (std::uint32_t k = 0; k < grid.dims[2]; ++k) {
    for (std::uint32_t j = 0; j < grid.dims[1]; ++j) {
      for (std::uint32_t i = 0; i < grid.dims[0]; ++i) {
        const Voxel voxel{.i = i, .j = j, .k = k};
        const std::uint16_t label = dense[i + 70UL * (j + 33UL * k)];
        set_voxel(exclusive, voxel, label);
        set_voxel(binary, voxel, label);
        REQUIRE(voxel_at(exclusive, voxel) == label);
        REQUIRE(voxel_at(binary, voxel) == (label != 0 ? 1 : 0));
      }
    }
  }
  CHECK(exclusive == exclusive_layer_from_dense(grid, dense).value());
}

TEST_CASE("clearing the last voxel of a brick removes the brick") {
  MaskLayer layer = make_binary_layer(small_grid()).value();
  set_voxel(layer, {.i = 69, .j = 32, .k = 39}, 1);
  CHECK(std::get<BinaryBricks>(layer.bricks).size() == 1);
  set_voxel(layer, {.i = 69, .j = 32, .k = 39}, 0);
  CHECK(std::get<BinaryBricks>(layer.bricks).empty());
}

TEST_CASE("stored bytes of a brick read back; outside the grid they are refused") {
  const Grid grid = small_grid();
  const MaskLayer layer = exclusive_layer_from_dense(grid, sparse_labels(grid)).value();
  MaskLayer copy = make_exclusive_layer(grid).value();
  for (const auto& [index, brick] : std::get<ExclusiveBricks>(layer.bricks)) {
    const Bytes bytes = brick_bytes(layer, index);
    CHECK(bytes.size() == 65536);
    REQUIRE(set_brick(copy, index, bytes).has_value());
  }
  CHECK(copy == layer);
  CHECK(brick_bytes(layer, 11).empty());
  Bytes outside(65536);
  outside[2 * 31] = std::byte{1};  // x = 64 + 31 of 70 columns
  CHECK_FALSE(set_brick(copy, 2, outside).has_value());
  CHECK_FALSE(set_brick(copy, 12, {}).has_value());
  CHECK_FALSE(set_brick(copy, 0, Bytes(4096)).has_value());
  REQUIRE(set_brick(copy, 0, {}).has_value());
  CHECK_FALSE(std::get<ExclusiveBricks>(copy.bricks).contains(0));
}

TEST_CASE("grids that bricks cannot number are refused") {
  CHECK_FALSE(make_exclusive_layer({.dims = {0, 1, 1}, .affine = {}, .frame_of_reference_uid = {}})
                  .has_value());
  constexpr std::uint32_t huge = 0xFFFFFFFF;
  CHECK_FALSE(
      make_binary_layer({.dims = {huge, huge, 1}, .affine = {}, .frame_of_reference_uid = {}})
          .has_value());
}
