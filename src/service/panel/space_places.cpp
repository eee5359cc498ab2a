#include "service/panel/space_places.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "service/panel/region_places.hpp"

namespace consilium::service {
namespace {

constexpr int ellipse_corners = 180;

Vector3 way_between(const PatientPoint& a, const PatientPoint& b) {
  return {b.x_mm - a.x_mm, b.y_mm - a.y_mm, b.z_mm - a.z_mm};
}
PatientPoint moved(const PatientPoint& point, const Vector3& way, double by = 1) {
  return {point.x_mm + by * way[0], point.y_mm + by * way[1], point.z_mm + by * way[2]};
}
Vector3 scaled(const Vector3& way, double by) { return {by * way[0], by * way[1], by * way[2]}; }

std::vector<PatientPoint> outline_of(const SpaceTarget& space) {
  if (space.kind != PlaceKind::Ellipse) return space.points;
  const auto& p = space.points;
  const PatientPoint centre = moved(p[0], way_between(p[0], p[1]), 0.5);
  const Vector3 major = way_between(p[0], p[1]);
  const Vector3 minor = way_between(p[2], p[3]);
  std::vector<PatientPoint> outline;
  for (int k = 0; k < ellipse_corners; ++k) {
    const double angle = 2 * std::numbers::pi * k / ellipse_corners;
    outline.push_back(moved(moved(centre, major, std::cos(angle) / 2), minor, std::sin(angle) / 2));
  }
  return outline;
}

// low <= offset + step * i <= high, for the voxels i of a row.
struct Band {
  double offset = 0;
  double step = 0;
  double low = 0;
  double high = 0;
};

struct Interval {
  double begin = 0;
  double end = 0;
};

// What of the row lies in the band; empty when begin > end.
Interval within(const Band& band, Interval row) {
  constexpr double still = 1e-12;
  if (std::abs(band.step) < still) {
    const bool is_in = band.low <= band.offset && band.offset <= band.high;
    return is_in ? row : Interval{1, 0};
  }
  const double a = (band.low - band.offset) / band.step;
  const double b = (band.high - band.offset) / band.step;
  return {std::max(row.begin, std::min(a, b)), std::min(row.end, std::max(a, b))};
}

// A direction w with the bounds of (point - origin) . w inside of the drawing.
struct Slab {
  PatientPoint origin;
  Vector3 direction;
  double low = 0;
  double high = 0;

  [[nodiscard]] Band along(const PatientPoint& row_begin, const Vector3& step_mm) const {
    return {.offset = dot(way_between(origin, row_begin), direction),
            .step = dot(step_mm, direction),
            .low = low,
            .high = high};
  }
};

// An area's outline in two coordinates of its plane.
struct PlaneOutline {
  PatientPoint origin;
  Vector3 u{};
  Vector3 v{};
  std::vector<ImagePoint> corners;

