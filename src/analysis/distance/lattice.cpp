#include "analysis/distance/lattice.hpp"

#include <fmt/format.h>

#include <cmath>

namespace consilium {

Status check_lattice(const Lattice& lattice, std::size_t voxel_count) {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (lattice.dims[axis] == 0 || lattice.dims[axis] > lattice_edge_max) {
      return fail(ErrorCode::InvalidInput, "a dimension of the volume is 0 or too large",
                  fmt::format("axis {}: {} voxels", axis, lattice.dims[axis]));
    }
    const double spacing = lattice.spacing_mm[axis];
    // Squares of it must neither vanish nor overflow.
    if (!(spacing > 1e-100 && spacing < 1e100)) {
      return fail(ErrorCode::InvalidInput, "the voxel spacing is not a length above 0",
                  fmt::format("axis {}: {} mm", axis, spacing),
                  "give the spacing in mm; 1 where it is unknown");
    }
  }
  if (lattice.voxel_count() != voxel_count) {
    return fail(ErrorCode::InvalidInput, "a volume has another length than its dimensions say",
                fmt::format("{} voxels, {} x {} x {} declared", voxel_count, lattice.dims[0],
                            lattice.dims[1], lattice.dims[2]));
  }
  return {};
}

Result<Lattice> lattice_of(const Grid& grid) {
  Lattice lattice{.dims = grid.dims};
  for (int axis = 0; axis < 3; ++axis) {
    const Vector3 step = grid.affine.axis_mm(axis);
    lattice.spacing_mm[static_cast<std::size_t>(axis)] = length(step);
    const Vector3 next = grid.affine.axis_mm((axis + 1) % 3);
    if (std::abs(dot(step, next)) > 1e-4 * length(step) * length(next)) {
      return fail(ErrorCode::Unsupported, "the grid's axes are not perpendicular",
                  fmt::format("axes {} and {}", axis, (axis + 1) % 3),
                  "resample the masks onto a grid with perpendicular axes");
    }
  }
  CSL_TRY(check_lattice(lattice, lattice.voxel_count()));
  return lattice;
}

}  // namespace consilium
