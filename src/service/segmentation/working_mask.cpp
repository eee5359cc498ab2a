#include "service/segmentation/working_mask.hpp"

#include <algorithm>
#include <cstring>
#include <set>

namespace consilium::service {
namespace {

std::uint32_t u32_at(ByteView bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, 4);
  return value;
}

// The part of a brick's row y, z that lies in the volume, as bits from the brick's first voxel on.
std::uint32_t row_bits(const std::vector<std::uint8_t>& brick, std::size_t row) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, brick.data() + row * 4, 4);
  return bits;
}

std::uint32_t row_bits(const std::vector<std::uint16_t>& brick, std::size_t row,
                       std::uint16_t label) {
  std::uint32_t bits = 0;
  for (std::size_t x = 0; x < brick_edge; ++x) {
    bits |= static_cast<std::uint32_t>(brick[row * brick_edge + x] == label) << x;
  }
  return bits;
}

// Joins the bricks' bits into the volume; bits_of(brick, row) gives 32 voxels.
template <class Bricks, class BitsOf>
void join(BitVolume& volume, const Grid& grid, const Bricks& bricks, const BitsOf& bits_of) {
  for (const auto& [index, brick] : bricks) {
    const auto [x, y0, z0] = brick_origin(grid, index);
    for (std::uint32_t z = z0; z < std::min(z0 + brick_edge, grid.dims[2]); ++z) {
      for (std::uint32_t y = y0; y < std::min(y0 + brick_edge, grid.dims[1]); ++y) {
        const std::uint64_t bits = bits_of(brick, (z - z0) * brick_edge + y - y0);
        volume.row(y, z)[x / 64] |= bits << (x % 64);
      }
    }
  }
}

bool bit_at(const std::vector<std::uint8_t>& brick, std::size_t place) {
  return (brick[place / 8] >> (place % 8) & 1U) != 0;
}

}  // namespace

std::array<std::uint32_t, 3> brick_origin(const Grid& grid, std::uint32_t index) {
  const auto dims = brick_dims(grid);
  return {index % dims[0] * brick_edge, index / dims[0] % dims[1] * brick_edge,
          index / dims[0] / dims[1] * brick_edge};
}

Result<WorkingMask> WorkingMask::read(const Grid& grid, ByteView records) {
  WorkingMask mask;
  mask.grid_ = grid;
  for (std::size_t at = 0; at + 12 <= records.size();) {
    const std::uint32_t index = u32_at(records, at);
    const std::uint32_t layer = u32_at(records, at + 4);
    const std::uint32_t count = u32_at(records, at + 8);
    at += 12;
    if (records.size() - at < count) return fail(ErrorCode::Corrupt, "a brick ends early");
    CSL_TRY(mask.set(layer, index, records.subspan(at, count)));
    at += count;
  }
  return mask;
}

Status WorkingMask::set(std::uint32_t layer, std::uint32_t index, ByteView bytes) {
  MaskLayer one =
      layer == 0 ? CSL_TRY(make_exclusive_layer(grid_)) : CSL_TRY(make_binary_layer(grid_));
  CSL_TRY(set_brick(one, index, bytes));
  if (layer == 0) {
    exclusive_.erase(index);
    segments_.erase(index);
    auto& bricks = std::get<ExclusiveBricks>(one.bricks);
    if (bricks.empty()) return {};
    std::vector<std::uint16_t> found;
    std::uint16_t last = 0;
    for (const std::uint16_t label : bricks.begin()->second) {
      if (label != last && label != 0) found.push_back(label);
      last = label;
    }
    std::ranges::sort(found);
    const auto repeats = std::ranges::unique(found);
    found.erase(repeats.begin(), repeats.end());
    segments_.emplace(index, std::move(found));
    exclusive_.insert(bricks.extract(index));
    return {};
  }
  auto& bricks = std::get<BinaryBricks>(one.bricks);
  BinaryBricks& into = binary_[layer];
  into.erase(index);
  if (!bricks.empty()) into.insert(bricks.extract(index));
  if (into.empty()) binary_.erase(layer);
  return {};
}

bool WorkingMask::has_brick(std::uint32_t layer, std::uint32_t index) const {
  if (layer == 0) return exclusive_.contains(index);
  const auto bricks = binary_.find(layer);
  return bricks != binary_.end() && bricks->second.contains(index);
}

std::uint32_t WorkingMask::brick_count() const {
  const auto dims = brick_dims(grid_);
  return dims[0] * dims[1] * dims[2];
}

