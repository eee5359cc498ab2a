// Separable filters over a grid's values; beyond the ends they go on as they end.
#pragma once

#include <array>
#include <vector>

#include "analysis/bit_volume/bit_volume.hpp"

namespace consilium::registration {

// By a Gaussian of `sigma` nodes along each axis, 0 for none.
void blur(std::vector<float>& values, const VoxelDims& dims, const std::array<double, 3>& sigma,
          std::vector<float>& scratch, unsigned threads);
// Sums over 5 x 5 x 5 nodes, also where an axis has fewer.
void box_sums(std::vector<float>& values, const VoxelDims& dims, std::vector<float>& scratch,
              unsigned threads);

}  // namespace consilium::registration
