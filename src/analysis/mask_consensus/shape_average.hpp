// The average of several raters' shapes: each label's signed distances, averaged over the raters;
// a voxel gets the label it lies deepest in. Contours are averaged where voting counts voxels.
// Source: T. Rohlfing and C. Maurer, IEEE Trans. Image Processing 16 (2007) 153-161.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/distance/lattice.hpp"
#include "base/result.hpp"

namespace consilium {

struct ShapeAverageSettings {
  // Where two labels are equally deep. Default: one past the greatest label.
  std::optional<std::uint16_t> undecided{};
  unsigned threads = 1;  // changes no bit of the result
  friend bool operator==(const ShapeAverageSettings&, const ShapeAverageSettings&) = default;
};

// volumes[r] is rater r's labels, 0 (background) being one of them. Distances are taken to the
// float's precision in mm and no further than the volume's diagonal, which is also the distance to
// a label that a rater did not use.
// Errors: InvalidInput when there is no rater, a length is not the lattice's, a spacing is not
// above 0, or no label is left for undecided voxels.
// Cost: O(raters x labels) signed distance transforms; memory 26 bytes a voxel.
[[nodiscard]] Result<std::vector<std::uint16_t>> shape_average(
    std::span<const std::span<const std::uint16_t>> volumes, const Lattice& lattice,
    const ShapeAverageSettings& settings = {});

}  // namespace consilium