void WorkingMask::brick(std::uint32_t layer, std::uint32_t index,
                        std::span<std::uint16_t> out) const {
  std::ranges::fill(out, std::uint16_t{0});
  if (layer == 0) {
    const auto found = exclusive_.find(index);
    if (found != exclusive_.end()) std::ranges::copy(found->second, out.begin());
    return;
  }
  const auto bricks = binary_.find(layer);
  if (bricks == binary_.end()) return;
  const auto found = bricks->second.find(index);
  if (found == bricks->second.end()) return;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (bit_at(found->second, i)) out[i] = static_cast<std::uint16_t>(layer);
  }
}

BitVolume WorkingMask::segment(std::uint32_t layer, std::uint16_t segment) const {
  BitVolume volume(grid_.dims);
  if (layer == 0) {
    join(volume, grid_, exclusive_,
         [segment](const auto& brick, std::size_t row) { return row_bits(brick, row, segment); });
  } else if (layer == segment && binary_.contains(layer)) {
    join(volume, grid_, binary_.at(layer),
         [](const auto& brick, std::size_t row) { return row_bits(brick, row); });
  }
  return volume;
}

BitVolume WorkingMask::segment_anywhere(std::uint16_t segment) const {
  BitVolume exclusive = this->segment(0, segment);
  if (!binary_.contains(segment)) return exclusive;
  return union_of(exclusive, this->segment(segment, segment));
}

std::optional<VoxelRange> WorkingMask::extent(std::uint32_t layer) const {
  std::optional<VoxelRange> extent;
  const auto add = [&](std::uint32_t index) {
    const auto first = brick_origin(grid_, index);
    if (!extent) extent = VoxelRange{.first = first, .end = first};
    for (std::size_t a = 0; a < 3; ++a) {
      extent->first[a] = std::min(extent->first[a], first[a]);
      extent->end[a] = std::max(extent->end[a], std::min(first[a] + brick_edge, grid_.dims[a]));
    }
  };
  if (layer == 0) {
    for (const auto& [index, brick] : exclusive_) add(index);
  } else if (binary_.contains(layer)) {
    for (const auto& [index, brick] : binary_.at(layer)) add(index);
  }
  return extent;
}

std::vector<std::uint16_t> WorkingMask::labels(std::uint32_t layer, const VoxelRange& box) const {
  const VoxelDims dims = box.dims();
  std::vector<std::uint16_t> labels(static_cast<std::size_t>(dims[0]) * dims[1] * dims[2]);
  std::vector<std::uint16_t> buffer(brick_voxel_count);
  for (std::uint32_t index = 0; index < brick_count(); ++index) {
    const auto origin = brick_origin(grid_, index);
    VoxelRange part;
    bool meets = true;
    for (std::size_t a = 0; a < 3; ++a) {
      part.first[a] = std::max(origin[a], box.first[a]);
      part.end[a] = std::min(origin[a] + brick_edge, box.end[a]);
      meets = meets && part.first[a] < part.end[a];
    }
    const bool is_there = layer == 0 ? exclusive_.contains(index)
                                     : binary_.contains(layer) && binary_.at(layer).contains(index);
    if (!meets || !is_there) continue;
    brick(layer, index, buffer);
    for (std::uint32_t z = part.first[2]; z < part.end[2]; ++z) {
      for (std::uint32_t y = part.first[1]; y < part.end[1]; ++y) {
        const std::size_t from =
            ((z - origin[2]) * brick_edge + y - origin[1]) * brick_edge + part.first[0] - origin[0];
        const std::size_t to =
            (static_cast<std::size_t>(z - box.first[2]) * dims[1] + y - box.first[1]) * dims[0] +
            part.first[0] - box.first[0];
        std::copy_n(buffer.begin() + static_cast<std::ptrdiff_t>(from), part.dims()[0],
                    labels.begin() + static_cast<std::ptrdiff_t>(to));
      }
    }
  }
  return labels;
}

bool WorkingMask::holds(std::uint16_t segment, std::uint32_t brick, std::size_t place) const {
  const auto exclusive = exclusive_.find(brick);
  const std::uint16_t label = exclusive == exclusive_.end() ? 0 : exclusive->second[place];
  const auto in_layer = [&](const BinaryBricks& bricks) {
    const auto found = bricks.find(brick);
    return found != bricks.end() && bit_at(found->second, place);
  };
  if (segment == 0) {
    return label == 0 &&
           std::ranges::none_of(binary_, [&](const auto& layer) { return in_layer(layer.second); });
  }
  const auto layer = binary_.find(segment);
  return label == segment || (layer != binary_.end() && in_layer(layer->second));
}

std::vector<std::uint16_t> WorkingMask::segments() const {
  std::set<std::uint16_t> found;
  for (const auto& [index, segments] : segments_) found.insert(segments.begin(), segments.end());
  return {found.begin(), found.end()};
}

}  // namespace consilium::service
