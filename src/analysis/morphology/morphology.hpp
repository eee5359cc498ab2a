// Operations on the shape of one segment, in millimetres: margins, shells, opening and closing,
// majority smoothing. All work on the bounding box of what is set.
//
// Distances run between voxel centres (analysis/distance). What lies outside the volume is neither
// set nor background: a segment that the image cuts off is not eaten away at the cut.
// Every result is the same for any number of threads.
//
// Errors of all: InvalidInput when the lattice is wrong (check_lattice), its dimensions are not the
// mask's, or a length is negative, not finite or past length_mm_max.
#pragma once

#include "analysis/bit_volume/bit_volume.hpp"
#include "analysis/distance/lattice.hpp"
#include "base/result.hpp"

namespace consilium {

inline constexpr double length_mm_max = 1000;

// Every voxel within `mm` of the mask; the ball is exact (morphology/ball.hpp).
// Cost: O(rows of the box x (mm / spacing)^2 words), past radii of some 16 voxels O(voxels).
[[nodiscard]] Result<BitVolume> grown(const BitVolume& bits, const Lattice& lattice, double mm,
                                      unsigned threads = 1);
// The voxels farther than `mm` from all that is not set.
[[nodiscard]] Result<BitVolume> shrunk(const BitVolume& bits, const Lattice& lattice, double mm,
                                       unsigned threads = 1);

enum class ShellSide {
  Inside,   // the surface becomes the shell's outer side
  Outside,  // its inner side
  Centre,   // half the thickness to either side
};
[[nodiscard]] Result<BitVolume> hollow(const BitVolume& bits, const Lattice& lattice,
                                       double thickness_mm, ShellSide side, unsigned threads = 1);

// Shrunk, then grown: drops what is thinner than a ball of radius `mm`; and the other way round:
// closes gaps and dents that are narrower.
[[nodiscard]] Result<BitVolume> opened(const BitVolume& bits, const Lattice& lattice, double mm,
                                       unsigned threads = 1);
[[nodiscard]] Result<BitVolume> closed(const BitVolume& bits, const Lattice& lattice, double mm,
                                       unsigned threads = 1);

// Each voxel becomes what most of a box around it are. The box is `mm` long along each axis, as the
// odd number of voxels that comes nearest; at the volume's end its last voxels are repeated (as
// scipy's median_filter does in mode "nearest").
// Errors: TooLarge when the box would hold more than 65,535 voxels.
// Cost: O(voxels of the box), whatever `mm`.
[[nodiscard]] Result<BitVolume> median_smoothed(const BitVolume& bits, const Lattice& lattice,
                                                double mm, unsigned threads = 1);
// The odd number of voxels nearest to mm / spacing_mm, at least 1 (the larger of two).
[[nodiscard]] std::uint32_t median_edge(double mm, double spacing_mm);

// Shared by the module's functions.
[[nodiscard]] Status check_length(const BitVolume& bits, const Lattice& lattice, double mm);

}  // namespace consilium
