// The dilation of a mask by a ball, on rows of bits.
#pragma once

#include "analysis/bit_volume/bit_volume.hpp"
#include "analysis/distance/lattice.hpp"

namespace consilium::morphology {

// Every voxel whose centre lies within `radius_mm` of the centre of a set voxel, exactly (squares
// of lengths are compared with a slack of one part in 10^6, so that 3 steps of 0.7 mm are 2.1 mm).
//
// A ball is rows: at (dy, dz) of its centre it reaches w voxels to either side along x. Each row
// of the mask is widened by every such w, which takes a few shifts of words, and joined into the
// rows around it: O(rows x row offsets x words). Past `ball_rows_max` row offsets the distance
// transform is cheaper and taken instead; both give the same voxels.
// The dimensions of both are the same; radius_mm >= 0.
[[nodiscard]] BitVolume dilated(const BitVolume& bits, const Lattice& lattice, double radius_mm,
                                unsigned threads);

inline constexpr std::size_t ball_rows_max = 800;
inline constexpr double square_slack = 1e-6;  // of the square of a length
[[nodiscard]] BitVolume dilated_by_rows(const BitVolume& bits, const Lattice& lattice,
                                        double radius_mm, unsigned threads);
[[nodiscard]] BitVolume dilated_by_distance(const BitVolume& bits, const Lattice& lattice,
                                            double radius_mm, unsigned threads);

// The voxels along an axis that a length reaches.
[[nodiscard]] std::uint32_t steps_within(double length_mm, double spacing_mm);

}  // namespace consilium::morphology
