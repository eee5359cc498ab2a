#include "domain/image/mask.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.hpp"

namespace consilium {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

constexpr std::size_t bit_bytes = brick_voxel_count / 8;

Status check_grid(const Grid& grid) {
  std::uint64_t bricks = 1;
  for (const std::uint32_t dim : grid.dims) {
    if (dim == 0) return fail(ErrorCode::InvalidInput, "a grid needs at least one voxel each way");
    bricks *= (std::uint64_t{dim} + brick_edge - 1) / brick_edge;
    if (bricks > std::numeric_limits<std::uint32_t>::max()) {
      return fail(ErrorCode::TooLarge, "the grid has more than 2^32 bricks");
    }
  }
  return {};
}

bool contains(const Grid& grid, const Voxel& voxel) {
  return voxel.i < grid.dims[0] && voxel.j < grid.dims[1] && voxel.k < grid.dims[2];
}

bool is_empty(const auto& values) {
  return std::ranges::all_of(values, [](auto value) { return value == 0; });
}

// Calls `use(first voxel of the row in the grid, place in the brick, row length)` for each row of a
// brick that lies in the grid.
template <class Use>
void for_each_row(const Grid& grid, std::uint32_t brick_index, Use&& use) {
  const auto counts = brick_dims(grid);
  const Voxel start{.i = brick_index % counts[0] * brick_edge,
                    .j = brick_index / counts[0] % counts[1] * brick_edge,
                    .k = brick_index / counts[0] / counts[1] * brick_edge};
  const std::uint32_t width = std::min(brick_edge, grid.dims[0] - start.i);
  const std::uint32_t height = std::min(brick_edge, grid.dims[1] - start.j);
  const std::uint32_t depth = std::min(brick_edge, grid.dims[2] - start.k);
  for (std::uint32_t z = 0; z < depth; ++z) {
    for (std::uint32_t y = 0; y < height; ++y) {
      const Voxel first{.i = start.i, .j = start.j + y, .k = start.k + z};
      use(first, place_in_brick(first), width);
    }
  }
}

std::size_t dense_place(const Grid& grid, const Voxel& voxel) {
  return voxel.i + std::size_t{grid.dims[0]} * (voxel.j + std::size_t{grid.dims[1]} * voxel.k);
}

std::uint32_t brick_count(const Grid& grid) {
  const auto counts = brick_dims(grid);
  return counts[0] * counts[1] * counts[2];
}

bool bit_at(const std::vector<std::uint8_t>& bits, std::size_t place) {
  return ((bits[place / 8] >> (place % 8)) & 1U) != 0;
}

void set_bit(std::vector<std::uint8_t>& bits, std::size_t place, bool on) {
  const auto bit = static_cast<std::uint8_t>(1U << (place % 8));
  bits[place / 8] = static_cast<std::uint8_t>(on ? bits[place / 8] | bit : bits[place / 8] & ~bit);
}

template <class Dense>
Status check_length(const Grid& grid, const Dense& dense) {
  CSL_TRY(check_grid(grid));
  if (dense.size() != voxel_count(grid)) {
    return fail(ErrorCode::InvalidInput, "the mask has another number of voxels than its grid");
  }
  return {};
}

// Whether every voxel of the brick outside the grid is 0.
template <class At>
bool outside_is_empty(const Grid& grid, std::uint32_t brick_index, At&& at) {
  std::vector<bool> inside(brick_voxel_count, false);
  for_each_row(grid, brick_index, [&](const Voxel&, std::size_t place, std::uint32_t width) {
    for (std::uint32_t x = 0; x < width; ++x) inside[place + x] = true;
  });
  for (std::size_t place = 0; place < brick_voxel_count; ++place) {
    if (!inside[place] && at(place)) return false;
  }
  return true;
}

}  // namespace

std::array<std::uint32_t, 3> brick_dims(const Grid& grid) {
  std::array<std::uint32_t, 3> counts{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::uint32_t dim = grid.dims[axis];  // may be so large that adding 31 would wrap
    counts[axis] = dim / brick_edge + (dim % brick_edge != 0 ? 1 : 0);
  }
  return counts;
}

