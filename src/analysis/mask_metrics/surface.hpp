// The surface of a mask as bits on a lattice, with the size of each element.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "analysis/distance/bit_rows.hpp"
#include "analysis/mask_metrics/mask_metrics.hpp"

namespace consilium::mask_metrics {

// A dense volume of bits, rows padded to whole words.
struct BitVolume {
  BitVolume(std::size_t columns, std::size_t rows, std::size_t slices)
      : nx(columns),
        ny(rows),
        nz(slices),
        row_words(words_of(columns)),
        words(row_words * rows * slices) {}
  [[nodiscard]] std::uint64_t* row(std::size_t y, std::size_t z) {
    return words.data() + (z * ny + y) * row_words;
  }
  [[nodiscard]] const std::uint64_t* row(std::size_t y, std::size_t z) const {
    return words.data() + (z * ny + y) * row_words;
  }
  std::size_t nx, ny, nz;
  std::size_t row_words;
  std::vector<std::uint64_t> words;
};

// The elements stand in the order of the lattice, x fastest; size[i] belongs to the i-th set bit.
struct Surface {
  BitVolume at;
  std::vector<std::size_t> first;  // in each slice of `at`, the number of its first element
  std::vector<double> size;        // mm^2, or mm in a plane; 1 for border voxels
};

// `mask` has a margin of one empty voxel around it (in a plane: in x and y alone). MarchingCubes
// places surfels on the lattice of cells, half a voxel off the voxels, one fewer along each axis.
[[nodiscard]] Surface surface_of(const BitVolume& mask, SurfaceDefinition definition, bool planar,
                                 const std::array<double, 3>& spacing_mm, unsigned threads);

}  // namespace consilium::mask_metrics
