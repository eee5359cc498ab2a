// Three ellipsoids whose slices shift to and fro, for tests and measurements.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace consilium::test {

// Lengths are in parts of the volume's edges; the shift is a sine along z of a fourteenth of x and
// y, one and a half periods long.
inline std::vector<std::uint16_t> tilting_phantom(const std::array<std::uint32_t, 3>& dims) {
  struct Ellipsoid {
    double x, y, z, rx, ry, rz;
  };
  const Ellipsoid shapes[] = {{0.35, 0.40, 0.50, 0.16, 0.12, 0.38},
                              {0.66, 0.36, 0.47, 0.09, 0.14, 0.33},
                              {0.55, 0.70, 0.52, 0.13, 0.07, 0.27}};
  std::vector<std::uint16_t> labels(static_cast<std::size_t>(dims[0]) * dims[1] * dims[2]);
  std::size_t v = 0;
  for (std::uint32_t k = 0; k < dims[2]; ++k) {
    const double z = (k + 0.5) / dims[2];
    const double shift = std::sin(3 * std::numbers::pi * z) / 14;
    for (std::uint32_t j = 0; j < dims[1]; ++j) {
      const double y = (j + 0.5) / dims[1] - shift;
      for (std::uint32_t i = 0; i < dims[0]; ++i, ++v) {
        const double x = (i + 0.5) / dims[0] - shift;
        for (std::uint16_t s = 0; s < 3; ++s) {
          const Ellipsoid& e = shapes[s];
          const double r = std::pow((x - e.x) / e.rx, 2) + std::pow((y - e.y) / e.ry, 2) +
                           std::pow((z - e.z) / e.rz, 2);
          if (r <= 1) labels[v] = static_cast<std::uint16_t>(s + 1);
        }
      }
    }
  }
  return labels;
}

// Every k-th slice along z stays.
inline std::vector<std::uint16_t> every_slice(std::vector<std::uint16_t> labels,
                                              const std::array<std::uint32_t, 3>& dims,
                                              std::uint32_t k) {
  const std::size_t slice = static_cast<std::size_t>(dims[0]) * dims[1];
  for (std::size_t v = 0; v < labels.size(); ++v) {
    if (v / slice % k != 0) labels[v] = 0;
  }
  return labels;
}

inline double dice(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b,
                   std::uint16_t label) {
  double both = 0;
  double sum = 0;
  for (std::size_t v = 0; v < a.size(); ++v) {
    const bool in_a = a[v] == label;
    const bool in_b = b[v] == label;
    both += in_a && in_b ? 1 : 0;
    sum += (in_a ? 1 : 0) + (in_b ? 1 : 0);
  }
  return 2 * both / sum;
}

}  // namespace consilium::test
