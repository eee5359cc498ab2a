#include "service/release/space_regions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace consilium::service {
namespace {

const CodedConcept millimetre{"UCUM", "mm", "", "mm"};
const CodedConcept square_millimetre{"UCUM", "mm2", "", "square millimeter"};
const CodedConcept cubic_millimetre{"UCUM", "mm3", "", "cubic millimeter"};
const CodedConcept degree{"UCUM", "deg", "", "degree"};
const CodedConcept length_code{"SCT", "410668003", "", "Length"};
const CodedConcept long_axis_code{"SCT", "103339001", "", "Long Axis"};
const CodedConcept short_axis_code{"SCT", "103340004", "", "Short Axis"};
const CodedConcept angle_code{"SCT", "1483009", "", "Angle"};
const CodedConcept cobb_angle_code{"SCT", "285285000", "", "Cobb angle"};
const CodedConcept area_code{"SCT", "42798000", "", "Area"};
const CodedConcept volume_code{"SCT", "118565006", "", "Volume"};

using Points = std::vector<PatientPoint>;

Vector3 way_between(const PatientPoint& a, const PatientPoint& b) {
  return {b.x_mm - a.x_mm, b.y_mm - a.y_mm, b.z_mm - a.z_mm};
}
PatientPoint moved(const PatientPoint& point, const Vector3& way) {
  return {point.x_mm + way[0], point.y_mm + way[1], point.z_mm + way[2]};
}
double distance_mm(const PatientPoint& a, const PatientPoint& b) {
  return length(way_between(a, b));
}

double angle_degrees(const PatientPoint& a, const PatientPoint& b, const PatientPoint& c,
                     const PatientPoint& d) {
  const Vector3 first = way_between(a, b);
  const Vector3 second = way_between(c, d);
  return std::atan2(length(cross(first, second)), dot(first, second)) * 180 / std::numbers::pi;
}

// Of a flat ring: half the length of the sum of the triangles round its first point.
double area_mm2(const Points& ring) {
  Vector3 sum{};
  for (std::size_t i = 1; i + 1 < ring.size(); ++i) {
    const Vector3 triangle =
        cross(way_between(ring[0], ring[i]), way_between(ring[0], ring[i + 1]));
    for (std::size_t n = 0; n < 3; ++n) sum[n] += triangle[n];
  }
  return length(sum) / 2;
}

// The sides that meet in the first corner, then those across: p + a b, p + b c, p + c a.
std::vector<SrSpaceRegion> sides_of(const Points& p, const std::string& frame) {
  const std::array edges{way_between(p[0], p[1]), way_between(p[0], p[2]), way_between(p[0], p[3])};
  std::vector<SrSpaceRegion> sides;
  for (const bool is_across : {false, true}) {
    for (std::size_t n = 0; n < 3; ++n) {
      const Vector3& a = edges[n];
      const Vector3& b = edges[(n + 1) % 3];
      const PatientPoint corner = is_across ? moved(p[0], edges[(n + 2) % 3]) : p[0];
      sides.push_back({.frame_of_reference_uid = frame,
                       .graphic = SrSpaceGraphic::Polygon,
                       .points = {corner, moved(corner, a), moved(moved(corner, a), b),
                                  moved(corner, b), corner}});
    }
  }
  return sides;
}

SrSpaceGraphic graphic_of(PlaceKind kind) {
  switch (kind) {
    case PlaceKind::Point:
      return SrSpaceGraphic::Point;
    case PlaceKind::Ellipse:
      return SrSpaceGraphic::Ellipse;
    case PlaceKind::Polygon:
    case PlaceKind::Box:
    case PlaceKind::RotatedBox:
      return SrSpaceGraphic::Polygon;
    default:
      return SrSpaceGraphic::Polyline;
  }
}

SrMeasurement line_of(const CodedConcept& name, const Points& points, std::size_t first,
                      const std::string& frame) {
  SrMeasurement line{
      .name = name, .value = distance_mm(points[first], points[first + 1]), .unit = millimetre};
  if (!frame.empty()) {
    line.inferred_from_space = SrSpaceRegion{.frame_of_reference_uid = frame,
                                             .graphic = SrSpaceGraphic::Polyline,
                                             .points = {points[first], points[first + 1]}};
  }
  return line;
}

}  // namespace

void put_space_place(SrGroup& group, const SpaceTarget& space,
                     const std::string& frame_of_reference_uid,
                     const std::string& source_series_uid) {
  if (space.kind == PlaceKind::Length) return;
  if (space.kind == PlaceKind::Cuboid) {
    group.place = SrVolumeSurface{.parts = sides_of(space.points, frame_of_reference_uid),
                                  .source_series_uid = source_series_uid};
    return;
  }
  SrSpaceRegion region{.frame_of_reference_uid = frame_of_reference_uid,
                       .graphic = graphic_of(space.kind),
                       .points = space.points};
  if (region.graphic == SrSpaceGraphic::Polygon) region.points.push_back(region.points.front());
  group.place = std::move(region);
}

std::vector<SrMeasurement> space_measurements(const SpaceTarget& space,
                                              const std::string& frame_of_reference_uid) {
  const Points& p = space.points;
  switch (space.kind) {
    case PlaceKind::Length:
      return {line_of(length_code, p, 0, frame_of_reference_uid)};
    case PlaceKind::Bidirectional:
      return {line_of(long_axis_code, p, 0, frame_of_reference_uid),
              line_of(short_axis_code, p, 2, frame_of_reference_uid)};
    case PlaceKind::Angle:
      return {{angle_code, angle_degrees(p[1], p[0], p[1], p[2]), degree}};
    case PlaceKind::Cobb: {
      // Lines have no direction: the smaller of the two angles between them.
      const double angle = angle_degrees(p[0], p[1], p[2], p[3]);
      return {{cobb_angle_code, std::min(angle, 180 - angle), degree}};
    }
    case PlaceKind::Polygon:
    case PlaceKind::Box:
    case PlaceKind::RotatedBox:
      return {{area_code, area_mm2(p), square_millimetre}};
    case PlaceKind::Ellipse:
      return {{area_code, std::numbers::pi / 4 * distance_mm(p[0], p[1]) * distance_mm(p[2], p[3]),
               square_millimetre}};
    case PlaceKind::Cuboid:
      return {{volume_code,
               std::abs(dot(way_between(p[0], p[1]),
                            cross(way_between(p[0], p[2]), way_between(p[0], p[3])))),
               cubic_millimetre}};
    default:
      return {};
  }
}

}  // namespace consilium::service
