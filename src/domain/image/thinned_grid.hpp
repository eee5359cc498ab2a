// A volume's grid with one voxel kept of `factor` along each axis, for what costs too much at every
// voxel: voxel (x, y, z) of it is the volume's at place(axis, x), ...
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace consilium {

struct ThinnedGrid {
  std::array<std::uint32_t, 3> volume_dims{};
  std::array<std::uint32_t, 3> factor{1, 1, 1};

  [[nodiscard]] constexpr std::array<std::uint32_t, 3> dims() const {
    std::array<std::uint32_t, 3> out{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      out[axis] = (volume_dims[axis] + factor[axis] - 1) / factor[axis];
    }
    return out;
  }
  // The middle of what the voxel stands for, or the volume's last.
  [[nodiscard]] constexpr std::uint32_t place(std::size_t axis, std::uint32_t thinned) const {
    const std::uint32_t at = thinned * factor[axis] + factor[axis] / 2;
    return at < volume_dims[axis] ? at : volume_dims[axis] - 1;
  }
};

}  // namespace consilium