  [[nodiscard]] ImagePoint flat(const PatientPoint& point) const {
    const Vector3 way = way_between(origin, point);
    return {dot(way, u), dot(way, v)};
  }
  // Even-odd.
  [[nodiscard]] bool holds(const PatientPoint& point) const {
    const ImagePoint at = flat(point);
    bool is_in = false;
    for (std::size_t n = 0; n < corners.size(); ++n) {
      const ImagePoint& a = corners[n];
      const ImagePoint& b = corners[(n + 1) % corners.size()];
      if ((a.y > at.y) != (b.y > at.y) && at.x < a.x + (at.y - a.y) / (b.y - a.y) * (b.x - a.x)) {
        is_in = !is_in;
      }
    }
    return is_in;
  }
};

struct Solid {
  std::vector<Slab> slabs;
  std::optional<PlaneOutline> outline;  // of an area; a cuboid is its slabs alone
  std::vector<PatientPoint> hull;       // of which it is inside
};

Solid solid_of_cuboid(const std::vector<PatientPoint>& p) {
  const std::array edges{way_between(p[0], p[1]), way_between(p[0], p[2]), way_between(p[0], p[3])};
  Solid solid;
  for (std::size_t n = 0; n < 3; ++n) {
    // The part along edge n, from 0 to 1: the dual basis vector.
    const Vector3 across = cross(edges[(n + 1) % 3], edges[(n + 2) % 3]);
    solid.slabs.push_back({.origin = p[0],
                           .direction = scaled(across, 1 / dot(edges[n], across)),
                           .low = 0,
                           .high = 1});
  }
  for (unsigned corner = 0; corner < 8; ++corner) {
    PatientPoint at = p[0];
    for (std::size_t n = 0; n < 3; ++n) {
      if ((corner >> n & 1U) != 0) at = moved(at, edges[n]);
    }
    solid.hull.push_back(at);
  }
  return solid;
}

// Nothing when the corners lie on a line.
std::optional<Solid> solid_of_area(const SpaceTarget& space, const Affine& affine,
                                   double reach_mm) {
  const std::vector<PatientPoint> corners = outline_of(space);
  Vector3 sum{};
  for (std::size_t n = 1; n + 1 < corners.size(); ++n) {
    const Vector3 triangle =
        cross(way_between(corners[0], corners[n]), way_between(corners[0], corners[n + 1]));
    for (std::size_t axis = 0; axis < 3; ++axis) sum[axis] += triangle[axis];
  }
  const double size = length(sum);
  const auto far = std::ranges::find_if(
      corners, [&](const PatientPoint& p) { return length(way_between(corners[0], p)) > 1e-9; });
  if (size < 1e-9 || far == corners.end()) return std::nullopt;
  const Vector3 normal = scaled(sum, 1 / size);
  double half_mm = 0;
  for (int axis = 0; axis < 3; ++axis) half_mm += std::abs(dot(affine.axis_mm(axis), normal)) / 2;
  half_mm = std::max(half_mm, reach_mm);
  Solid solid;
  solid.slabs.push_back(
      {.origin = corners[0], .direction = normal, .low = -half_mm, .high = half_mm});
  const Vector3 first = way_between(corners[0], *far);
  PlaneOutline outline{
      .origin = corners[0], .u = scaled(first, 1 / length(first)), .v = {}, .corners = {}};
  outline.v = cross(normal, outline.u);
  for (const PatientPoint& corner : corners) {
    outline.corners.push_back(outline.flat(corner));
    solid.hull.push_back(moved(corner, normal, half_mm));
    solid.hull.push_back(moved(corner, normal, -half_mm));
  }
  solid.outline = std::move(outline);
  return solid;
}

using Voxel = std::array<std::int64_t, 3>;

class RunMaker {
 public:
  explicit RunMaker(const VolumeLattice& volume) : volume_(volume) {}

  std::vector<Part> of(const Solid& solid) {
    const auto [low, high] = box_of(solid.hull);
    for (std::int64_t k = low[2]; k <= high[2]; ++k) {
      for (std::int64_t j = low[1]; j <= high[1]; ++j) add_row(solid, low[0], high[0], j, k);
    }
    if (parts_.empty()) add_nearest(solid.hull);
    return merged_parts(std::move(parts_));
  }

  void add_nearest(const std::vector<PatientPoint>& points) {
    std::array<double, 3> middle{};
    for (const PatientPoint& point : points) {
      const PatientPoint at = index_of(point);
      middle[0] += at.x_mm;
      middle[1] += at.y_mm;
      middle[2] += at.z_mm;
    }
    Voxel nearest{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double place = std::round(middle[axis] / static_cast<double>(points.size()));
      if (!(place >= 0 && place < static_cast<double>(volume_.grid.dims[axis]))) return;
      nearest[axis] = static_cast<std::int64_t>(place);
    }
    add(nearest[0], nearest[0] + 1, nearest[1], nearest[2]);
  }

