// Fills segments between the slices that someone drew, all labels at once.
//
// A label's drawn slices are those across `axis` on which it has a voxel; between two of them that
// are not neighbours lies a gap. Of every gap:
//  - the connected parts of both slices are matched: by overlap, then the nearest of what is left;
//    parts that branch or join are taken together;
//  - matched shapes are laid centroid on centroid and their signed distances blended, the centroid
//    moving along. Where matching shapes follow beyond the gap, the blend is the cubic (with one of
//    them the parabola) through them, else the straight line: S. Raya and J. Udupa, IEEE Trans.
//    Med. Imaging 9 (1990) 32-42; G. Herman, J. Zheng, C. Bucholtz, IEEE Comput. Graph. Appl. 12
//    (1992) 69-79, there without the alignment that shifted shapes need;
//  - where two labels want a voxel, it goes to the one that it lies deeper in.
// Drawn slices stay as they are, and only unlabelled voxels are filled.
//
// Cost: one look at every voxel, then O(voxels of the segments' boxes in the gaps). The result is
// the same bit for bit for any number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/distance/lattice.hpp"
#include "base/result.hpp"

namespace consilium {

struct SliceFillOptions {
  std::vector<std::uint16_t> segments;  // empty: all labels
  std::size_t axis = 2;                 // across which the slices lie: 0 x, 1 y, 2 z
  // Goes on past a label's first and last slice, and where a part has no partner: up to half a
  // step, or to where the parabola through the areas of three slices ends, at most a step.
  bool cap_ends = false;
  // Values of the same voxels, or empty. Where they tell inside from outside on the drawn slices,
  // borders between them move by up to `snap_mm` towards what the values say.
  std::span<const float> image;
  double snap_mm = 2;
  unsigned threads = 1;
};

struct SliceFillSummary {
  std::uint64_t filled_voxels = 0;
  std::size_t gaps = 0;
};

// Errors: InvalidInput when the lattice is wrong (check_lattice), the axis is past 2, the image has
// another length, or snap_mm is not within 0 to 100.
[[nodiscard]] Result<SliceFillSummary> fill_between_slices(std::span<std::uint16_t> labels,
                                                           const Lattice& lattice,
                                                           const SliceFillOptions& options);

}  // namespace consilium
