#include "analysis/seed_growth/padded_grid.hpp"

#include <algorithm>
#include <cmath>

namespace consilium::seed_growth {

PaddedGrid::PaddedGrid(const Lattice& lattice) : lattice_(lattice) {
  std::array<std::uint32_t, 3> rim{};
  for (std::size_t axis = 0; axis < 3; ++axis) rim[axis] = lattice.dims[axis] > 1 ? 1 : 0;
  stride_y_ = lattice.dims[0] + 2 * rim[0];
  stride_z_ = stride_y_ * (lattice.dims[1] + 2 * rim[1]);
  size_ = std::size_t{stride_z_} * (lattice.dims[2] + 2 * rim[2]);
  origin_ = rim[0] + stride_y_ * rim[1] + stride_z_ * rim[2];
  const auto& s = lattice.spacing_mm;
  double shortest = 0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (rim[axis] != 0 && (shortest == 0 || s[axis] < shortest)) shortest = s[axis];
  }
  // A step past 50 spacings counts as 50: whole numbers stay small, and no label takes it
  // while another way is open.
  constexpr double length_max = 400;
  const auto reach = [&](std::size_t axis) { return static_cast<int>(rim[axis]); };
  for (int z = -reach(2); z <= reach(2); ++z) {
    for (int y = -reach(1); y <= reach(1); ++y) {
      for (int x = -reach(0); x <= reach(0); ++x) {
        if (x == 0 && y == 0 && z == 0) continue;
        const double length = std::hypot(x * s[0], y * s[1], z * s[2]) / shortest;
        const auto stride_y = static_cast<std::ptrdiff_t>(stride_y_);
        const auto stride_z = static_cast<std::ptrdiff_t>(stride_z_);
        neighbours_.push_back({.step = x + stride_y * y + stride_z * z,
                               .length = static_cast<std::uint32_t>(
                                   std::min(std::lround(length * 8.0), std::lround(length_max)))});
      }
    }
  }
}

}  // namespace consilium::seed_growth
