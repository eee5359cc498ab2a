// Connected components of a mask, and what is done with them: keep the largest, drop the small,
// part into segments, fill holes.
//
// Runs of set voxels are joined by union-find in one pass over neighbouring rows (K. Wu, E. Otoo,
// K. Suzuki, Pattern Anal. Applic. 12 (2009) 117-135, here by runs as in L. He, Y. Chao, K. Suzuki,
// IEEE Trans. Image Process. 17 (2008) 749-756), so the cost goes with the runs, not the voxels.
// Components are numbered in the order of their first voxel (x fastest, then y, then z): the same
// for any number of threads.
//
// Cost: O(words + runs), 12 bytes a run.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/bit_volume/bit_volume.hpp"

namespace consilium {

// Neighbours of a voxel: in one slice these are 4, 8 and 8 of them.
enum class Connectivity { Faces = 6, Edges = 18, Corners = 26 };
// Whether voxels of different slices (z) touch.
enum class Reach { Volume, Slice };

struct ComponentRun {
  std::uint32_t row = 0;  // y + ny z
  std::uint16_t begin = 0;
  std::uint16_t end = 0;
  std::uint32_t component = 0;
};

struct Component {
  std::uint64_t voxel_count = 0;
  VoxelRange box;
};

struct Components {
  VoxelDims dims{};
  std::vector<ComponentRun> runs;  // in the order of the volume
  std::vector<Component> list;
};

// No edge of the volume may pass 65,535 voxels (lattice_edge_max).
[[nodiscard]] Components components_of(const BitVolume& bits,
                                       Connectivity connectivity = Connectivity::Faces,
                                       Reach reach = Reach::Volume);

// The voxels of the components for which keep(number of the component) holds.
template <class Keep>
[[nodiscard]] BitVolume kept(const Components& components, const Keep& keep) {
  BitVolume bits(components.dims);
  for (const ComponentRun& run : components.runs) {
    if (!keep(run.component)) continue;
    set_run(bits.words().data() + run.row * bits.row_words(), run.begin, run.end);
  }
  return bits;
}

// Of equally large ones the first. Nothing set gives nothing.
[[nodiscard]] BitVolume largest_component(const BitVolume& bits,
                                          Connectivity connectivity = Connectivity::Faces);
// Without the components of fewer than `voxels_min` voxels.
[[nodiscard]] BitVolume without_small(const BitVolume& bits, std::uint64_t voxels_min,
                                      Connectivity connectivity = Connectivity::Faces);
// The components' numbers, largest first (equal ones in their order): how they are given to new
// segments.
[[nodiscard]] std::vector<std::uint32_t> by_size(const Components& components);

// Background that does not reach the border of the volume (of the slice, where there is but one)
// through faces is filled.
[[nodiscard]] BitVolume with_holes_filled(const BitVolume& bits);
// The same in each slice across `axis` (0 x, 1 y, 2 z) on its own.
[[nodiscard]] BitVolume with_slice_holes_filled(const BitVolume& bits, std::size_t axis);

}  // namespace consilium
