// What a person has drawn, as the labels that the engines learn from. Used inside this module.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "service/segmentation/working_mask.hpp"

namespace consilium::service {

// Of every voxel, x fastest: 0 nothing, 1 .. 254 a segment, 255 the one that means "none of them".
struct NumberedSeeds {
  std::vector<std::uint8_t> seeds;
  std::array<std::uint16_t, 256> segment_of{};  // 0 where the number stands for none
};

// `named` empty: all of layer 0. A layer of its own holds one segment; of it and the named ones all
// voxels count, wherever they lie. Errors: TooLarge past 254 segments.
[[nodiscard]] Result<NumberedSeeds> numbered_seeds(const WorkingMask& mask, std::uint32_t layer,
                                                   const std::vector<std::uint16_t>& named,
                                                   const std::optional<std::uint16_t>& background);

}  // namespace consilium::service
