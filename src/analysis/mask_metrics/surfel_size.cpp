#include "analysis/mask_metrics/surfel_size.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

namespace consilium::mask_metrics {
namespace {

// A triangle by half its edges' cross product, in a cell with edges of 1, without signs: the area
// is all that is wanted, and stretching the cell scales each component on its own.
struct Triangle {
  double x, y, z;
};

constexpr Triangle diagonal(double size) { return {size, size, size}; }

// `size` along all axes but one.
Triangle across(int axis, double size) {
  return {axis == 0 ? 0 : size, axis == 1 ? 0 : size, axis == 2 ? 0 : size};
}
// `size` along one axis.
Triangle along(int axis, double size) {
  return {axis == 0 ? size : 0, axis == 1 ? size : 0, axis == 2 ? size : 0};
}

double area_of(const Triangle& t, const std::array<double, 3>& s) {
  const double x = t.x * s[1] * s[2];
  const double y = t.y * s[0] * s[2];
  const double z = t.z * s[0] * s[1];
  return std::sqrt(x * x + y * y + z * z);
}

double area_of(std::span<const Triangle> triangles, const std::array<double, 3>& spacing_mm) {
  double sum = 0;
  for (const Triangle& triangle : triangles) sum += area_of(triangle, spacing_mm);
  return sum;
}

// Corners that are in `code` and share an edge with `corner`.
unsigned neighbours_in(unsigned code, unsigned corner) {
  unsigned found = 0;
  for (unsigned axis = 0; axis < 3; ++axis) {
    const unsigned other = corner ^ (1U << axis);
    if ((code >> other & 1U) != 0) found |= 1U << other;
  }
  return found;
}

// The corners of `code` that edges within it join to its first.
unsigned first_part(unsigned code) {
  unsigned part = code & (~code + 1);
  for (unsigned before = 0; before != part;) {
    before = part;
    for (unsigned corner = 0; corner < 8; ++corner) {
      if ((part >> corner & 1U) != 0) part |= neighbours_in(code, corner);
    }
  }
  return part;
}

int axis_between(unsigned corner, unsigned neighbour) {
  return std::countr_zero(corner ^ neighbour);
}

// Four corners in a chain, whose steps go along three different axes: a skew hexagon, cut from the
// middle of its middle edge so that the two ends are treated alike.
double chain_area(unsigned part, const std::array<double, 3>& spacing_mm) {
  int ends[2] = {0, 0};
  std::size_t found = 0;
  for (unsigned corner = 0; corner < 8; ++corner) {
    if ((part >> corner & 1U) == 0) continue;
    const unsigned neighbours = neighbours_in(part, corner);
    if (std::popcount(neighbours) == 1) {
      ends[found++] = axis_between(corner, static_cast<unsigned>(std::countr_zero(neighbours)));
    }
  }
  const Triangle triangles[] = {across(ends[0], 0.25), across(ends[1], 0.25), diagonal(0.125),
                                diagonal(0.375)};
  return area_of(triangles, spacing_mm);
}

// Of one connected part of at most four corners.
double part_area(unsigned part, const std::array<double, 3>& spacing_mm) {
  unsigned hub = 0;  // the corner with the most neighbours
  for (unsigned corner = 0; corner < 8; ++corner) {
    if ((part >> corner & 1U) == 0) continue;
    if ((part >> hub & 1U) == 0 ||
        std::popcount(neighbours_in(part, corner)) > std::popcount(neighbours_in(part, hub))) {
      hub = corner;
    }
  }
  const unsigned around = neighbours_in(part, hub);
  int missing = 0;  // an axis along which the hub has no neighbour in the part
  while (missing < 2 && (around >> (hub ^ (1U << missing)) & 1U) != 0) ++missing;
  switch (std::popcount(part)) {
    case 1:  // cut off by one triangle
      return area_of(diagonal(0.125), spacing_mm);
    case 2: {  // an edge: a rectangle along it
      const int edge = axis_between(hub, static_cast<unsigned>(std::countr_zero(around)));
      return 2 * area_of(across(edge, 0.25), spacing_mm);
    }
    case 3: {  // an L in a face: a pentagon
      const Triangle triangles[] = {along(missing, 0.5), diagonal(0.25), diagonal(0.125)};
      return area_of(triangles, spacing_mm);
    }
    default:
      break;
  }
  if (std::popcount(around) == 3) {  // a corner and its three neighbours: a flat hexagon
    const Triangle triangles[] = {diagonal(0.125), diagonal(0.125), diagonal(0.25), diagonal(0.25)};
    return area_of(triangles, spacing_mm);
  }
  const unsigned across_face = hub ^ 7U ^ (1U << missing);
  if ((part >> across_face & 1U) != 0) return 2 * area_of(along(missing, 0.5), spacing_mm);
  return chain_area(part, spacing_mm);
}

}  // namespace

std::array<double, 256> surfel_areas_mm2(const std::array<double, 3>& spacing_mm) {
  std::array<double, 256> areas{};
  for (unsigned code = 1; code < 255; ++code) {
    // Inside and outside exchanged, the surface is the same; the fewer corners are cut off. At four
    // each both ways give the same area.
    unsigned left = std::popcount(code) > 4 ? ~code & 255U : code;
    while (left != 0) {
      const unsigned part = first_part(left);
      areas[code] += part_area(part, spacing_mm);
      left &= ~part;
    }
  }
  return areas;
}

std::array<double, 16> contour_lengths_mm(const std::array<double, 3>& spacing_mm) {
  std::array<double, 16> lengths{};
  const double cut = 0.5 * std::sqrt(spacing_mm[0] * spacing_mm[0] + spacing_mm[1] * spacing_mm[1]);
  for (unsigned code = 1; code < 15; ++code) {
    if (code == 0b0011 || code == 0b1100) {
      lengths[code] = spacing_mm[0];  // one row in, one out: the contour runs along x
    } else if (code == 0b0101 || code == 0b1010) {
      lengths[code] = spacing_mm[1];
    } else {
      lengths[code] = code == 0b0110 || code == 0b1001 ? 2 * cut : cut;
    }
  }
  return lengths;
}

}  // namespace consilium::mask_metrics
