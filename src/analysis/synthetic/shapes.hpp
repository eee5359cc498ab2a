// Signed distances (mm, negative inside) and the few operations by which the phantoms are put
// together from them. Where a distance is named approximate it is exact to first order at the
// surface, which is what partial-volume edges need, and only monotonic away from it.
#pragma once

#include <algorithm>
#include <cmath>

#include "domain/image/geometry.hpp"

namespace consilium::synthetic {

inline double squared(double value) { return value * value; }

// The larger of two distances, rounded over `width_mm`: intersecting shapes get soft corners.
inline double smooth_max(double a, double b, double width_mm) {
  const double overlap = std::max(width_mm - std::abs(a - b), 0.0) / width_mm;
  return std::max(a, b) + overlap * overlap * width_mm * 0.25;
}

// The share of a voxel that lies inside, for an edge blurred over `blur_mm`.
inline double coverage(double distance_mm, double blur_mm) {
  return std::clamp(0.5 - distance_mm / blur_mm, 0.0, 1.0);
}

inline double blend(double below, double above, double share) {
  return below + (above - below) * share;
}

inline double circle(double x_mm, double y_mm, double centre_x_mm, double centre_y_mm,
                     double radius_mm) {
  return std::sqrt(squared(x_mm - centre_x_mm) + squared(y_mm - centre_y_mm)) - radius_mm;
}

// Approximate distance to an ellipse with its axes along x and y.
inline double ellipse(double x_mm, double y_mm, double radius_x_mm, double radius_y_mm) {
  const double u = x_mm / radius_x_mm;
  const double v = y_mm / radius_y_mm;
  const double k0 = std::sqrt(u * u + v * v);
  const double k1 = std::sqrt(squared(u / radius_x_mm) + squared(v / radius_y_mm));
  return k1 < 1e-9 ? -std::min(radius_x_mm, radius_y_mm) : k0 * (k0 - 1.0) / k1;
}

// Approximate distance to an ellipsoid with its axes along x, y and z.
inline double ellipsoid(const PatientPoint& from_centre, const PatientPoint& radius) {
  const double u = from_centre.x_mm / radius.x_mm;
  const double v = from_centre.y_mm / radius.y_mm;
  const double w = from_centre.z_mm / radius.z_mm;
  const double k0 = std::sqrt(u * u + v * v + w * w);
  const double k1 =
      std::sqrt(squared(u / radius.x_mm) + squared(v / radius.y_mm) + squared(w / radius.z_mm));
  return k1 < 1e-9 ? -std::min({radius.x_mm, radius.y_mm, radius.z_mm}) : k0 * (k0 - 1.0) / k1;
}

// Distance to a tube from `from` to `to` whose radius changes evenly between its ends.
inline double tube(const PatientPoint& point, const PatientPoint& from, const PatientPoint& to,
                   double radius_from_mm, double radius_to_mm) {
  const double ax = to.x_mm - from.x_mm;
  const double ay = to.y_mm - from.y_mm;
  const double az = to.z_mm - from.z_mm;
  const double px = point.x_mm - from.x_mm;
  const double py = point.y_mm - from.y_mm;
  const double pz = point.z_mm - from.z_mm;
  const double length_squared = ax * ax + ay * ay + az * az;
  const double along =
      length_squared < 1e-12 ? 0.0 : (px * ax + py * ay + pz * az) / length_squared;
  const double t = std::clamp(along, 0.0, 1.0);
  const double distance =
      std::sqrt(squared(px - t * ax) + squared(py - t * ay) + squared(pz - t * az));
  return distance - blend(radius_from_mm, radius_to_mm, t);
}

}  // namespace consilium::synthetic
