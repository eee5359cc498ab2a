// Raters' masks and labels that tests share; the oracles' numbers in the tests are of the same.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace consilium::test {

inline constexpr std::size_t made_voxels = 9UL * 14 * 21;

template <class Voxel>
using Volumes = std::vector<std::vector<Voxel>>;

template <class Voxel>
std::vector<std::span<const Voxel>> views(const Volumes<Voxel>& volumes) {
  return {volumes.begin(), volumes.end()};
}

// A lump of 21 x 14 x 9 voxels that each rater draws a little wider, and their own crumbs.
inline Volumes<std::uint8_t> made_masks(int raters) {
  Volumes<std::uint8_t> masks(static_cast<std::size_t>(raters));
  for (int r = 0; r < raters; ++r) {
    for (int v = 0; v < static_cast<int>(made_voxels); ++v) {
      const int x = v % 21;
      const int y = v / 21 % 14;
      const int z = v / (21 * 14);
      const bool in =
          (x - 10) * (x - 10) * 4 + (y - 6) * (y - 6) * 9 + (z - 4) * (z - 4) * 16 < 300 + 20 * r;
      masks[static_cast<std::size_t>(r)].push_back(
          in != ((x * (r + 3) + y * 5 + z * 7) % (11 + r) == 0) ? 1 : 0);
    }
  }
  return masks;
}

// Slanted bands of labels 0 to 4.
inline Volumes<std::uint16_t> made_labels(int raters) {
  Volumes<std::uint16_t> volumes(static_cast<std::size_t>(raters));
  for (int r = 0; r < raters; ++r) {
    for (int v = 0; v < static_cast<int>(made_voxels); ++v) {
      const int x = v % 21;
      const int y = v / 21 % 14;
      const int z = v / (21 * 14);
      const int band = (x + 2 * y * (r % 2) + z * r) / 5 % 4;
      const int crumb = (x * (r + 3) + y * 5 + z * 7) % (6 + r) == 0 ? 1 : 0;
      volumes[static_cast<std::size_t>(r)].push_back(static_cast<std::uint16_t>(band + crumb));
    }
  }
  return volumes;
}

}  // namespace consilium::test
