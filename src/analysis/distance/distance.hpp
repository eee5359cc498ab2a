// Exact Euclidean distances from every voxel of a volume to the nearest feature voxel, in mm.
//
// Distances run between voxel centres. The squared distance is separable:
//   D(x, y, z) = min over z' of (z - z')^2 s_z^2 + min over y' of (y - y')^2 s_y^2
//                + min over x' of (x - x')^2 s_x^2, over the features (x', y', z'),
// so three passes of one-dimensional lower envelopes of parabolas give it. Sources: T. Saito and
// J. Toriwaki, Pattern Recognition 27 (1994) 1551-1565; A. Meijster, J. Roerdink and W. Hesselink,
// in Mathematical Morphology and its Applications (2000) 331-340; P. Felzenszwalb and
// D. Huttenlocher, Theory of Computing 8 (2012) 415-428. Here an envelope is found by divide and
// conquer: the row that gives the minimum never moves backward as y grows, so the answer of the
// middle row bounds those of both halves, which goes 16 columns at a time in vector registers.
//
// Cost: O(voxels x log edge), memory beside the output O(edge) a thread. Precision: float is exact
// where spacings are small whole numbers and else right to about 4 parts in 10^7; double to about
// 10^-15. The result is the same bit for bit for every thread count and processor.
//
// `threads` 0 or 1: the caller's thread alone.
// Errors of all: InvalidInput when a length or the lattice is wrong (see check_lattice).
#pragma once

#include <cstdint>
#include <span>

#include "analysis/distance/lattice.hpp"
#include "base/result.hpp"

namespace consilium {

enum class DistanceForm {
  Squared,  // mm^2
  Plain,    // mm
};

// out[v] is the distance from voxel v to the nearest voxel whose `mask` is not 0; 0 on those. Where
// no voxel is a feature, all are infinite.
[[nodiscard]] Status distance_to_mask(std::span<const std::uint8_t> mask, const Lattice& lattice,
                                      DistanceForm form, std::span<float> out,
                                      unsigned threads = 1);
[[nodiscard]] Status distance_to_mask(std::span<const std::uint8_t> mask, const Lattice& lattice,
                                      DistanceForm form, std::span<double> out,
                                      unsigned threads = 1);

// In mm, negative inside: outside the mask the distance to its nearest voxel, inside it minus the
// distance to the nearest voxel outside; so never 0, and the border lies halfway. An empty mask
// gives +infinity everywhere, a mask of all voxels -infinity.
[[nodiscard]] Status signed_distance(std::span<const std::uint8_t> mask, const Lattice& lattice,
                                     std::span<float> out, unsigned threads = 1);
[[nodiscard]] Status signed_distance(std::span<const std::uint8_t> mask, const Lattice& lattice,
                                     std::span<double> out, unsigned threads = 1);

}  // namespace consilium
