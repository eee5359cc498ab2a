// Margins, shells, opening and closing (morphology.hpp) on a grid whose axes are not perpendicular:
// slices of a tilted gantry are stacked askew. Distances run between voxel centres in the patient;
// the ball is exact there too, row by row, for a sheared grid has no spacing along its axes that a
// distance transform could be made of.
//
// Errors of all: InvalidInput when a dimension is not the mask's, the steps span no volume, or a
// length is negative, not finite or past length_mm_max.
// Cost: O(rows of the box x row offsets of the ball).
#pragma once

#include <array>
#include <optional>

#include "analysis/bit_volume/bit_volume.hpp"
#include "analysis/distance/lattice.hpp"
#include "analysis/morphology/morphology.hpp"
#include "base/result.hpp"
#include "domain/image/geometry.hpp"

namespace consilium {

struct ShearedLattice {
  VoxelDims dims{};
  std::array<Vector3, 3> steps_mm{};  // of one voxel along each axis, in the patient
};

// Nothing when the grid's axes are perpendicular, as lattice_of wants them.
[[nodiscard]] std::optional<ShearedLattice> sheared_lattice_of(const Grid& grid);

// The perpendicular lattice that is nearest: equally large voxels, slices as far apart as they are.
// For what asks for volumes and rough lengths alone. Errors: InvalidInput, as check_lattice.
[[nodiscard]] Result<Lattice> upright_lattice(const ShearedLattice& lattice);

[[nodiscard]] Result<BitVolume> grown(const BitVolume& bits, const ShearedLattice& lattice,
                                      double mm, unsigned threads = 1);
[[nodiscard]] Result<BitVolume> shrunk(const BitVolume& bits, const ShearedLattice& lattice,
                                       double mm, unsigned threads = 1);
[[nodiscard]] Result<BitVolume> hollow(const BitVolume& bits, const ShearedLattice& lattice,
                                       double thickness_mm, ShellSide side, unsigned threads = 1);
[[nodiscard]] Result<BitVolume> opened(const BitVolume& bits, const ShearedLattice& lattice,
                                       double mm, unsigned threads = 1);
[[nodiscard]] Result<BitVolume> closed(const BitVolume& bits, const ShearedLattice& lattice,
                                       double mm, unsigned threads = 1);

}  // namespace consilium
