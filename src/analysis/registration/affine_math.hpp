// Small sums on affine transforms.
#pragma once

#include <array>

#include "domain/image/geometry.hpp"

namespace consilium::registration {

using Matrix3 = std::array<double, 9>;  // row by row

// `second` after `first`.
[[nodiscard]] Affine chained(const Affine& second, const Affine& first);
// Of nodes at `first` + n x `step` voxels.
[[nodiscard]] Affine scaled_nodes(const Affine& affine, const std::array<double, 3>& first,
                                  const std::array<double, 3>& step);
[[nodiscard]] Matrix3 product(const Matrix3& a, const Matrix3& b);
// About the axis along `turn`, by its length in radians.
[[nodiscard]] Matrix3 rotation_by(const Vector3& turn);
// Angles about x, y, z in degrees with R = Rz Ry Rx.
[[nodiscard]] std::array<double, 3> angles_deg(const Matrix3& rotation);
// x -> R (x - centre) + centre + shift.
[[nodiscard]] Affine rigid_affine(const Matrix3& rotation, const Vector3& centre,
                                  const Vector3& shift);

}  // namespace consilium::registration
