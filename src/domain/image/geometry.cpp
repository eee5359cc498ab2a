#include "domain/image/geometry.hpp"

#include <boost/json.hpp>
#include <cmath>

#include "base/canonical_json.hpp"
#include "base/sha256.hpp"
#include "domain/image/phase.hpp"

namespace consilium {

double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector3 cross(const Vector3& a, const Vector3& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

double length(const Vector3& a) { return std::sqrt(dot(a, a)); }

PatientPoint Affine::apply(double i, double j, double k) const {
  return {.x_mm = at(0, 0) * i + at(0, 1) * j + at(0, 2) * k + at(0, 3),
          .y_mm = at(1, 0) * i + at(1, 1) * j + at(1, 2) * k + at(1, 3),
          .z_mm = at(2, 0) * i + at(2, 1) * j + at(2, 2) * k + at(2, 3)};
}

Vector3 Affine::axis_mm(int axis) const { return {at(0, axis), at(1, axis), at(2, axis)}; }

std::optional<Affine> Affine::inverse() const {
  const Vector3 i = axis_mm(0);
  const Vector3 j = axis_mm(1);
  const Vector3 k = axis_mm(2);
  const double volume = dot(i, cross(j, k));
  const double scale = length(i) * length(j) * length(k);
  if (!std::isfinite(volume) || !std::isfinite(scale) || std::abs(volume) <= 1e-12 * scale) {
    return std::nullopt;
  }
  const std::array<Vector3, 3> rows{cross(j, k), cross(k, i), cross(i, j)};
  const Vector3 origin = axis_mm(3);
  Affine result;
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      result.values[row * 4 + column] = rows[row][column] / volume;
    }
    result.values[row * 4 + 3] = -dot(rows[row], origin) / volume;
  }
  return result;
}

Affine affine_from_axes(const PatientPoint& origin, const Vector3& i_step_mm,
                        const Vector3& j_step_mm, const Vector3& k_step_mm) {
  const Vector3 start{origin.x_mm, origin.y_mm, origin.z_mm};
  Affine affine;
  for (std::size_t row = 0; row < 3; ++row) {
    affine.values[row * 4 + 0] = i_step_mm[row];
    affine.values[row * 4 + 1] = j_step_mm[row];
    affine.values[row * 4 + 2] = k_step_mm[row];
    affine.values[row * 4 + 3] = start[row];
  }
  return affine;
}

std::uint64_t voxel_count(const Grid& grid) {
  return std::uint64_t{grid.dims[0]} * grid.dims[1] * grid.dims[2];
}

Result<std::string> grid_id(const Grid& grid) { return phase_grid_id(grid, 0); }

Result<std::string> phase_grid_id(const Grid& grid, std::uint32_t phase_index) {
  boost::json::array affine;
  for (std::size_t i = 0; i < 12; ++i) affine.emplace_back(grid.affine.values[i]);
  boost::json::array dims;
  for (const std::uint32_t dim : grid.dims) dims.emplace_back(dim);
  boost::json::object named{{"affine", std::move(affine)},
                            {"dims", std::move(dims)},
                            {"frame_of_reference", grid.frame_of_reference_uid}};
  if (phase_index > 0) named["phase"] = phase_index;
  return to_hex(sha256(bytes_of(CSL_TRY(canonical_json(named)))));
}

}  // namespace consilium
