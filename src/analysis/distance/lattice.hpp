// The voxels that measuring needs to know of a volume: how many, and how far apart in millimetres.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "domain/image/geometry.hpp"

namespace consilium {

// x (columns) fastest, then y (rows), then z (slices), as in a dense volume of a Grid.
struct Lattice {
  std::array<std::uint32_t, 3> dims{};
  std::array<double, 3> spacing_mm{1, 1, 1};

  [[nodiscard]] std::size_t voxel_count() const {
    return static_cast<std::size_t>(dims[0]) * dims[1] * dims[2];
  }
  [[nodiscard]] double voxel_volume_ml() const {
    return spacing_mm[0] * spacing_mm[1] * spacing_mm[2] / 1000;
  }
  // One slice: contours are measured instead of surfaces, and z takes no part.
  [[nodiscard]] bool planar() const { return dims[2] == 1; }
  friend bool operator==(const Lattice&, const Lattice&) = default;
};

inline constexpr std::uint32_t lattice_edge_max = 65'535;

// Errors: InvalidInput when a dimension is 0 or past lattice_edge_max, when a spacing is not a
// finite number above 0, or when `voxel_count` (a volume's length) is not that of the lattice.
[[nodiscard]] Status check_lattice(const Lattice& lattice, std::size_t voxel_count);

// Errors: Unsupported when the grid's axes are not perpendicular to 1e-4 (a sheared grid has no
// spacing along its axes that distances could be made of).
[[nodiscard]] Result<Lattice> lattice_of(const Grid& grid);

}  // namespace consilium