std::uint32_t brick_index_of(const Grid& grid, const Voxel& voxel) {
  const auto counts = brick_dims(grid);
  return voxel.i / brick_edge +
         counts[0] * (voxel.j / brick_edge + counts[1] * (voxel.k / brick_edge));
}

std::size_t place_in_brick(const Voxel& voxel) {
  return voxel.i % brick_edge +
         std::size_t{brick_edge} *
             (voxel.j % brick_edge + std::size_t{brick_edge} * (voxel.k % brick_edge));
}

Result<MaskLayer> make_exclusive_layer(Grid grid) {
  CSL_TRY(check_grid(grid));
  return MaskLayer{.grid = std::move(grid), .bricks = ExclusiveBricks{}};
}

Result<MaskLayer> make_binary_layer(Grid grid) {
  CSL_TRY(check_grid(grid));
  return MaskLayer{.grid = std::move(grid), .bricks = BinaryBricks{}};
}

std::uint16_t voxel_at(const MaskLayer& layer, const Voxel& voxel) {
  CSL_CHECK(contains(layer.grid, voxel));
  const std::uint32_t index = brick_index_of(layer.grid, voxel);
  const std::size_t place = place_in_brick(voxel);
  return std::visit(
      Overloaded{[&](const ExclusiveBricks& bricks) -> std::uint16_t {
                   const auto found = bricks.find(index);
                   return found == bricks.end() ? std::uint16_t{0} : found->second[place];
                 },
                 [&](const BinaryBricks& bricks) -> std::uint16_t {
                   const auto found = bricks.find(index);
                   return found != bricks.end() && bit_at(found->second, place) ? 1 : 0;
                 }},
      layer.bricks);
}

void set_voxel(MaskLayer& layer, const Voxel& voxel, std::uint16_t label) {
  CSL_CHECK(contains(layer.grid, voxel));
  const std::uint32_t index = brick_index_of(layer.grid, voxel);
  const std::size_t place = place_in_brick(voxel);
  const auto set = [&](auto& bricks, std::size_t size, auto&& put) {
    auto found = bricks.find(index);
    if (found == bricks.end()) {
      if (label == 0) return;
      found = bricks.try_emplace(index, size).first;
    }
    put(found->second);
    if (label == 0 && is_empty(found->second)) bricks.erase(found);
  };
  std::visit(
      Overloaded{[&](ExclusiveBricks& bricks) {
                   set(bricks, brick_voxel_count, [&](auto& brick) { brick[place] = label; });
                 },
                 [&](BinaryBricks& bricks) {
                   set(bricks, bit_bytes, [&](auto& brick) { set_bit(brick, place, label != 0); });
                 }},
      layer.bricks);
}

Result<MaskLayer> exclusive_layer_from_dense(Grid grid, std::span<const std::uint16_t> dense) {
  CSL_TRY(check_length(grid, dense));
  ExclusiveBricks bricks;
  std::vector<std::uint16_t> brick(brick_voxel_count);
  const std::uint32_t count = brick_count(grid);
  for (std::uint32_t index = 0; index < count; ++index) {
    std::ranges::fill(brick, std::uint16_t{0});
    for_each_row(grid, index, [&](const Voxel& first, std::size_t place, std::uint32_t width) {
      std::ranges::copy(dense.subspan(dense_place(grid, first), width),
                        brick.begin() + static_cast<std::ptrdiff_t>(place));
    });
    if (!is_empty(brick)) bricks.emplace_hint(bricks.end(), index, brick);
  }
  return MaskLayer{.grid = std::move(grid), .bricks = std::move(bricks)};
}

Result<MaskLayer> binary_layer_from_dense(Grid grid, std::span<const std::uint8_t> dense) {
  CSL_TRY(check_length(grid, dense));
  BinaryBricks bricks;
  std::vector<std::uint8_t> brick(bit_bytes);
  const std::uint32_t count = brick_count(grid);
  for (std::uint32_t index = 0; index < count; ++index) {
    std::ranges::fill(brick, std::uint8_t{0});
    for_each_row(grid, index, [&](const Voxel& first, std::size_t place, std::uint32_t width) {
      const std::size_t from = dense_place(grid, first);
      for (std::uint32_t x = 0; x < width; ++x) {
        if (dense[from + x] != 0) set_bit(brick, place + x, true);
      }
    });
    if (!is_empty(brick)) bricks.emplace_hint(bricks.end(), index, brick);
  }
  return MaskLayer{.grid = std::move(grid), .bricks = std::move(bricks)};
}

