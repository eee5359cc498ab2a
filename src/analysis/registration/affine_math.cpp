#include "analysis/registration/affine_math.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace consilium::registration {

Affine chained(const Affine& second, const Affine& first) {
  Affine result;
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 4; ++c) {
      double sum = c == 3 ? second.at(r, 3) : 0;
      for (int k = 0; k < 3; ++k) sum += second.at(r, k) * first.at(k, c);
      result.values[static_cast<std::size_t>(r) * 4 + static_cast<std::size_t>(c)] = sum;
    }
  }
  return result;
}

Affine scaled_nodes(const Affine& affine, const std::array<double, 3>& first,
                    const std::array<double, 3>& step) {
  Affine nodes;
  nodes.values = {step[0], 0, 0,       first[0], 0, step[1], 0, first[1],
                  0,       0, step[2], first[2], 0, 0,       0, 1};
  return chained(affine, nodes);
}

Matrix3 product(const Matrix3& a, const Matrix3& b) {
  Matrix3 result{};
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t k = 0; k < 3; ++k) result[r * 3 + c] += a[r * 3 + k] * b[k * 3 + c];
    }
  }
  return result;
}

Matrix3 rotation_by(const Vector3& turn) {
  const double angle = length(turn);
  if (angle < 1e-15) return {1, 0, 0, 0, 1, 0, 0, 0, 1};
  const double x = turn[0] / angle;
  const double y = turn[1] / angle;
  const double z = turn[2] / angle;
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  const double t = 1 - c;
  return {t * x * x + c,     t * x * y - s * z, t * x * z + s * y, t * x * y + s * z, t * y * y + c,
          t * y * z - s * x, t * x * z - s * y, t * y * z + s * x, t * z * z + c};
}

std::array<double, 3> angles_deg(const Matrix3& r) {
  constexpr double degrees = 180 / std::numbers::pi;
  return {std::atan2(r[7], r[8]) * degrees, std::asin(std::clamp(-r[6], -1.0, 1.0)) * degrees,
          std::atan2(r[3], r[0]) * degrees};
}

Affine rigid_affine(const Matrix3& r, const Vector3& centre, const Vector3& shift) {
  Affine affine;
  for (std::size_t row = 0; row < 3; ++row) {
    double moved = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      affine.values[row * 4 + c] = r[row * 3 + c];
      moved += r[row * 3 + c] * centre[c];
    }
    affine.values[row * 4 + 3] = centre[row] + shift[row] - moved;
  }
  return affine;
}

}  // namespace consilium::registration