  std::vector<Part> take() { return std::move(parts_); }

 private:
  PatientPoint index_of(const PatientPoint& point) const {
    return volume_.inverse.apply(point.x_mm, point.y_mm, point.z_mm);
  }

  // The voxels, first and last, that the points span; within the volume.
  std::pair<Voxel, Voxel> box_of(const std::vector<PatientPoint>& hull) const {
    std::array<double, 3> low;
    std::array<double, 3> high;
    low.fill(std::numeric_limits<double>::infinity());
    high.fill(-std::numeric_limits<double>::infinity());
    for (const PatientPoint& point : hull) {
      const PatientPoint at = index_of(point);
      const std::array parts{at.x_mm, at.y_mm, at.z_mm};
      for (std::size_t axis = 0; axis < 3; ++axis) {
        low[axis] = std::min(low[axis], parts[axis]);
        high[axis] = std::max(high[axis], parts[axis]);
      }
    }
    std::pair<Voxel, Voxel> box;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double last = static_cast<double>(volume_.grid.dims[axis]) - 1;
      box.first[axis] = static_cast<std::int64_t>(std::clamp(std::ceil(low[axis]), 0.0, last + 1));
      box.second[axis] = static_cast<std::int64_t>(std::clamp(std::floor(high[axis]), -1.0, last));
    }
    return box;
  }

  void add(std::int64_t begin, std::int64_t end, std::int64_t row, std::int64_t slice) {
    const std::int64_t first = axis_position(volume_.first_plane + slice, row, begin);
    parts_.push_back({first, first + end - begin});
  }

  void add_row(const Solid& solid, std::int64_t low, std::int64_t high, std::int64_t j,
               std::int64_t k) {
    const Affine& affine = volume_.grid.affine;
    const PatientPoint begin = affine.apply(0, static_cast<double>(j), static_cast<double>(k));
    const Vector3 step = affine.axis_mm(0);
    Interval row{static_cast<double>(low), static_cast<double>(high)};
    for (const Slab& slab : solid.slabs) row = within(slab.along(begin, step), row);
    if (!(row.begin <= row.end)) return;
    const auto first = static_cast<std::int64_t>(std::ceil(row.begin));
    const auto last = static_cast<std::int64_t>(std::floor(row.end));
    if (!solid.outline) {
      if (first <= last) add(first, last + 1, j, k);
      return;
    }
    std::optional<std::int64_t> open;
    for (std::int64_t i = first; i <= last; ++i) {
      const bool is_in = solid.outline->holds(moved(begin, step, static_cast<double>(i)));
      if (is_in && !open) open = i;
      if (!is_in && open) add(*std::exchange(open, std::nullopt), i, j, k);
    }
    if (open) add(*open, last + 1, j, k);
  }

  const VolumeLattice& volume_;
  std::vector<Part> parts_;
};

}  // namespace

std::vector<Part> voxel_runs(const SpaceTarget& space, const VolumeLattice& volume,
                             double reach_mm) {
  RunMaker maker(volume);
  if (space.kind == PlaceKind::Cuboid) return maker.of(solid_of_cuboid(space.points));
  if (const auto solid = solid_of_area(space, volume.grid.affine, reach_mm)) {
    return maker.of(*solid);
  }
  maker.add_nearest(space.points);
  return maker.take();
}

double distance_mm(const PatientPlace& first, const PatientPlace& second) {
  if (first.frame_of_reference_uid != second.frame_of_reference_uid) {
    return std::numeric_limits<double>::infinity();
  }
  const auto gap = [](const PatientPoint& a, const PatientPoint& b) {
    return length(way_between(a, b));
  };
  const PatientPoint& begin = first.points.front();
  const PatientPoint& end = first.points.back();
  return std::min(std::max(gap(begin, second.points.front()), gap(end, second.points.back())),
                  std::max(gap(begin, second.points.back()), gap(end, second.points.front())));
}

}  // namespace consilium::service
