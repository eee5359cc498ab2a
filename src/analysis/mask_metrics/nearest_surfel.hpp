// The distance from each element of one surface to the nearest element of another.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "analysis/mask_metrics/surface.hpp"

namespace consilium::mask_metrics {

// Memory of the distance transform, kept from one direction for the other: pages that are new cost
// as much as the transform's passes over them.
struct TransformRoom {
  std::vector<std::uint8_t> mask;
  std::vector<float> floats;
  std::vector<double> doubles;
};

// In mm, in the order of `from`'s elements; infinite when `to` has none. Exact: rows of bits are
// looked through outward from the element, blocks of 4 x 4 rows at a time further off, until
// nothing nearer can come, starting with what was nearest to the element before. Both surfaces lie
// on lattices of the same size.
[[nodiscard]] std::vector<double> distances_mm(const Surface& from, const Surface& to,
                                               const std::array<double, 3>& spacing_mm,
                                               TransformRoom& room, unsigned threads);

}  // namespace consilium::mask_metrics
