#include "service/prelabel/space_forms.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

namespace consilium::service {
namespace {

using Points = std::vector<PatientPoint>;

// The file's 32-bit floats are off by 0.00003 mm at half a metre; a writer's decimals by more.
constexpr double near_mm = 0.01;

Vector3 way_between(const PatientPoint& a, const PatientPoint& b) {
  return {b.x_mm - a.x_mm, b.y_mm - a.y_mm, b.z_mm - a.z_mm};
}
double distance_mm(const PatientPoint& a, const PatientPoint& b) {
  return length(way_between(a, b));
}
bool is_near(const PatientPoint& a, const PatientPoint& b) { return distance_mm(a, b) < near_mm; }

// Four corners with right angles that close in a plane.
bool is_rectangle(const Points& p) {
  constexpr double tolerance = 1e-3;
  if (p.size() != 4) return false;
  const Vector3 a = way_between(p[0], p[1]);
  const Vector3 b = way_between(p[0], p[3]);
  const PatientPoint across{p[1].x_mm + b[0], p[1].y_mm + b[1], p[1].z_mm + b[2]};
  const double size = length(a) * length(b);
  return size > 0 && std::abs(dot(a, b)) <= tolerance * size && is_near(across, p[2]);
}

// Whether all lie within `near_mm` of the plane through the widest triangle round the first.
bool is_flat(const Points& points) {
  Vector3 normal{};
  for (std::size_t i = 1; i + 1 < points.size(); ++i) {
    const Vector3 one =
        cross(way_between(points[0], points[i]), way_between(points[0], points[i + 1]));
    if (length(one) > length(normal)) normal = one;
  }
  const double size = length(normal);
  return size == 0 || std::ranges::all_of(points, [&](const PatientPoint& point) {
           return std::abs(dot(way_between(points[0], point), normal)) <= near_mm * size;
         });
}

bool measures(const SrGroup& group, std::string_view code) {
  return std::ranges::any_of(group.measurements,
                             [&](const SrMeasurement& m) { return m.name.code == code; });
}

std::vector<SpaceForm> forms_of_line(const SrGroup& group, Points points) {
  constexpr std::string_view cobb_angle = "285285000";
  std::vector<SpaceForm> forms;
  const std::size_t count = points.size();
  if (count < 2 || is_near(points[0], points[1])) return forms;
  if (count == 2) forms.emplace_back(PlaceKind::Length, points);
  if (count == 3 && !is_near(points[1], points[2])) forms.emplace_back(PlaceKind::Angle, points);
  if (count == 4 && is_flat(points)) {
    forms.emplace_back(measures(group, cobb_angle) ? PlaceKind::Cobb : PlaceKind::Bidirectional,
                       points);
  }
  forms.emplace_back(PlaceKind::Polyline, std::move(points));
  return forms;
}

std::vector<SpaceForm> forms_of_ring(Points ring) {
  std::vector<SpaceForm> forms;
  if (ring.size() > 1 && is_near(ring.front(), ring.back())) ring.pop_back();
  if (ring.size() < 3 || !is_flat(ring)) return forms;
  if (is_rectangle(ring)) {
    forms.emplace_back(PlaceKind::RotatedBox, ring);
    forms.emplace_back(PlaceKind::Box, ring);
  }
  forms.emplace_back(PlaceKind::Polygon, std::move(ring));
  return forms;
}

std::vector<SpaceForm> forms_of(const SrGroup& group, const SrSpaceRegion& region) {
  switch (region.graphic) {
    case SrSpaceGraphic::Point:
      return {{PlaceKind::Point, {region.points.front()}}};
    case SrSpaceGraphic::Ellipse:
      if (region.points.size() != 4 || !is_flat(region.points)) return {};
      return {{PlaceKind::Ellipse, region.points}};
    case SrSpaceGraphic::Polygon:
      return forms_of_ring(region.points);
    case SrSpaceGraphic::Polyline:
      // Writers close polylines too (PS3.3 C.18.9.1.2 has polygons for it).
      if (region.points.size() >= 4 && is_near(region.points.front(), region.points.back())) {
        return forms_of_ring(region.points);
      }
      return forms_of_line(group, region.points);
    case SrSpaceGraphic::Multipoint:
    case SrSpaceGraphic::Ellipsoid:
      return {};
  }
  return {};
}

// Six sides of four corners as a corner and the ends of its edges, in the order in which our own
// reports write them: the first side is round the first two edges.
std::vector<SpaceForm> forms_of_surface(const SrVolumeSurface& surface) {
  std::vector<Points> sides;
  for (const SrSpaceRegion& part : surface.parts) {
    Points ring = part.points;
    if (ring.size() > 1 && is_near(ring.front(), ring.back())) ring.pop_back();
    if (part.graphic != SrSpaceGraphic::Polygon || ring.size() != 4) return {};
    sides.push_back(std::move(ring));
  }
  if (sides.size() != 6) return {};
  const PatientPoint corner = sides[0][0];
  const std::array ends{sides[0][1], sides[0][3]};
  std::optional<PatientPoint> third;
  for (const Points& side : sides) {
    const auto at = std::ranges::find_if(side, [&](const auto& p) { return is_near(p, corner); });
    if (at == side.end()) continue;
    const auto n = static_cast<std::size_t>(at - side.begin());
    for (const PatientPoint& next : {side[(n + 1) % 4], side[(n + 3) % 4]}) {
      if (!is_near(next, ends[0]) && !is_near(next, ends[1])) third = third.value_or(next);
    }
  }
  if (!third) return {};
  const Vector3 a = way_between(corner, ends[0]);
  const Vector3 b = way_between(corner, ends[1]);
  const Vector3 c = way_between(corner, *third);
  if (std::abs(dot(a, cross(b, c))) < near_mm) return {};
  // All corners of the sides have to be the eight that the edges span, each met three times.
  std::array<int, 8> met{};
  for (const Points& side : sides) {
    for (const PatientPoint& point : side) {
      for (std::size_t n = 0; n < 8; ++n) {
        PatientPoint spanned = corner;
        for (const auto& [bit, edge] : {std::pair{1U, &a}, std::pair{2U, &b}, std::pair{4U, &c}}) {
          if ((n & bit) == 0) continue;
          spanned = {spanned.x_mm + (*edge)[0], spanned.y_mm + (*edge)[1],
                     spanned.z_mm + (*edge)[2]};
        }
        if (is_near(spanned, point)) ++met[n];
      }
    }
  }
  if (!std::ranges::all_of(met, [](int count) { return count == 3; })) return {};
  return {{PlaceKind::Cuboid, {corner, ends[0], ends[1], *third}}};
}

}  // namespace

std::vector<SpaceForm> space_forms(const SrGroup& group, std::string& frame) {
  if (const auto* surface = std::get_if<SrVolumeSurface>(&group.place)) {
    frame = surface->parts.front().frame_of_reference_uid;
    return forms_of_surface(*surface);
  }
  if (const auto* region = std::get_if<SrSpaceRegion>(&group.place)) {
    frame = region->frame_of_reference_uid;
    return forms_of(group, *region);
  }
  std::optional<SrSpaceRegion> joined;
  for (const SrMeasurement& measurement : group.measurements) {
    if (!measurement.inferred_from_space) continue;
    const SrSpaceRegion& line = *measurement.inferred_from_space;
    if (!joined) {
      joined = line;
    } else if (joined->points.size() == 2 && line.points.size() == 2 &&
               joined->frame_of_reference_uid == line.frame_of_reference_uid) {
      const bool is_longer = distance_mm(line.points[0], line.points[1]) >
                             distance_mm(joined->points[0], joined->points[1]);
      joined->points.insert(is_longer ? joined->points.begin() : joined->points.end(),
                            line.points.begin(), line.points.end());
    }
  }
  if (!joined) return {};
  frame = joined->frame_of_reference_uid;
  return forms_of(group, *joined);
}

}  // namespace consilium::service
