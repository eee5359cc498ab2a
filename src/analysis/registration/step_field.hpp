// A step for every node of a grid, in nodes of that grid: what demons add to and smooth.
#pragma once

#include <array>
#include <utility>
#include <vector>

#include "analysis/bit_volume/bit_volume.hpp"

namespace consilium::registration {

struct StepField {
  VoxelDims dims{};
  std::array<std::vector<float>, 3> steps;

  explicit StepField(const VoxelDims& size);
  [[nodiscard]] std::size_t size() const { return steps[0].size(); }
};

// Each component blurred (filter.hpp).
void smooth(StepField& field, const std::array<double, 3>& sigma, std::vector<float>& scratch,
            unsigned threads);

// First by `step`, then by `field`: field(x + step(x)) + step(x), into `field`.
void compose(StepField& field, const StepField& step, unsigned threads);

// The least and greatest volume change: det(I + grad).
[[nodiscard]] std::pair<double, double> jacobian_range(const StepField& field, unsigned threads);

// On the grid whose node i lies at offset + scale x i of this one's; steps in nodes of that grid.
[[nodiscard]] StepField resampled(const StepField& field, const VoxelDims& dims,
                                  const std::array<double, 3>& offset,
                                  const std::array<double, 3>& scale, unsigned threads);

}  // namespace consilium::registration
