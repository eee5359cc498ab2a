// Places in an image and in the patient, and the grid that ties them together.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace consilium {

// Pixels of one frame: x along a row, y down a column. The centre of the first pixel is (0, 0), its
// outer corner (-0.5, -0.5).
struct ImagePoint {
  double x = 0;
  double y = 0;
  friend bool operator==(const ImagePoint&, const ImagePoint&) = default;
};

// Millimetres in DICOM's patient frame, LPS: x grows to the patient's left, y to the back, z to the
// head (PS3.3 C.7.6.2.1.1). NIfTI's RAS is turned in its format module.
struct PatientPoint {
  double x_mm = 0;
  double y_mm = 0;
  double z_mm = 0;
  friend bool operator==(const PatientPoint&, const PatientPoint&) = default;
};

using Vector3 = std::array<double, 3>;

[[nodiscard]] double dot(const Vector3& a, const Vector3& b);
[[nodiscard]] Vector3 cross(const Vector3& a, const Vector3& b);
[[nodiscard]] double length(const Vector3& a);

// Voxel index (i = column, j = row, k = slice) to patient millimetres: 4 x 4, row-major, the last
// row (0, 0, 0, 1).
struct Affine {
  std::array<double, 16> values{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};

  [[nodiscard]] double at(int row, int column) const {
    return values[static_cast<std::size_t>(row) * 4 + static_cast<std::size_t>(column)];
  }
  [[nodiscard]] PatientPoint apply(double i, double j, double k) const;
  // The step in mm from one voxel to the next along axis 0 (columns), 1 (rows) or 2 (slices).
  [[nodiscard]] Vector3 axis_mm(int axis) const;
  // Nothing when the axes lie in one plane or a value is not finite.
  [[nodiscard]] std::optional<Affine> inverse() const;
  friend bool operator==(const Affine&, const Affine&) = default;
};

// `i_step_mm` is the step along a row (to the next column), `j_step_mm` down a column.
[[nodiscard]] Affine affine_from_axes(const PatientPoint& origin, const Vector3& i_step_mm,
                                      const Vector3& j_step_mm, const Vector3& k_step_mm);

// A regular lattice of voxels in one frame of reference. An image without a place in the patient
// has its own UID as frame of reference, so that grids of different images are never the same, and,
// where its pixel size is unknown too, millimetres that are only pixels.
struct Grid {
  std::array<std::uint32_t, 3> dims{};  // columns, rows, slices
  Affine affine;
  std::string frame_of_reference_uid;
  friend bool operator==(const Grid&, const Grid&) = default;
};

[[nodiscard]] std::uint64_t voxel_count(const Grid& grid);

// The grid's name, by which masks find it: SHA-256, lower-case hexadecimal, of the RFC 8785 JSON
//   {"affine":[12 numbers: rows 0 to 2],"dims":[3],"frame_of_reference":"..."}
// This is a stored form: it never changes. Errors: InvalidInput when a value is not finite.
[[nodiscard]] Result<std::string> grid_id(const Grid& grid);

}  // namespace consilium
