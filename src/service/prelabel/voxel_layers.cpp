#include "service/prelabel/voxel_layers.hpp"

#include <bit>

namespace consilium::service {

std::map<std::uint16_t, BinaryBricks> split_values(const MaskLayer& layer) {
  std::map<std::uint16_t, BinaryBricks> values;
  if (const auto* binary = std::get_if<BinaryBricks>(&layer.bricks)) {
    if (!binary->empty()) values[1] = *binary;
    return values;
  }
  for (const auto& [index, brick] : std::get<ExclusiveBricks>(layer.bricks)) {
    std::uint16_t last = 0;
    std::vector<std::uint8_t>* bits = nullptr;
    for (std::size_t v = 0; v < brick.size(); ++v) {
      if (brick[v] == 0) continue;
      if (brick[v] != last || bits == nullptr) {
        last = brick[v];
        bits = &values[last][index];
        bits->resize(brick_voxel_count / 8);
      }
      (*bits)[v / 8] = static_cast<std::uint8_t>((*bits)[v / 8] | (1U << (v % 8)));
    }
  }
  return values;
}

std::optional<ExclusiveBricks> joined_exclusive(std::span<const NumberedVoxels> segments) {
  ExclusiveBricks joined;
  for (const NumberedVoxels& segment : segments) {
    for (const auto& [index, bits] : *segment.voxels) {
      std::vector<std::uint16_t>& brick = joined[index];
      brick.resize(brick_voxel_count);
      for (std::size_t byte = 0; byte < bits.size(); ++byte) {
        for (unsigned rest = bits[byte]; rest != 0; rest &= rest - 1) {
          std::uint16_t& voxel = brick[byte * 8 + static_cast<std::size_t>(std::countr_zero(rest))];
          if (voxel != 0) return std::nullopt;
          voxel = segment.segment;
        }
      }
    }
  }
  return joined;
}

}  // namespace consilium::service
