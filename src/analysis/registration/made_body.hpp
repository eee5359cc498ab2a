// A made body with organs of known shape, seen by any grid and in any pose, for tests.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "analysis/registration/registration.hpp"
#include "base/random.hpp"

namespace consilium::test {

struct Ellipsoid {
  std::array<double, 3> centre_mm{};
  std::array<double, 3> radius_mm{};
  double value = 0;
  std::uint16_t label = 0;
};

// The later ones lie over the earlier ones.
inline const std::vector<Ellipsoid>& made_organs() {
  static const std::vector<Ellipsoid> organs = {
      {{0, 0, 0}, {70, 55, 80}, 300, 0},      {{-25, -10, 20}, {22, 18, 30}, 700, 1},
      {{28, -8, 10}, {16, 24, 22}, 550, 2},   {{5, 25, -25}, {30, 12, 14}, 900, 3},
      {{-30, 15, -35}, {12, 14, 10}, 120, 0}, {{20, -25, -30}, {10, 9, 24}, 800, 4},
      {{0, -30, 45}, {14, 8, 9}, 450, 0},     {{35, 18, 40}, {9, 12, 12}, 650, 5}};
  return organs;
}

// The value at a place of the body; edges are 1.5 mm soft.
inline double made_value(const PatientPoint& at) {
  double value = 0;
  for (const Ellipsoid& organ : made_organs()) {
    const auto& c = organ.centre_mm;
    const auto& r = organ.radius_mm;
    const double distance =
        std::hypot((at.x_mm - c[0]) / r[0], (at.y_mm - c[1]) / r[1], (at.z_mm - c[2]) / r[2]);
    const double depth = (1 - distance) * std::min({r[0], r[1], r[2]}) / 1.5;
    value += (organ.value - value) / (1 + std::exp(-3 * depth));
  }
  return value;
}

inline std::uint16_t made_label(const PatientPoint& at) {
  std::uint16_t label = 0;
  for (const Ellipsoid& organ : made_organs()) {
    const auto& c = organ.centre_mm;
    const auto& r = organ.radius_mm;
    if (std::hypot((at.x_mm - c[0]) / r[0], (at.y_mm - c[1]) / r[1], (at.z_mm - c[2]) / r[2]) <=
        1) {
      label = organ.label;
    }
  }
  return label;
}

struct MadeVolume {
  VoxelDims dims{};
  Affine affine;
  std::vector<std::int16_t> samples;
  std::vector<std::uint16_t> labels;

  [[nodiscard]] PlacedVolume placed() const {
    return {.samples = std::span(samples), .dims = dims, .affine = affine};
  }
  [[nodiscard]] PlacedLabels placed_labels() const {
    return {.labels = labels, .dims = dims, .affine = affine};
  }
};

// A grid of spacing_mm around the origin, turned by `turn` (radians about that axis).
inline Affine made_affine(const VoxelDims& dims, const std::array<double, 3>& spacing_mm,
                          double turn_z, double turn_x) {
  const double c = std::cos(turn_z);
  const double s = std::sin(turn_z);
  const double cx = std::cos(turn_x);
  const double sx = std::sin(turn_x);
  const Vector3 i = {c * spacing_mm[0], s * spacing_mm[0], 0};
  const Vector3 j = {-s * cx * spacing_mm[1], c * cx * spacing_mm[1], sx * spacing_mm[1]};
  const Vector3 k = {s * sx * spacing_mm[2], -c * sx * spacing_mm[2], cx * spacing_mm[2]};
  PatientPoint origin;
  const auto half = [&](std::size_t a) { return (dims[a] - 1) / 2.0; };
  origin.x_mm = -(half(0) * i[0] + half(1) * j[0] + half(2) * k[0]);
  origin.y_mm = -(half(0) * i[1] + half(1) * j[1] + half(2) * k[1]);
  origin.z_mm = -(half(0) * i[2] + half(1) * j[2] + half(2) * k[2]);
  return affine_from_axes(origin, i, j, k);
}

// What the grid sees of the body when `to_body` leads from its millimetres to the body's; `look`
// makes samples of values, `noise` is their standard deviation.
inline MadeVolume made_volume(const VoxelDims& dims, const Affine& affine,
                              const std::function<PatientPoint(const PatientPoint&)>& to_body,
                              double noise, std::uint64_t seed,
                              const std::function<double(double)>& look = {}) {
  MadeVolume made{.dims = dims, .affine = affine, .samples = {}, .labels = {}};
  SeededRandom random(seed);
  for (std::uint32_t k = 0; k < dims[2]; ++k) {
    for (std::uint32_t j = 0; j < dims[1]; ++j) {
      for (std::uint32_t i = 0; i < dims[0]; ++i) {
        const PatientPoint body = to_body(affine.apply(i, j, k));
        double value = made_value(body);
        if (look) value = look(value);
        value += noise * random.normal();
        made.samples.push_back(static_cast<std::int16_t>(std::lround(value)));
        made.labels.push_back(made_label(body));
      }
    }
  }
  return made;
}

inline double dice(std::span<const std::uint16_t> a, std::span<const std::uint16_t> b,
                   std::uint16_t label) {
  double both = 0;
  double sum = 0;
  for (std::size_t v = 0; v < a.size(); ++v) {
    const bool in_a = a[v] == label;
    const bool in_b = b[v] == label;
    both += in_a && in_b ? 1 : 0;
    sum += (in_a ? 1 : 0) + (in_b ? 1 : 0);
  }
  return sum > 0 ? 2 * both / sum : 1;
}

}  // namespace consilium::test