std::vector<std::uint16_t> to_dense(const MaskLayer& layer) {
  std::vector<std::uint16_t> dense(voxel_count(layer.grid));
  const auto put = [&](const auto& bricks, auto&& at) {
    for (const auto& [index, brick] : bricks) {
      for_each_row(layer.grid, index,
                   [&](const Voxel& first, std::size_t place, std::uint32_t width) {
                     const std::size_t to = dense_place(layer.grid, first);
                     for (std::uint32_t x = 0; x < width; ++x) dense[to + x] = at(brick, place + x);
                   });
    }
  };
  std::visit(Overloaded{[&](const ExclusiveBricks& bricks) {
                          put(bricks, [](const auto& brick, std::size_t at) { return brick[at]; });
                        },
                        [&](const BinaryBricks& bricks) {
                          put(bricks, [](const auto& brick, std::size_t at) {
                            return static_cast<std::uint16_t>(bit_at(brick, at));
                          });
                        }},
             layer.bricks);
  return dense;
}

Bytes brick_bytes(const MaskLayer& layer, std::uint32_t brick_index) {
  return std::visit(Overloaded{[&](const ExclusiveBricks& bricks) {
                                 Bytes bytes;
                                 const auto found = bricks.find(brick_index);
                                 if (found == bricks.end()) return bytes;
                                 bytes.reserve(brick_voxel_count * 2);
                                 for (const std::uint16_t label : found->second) {
                                   bytes.push_back(static_cast<std::byte>(label & 0xFFU));
                                   bytes.push_back(static_cast<std::byte>(label >> 8U));
                                 }
                                 return bytes;
                               },
                               [&](const BinaryBricks& bricks) {
                                 const auto found = bricks.find(brick_index);
                                 if (found == bricks.end()) return Bytes{};
                                 const ByteView view = std::as_bytes(std::span(found->second));
                                 return Bytes(view.begin(), view.end());
                               }},
                    layer.bricks);
}

Status set_brick(MaskLayer& layer, std::uint32_t brick_index, ByteView bytes) {
  if (brick_index >= brick_count(layer.grid)) {
    return fail(ErrorCode::InvalidInput, "the brick lies outside the grid");
  }
  const auto put = [&](auto& bricks, auto brick, auto&& at) -> Status {
    if (is_empty(brick)) {
      bricks.erase(brick_index);
      return {};
    }
    if (!outside_is_empty(layer.grid, brick_index, at)) {
      return fail(ErrorCode::InvalidInput, "the brick marks voxels outside the grid");
    }
    bricks.insert_or_assign(brick_index, std::move(brick));
    return {};
  };
  const auto fits = [&](std::size_t size) -> Status {
    if (bytes.empty() || bytes.size() == size) return {};
    return fail(ErrorCode::InvalidInput, "the brick has a wrong length");
  };
  return std::visit(
      Overloaded{[&](ExclusiveBricks& bricks) -> Status {
                   CSL_TRY(fits(brick_voxel_count * 2));
                   std::vector<std::uint16_t> brick(bytes.size() / 2);
                   for (std::size_t i = 0; i < brick.size(); ++i) {
                     brick[i] = static_cast<std::uint16_t>(
                         std::to_integer<unsigned>(bytes[2 * i]) |
                         std::to_integer<unsigned>(bytes[2 * i + 1]) << 8U);
                   }
                   return put(bricks, brick, [&](std::size_t at) { return brick[at] != 0; });
                 },
                 [&](BinaryBricks& bricks) -> Status {
                   CSL_TRY(fits(bit_bytes));
                   std::vector<std::uint8_t> brick(bytes.size());
                   std::ranges::transform(bytes, brick.begin(), [](std::byte b) {
                     return std::to_integer<std::uint8_t>(b);
                   });
                   return put(bricks, brick, [&](std::size_t at) { return bit_at(brick, at); });
                 }},
      layer.bricks);
}

}  // namespace consilium
