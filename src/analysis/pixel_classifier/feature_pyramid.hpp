// What a voxel looks like at several scales: the numbers that the pixel classifier learns from.
//
// Level 0 is the volume, each further level is smoothed by the binomial 1 4 6 4 1 and halved along
// the axes whose spacing is below 1.5 times the shortest one, so that voxels become more alike in
// all directions. A voxel's features, all rotation invariant (up to the grid):
//   level 0: the sample; the sample, gradient and Laplacian after smoothing by 1 2 1
//   levels 1 to 3: the smoothed value, gradient magnitude, Laplacian, Frobenius norm of the
//   Hessian,
//     read between the level's voxels by linear interpolation
//   levels 1 and 2: the standard deviation of the finer level's samples around it (texture)
// The selection follows the multi-scale sets of ilastik (S. Berg et al., Nature Methods 16 (2019)
// 1226-1232); the pyramid instead of ever wider Gaussians makes the whole volume cost what its
// finest scale costs (P. Burt and E. Adelson, IEEE Trans. Communications 31 (1983) 532-540). All in
// whole numbers: the same bit for bit for every thread count.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/distance/lattice.hpp"
#include "base/result.hpp"
#include "domain/image/volume_view.hpp"

namespace consilium {

enum class IntensityScale : std::uint8_t {
  AsIs,         // values mean the same in every image (CT)
  Percentiles,  // the image's 0.5 and 99.5 % percentiles are made the same in every image (MR, US)
};

class FeaturePyramid {
 public:
  static constexpr std::size_t feature_count = 18;

  // Reads the samples now. NaN counts as the least sample.
  // Errors: InvalidInput as check_lattice; TooLarge past 2^31 voxels.
  // Cost: about 30 ns a voxel; memory 3.5 bytes a voxel.
  [[nodiscard]] static Result<FeaturePyramid> create(const VolumeView& samples,
                                                     const Lattice& lattice, IntensityScale scale,
                                                     unsigned threads = 1);

  [[nodiscard]] const Lattice& lattice() const { return lattice_; }

  // Rows of features of the voxels (first_x .. first_x + count, y, z): out[f * count + i].
  // `out` holds feature_count * count values. Cost: about 40 ns a voxel.
  void row(std::uint32_t first_x, std::uint32_t count, std::uint32_t y, std::uint32_t z,
           std::span<std::int16_t> out) const;

 private:
  struct Level {
    std::array<std::uint32_t, 3> dims{};
    std::array<std::uint32_t, 3> factor{1, 1, 1};  // of the volume's voxels
    std::vector<std::vector<std::int16_t>> features;
  };
  void finest_rows(std::uint32_t first_x, std::uint32_t count, std::uint32_t y, std::uint32_t z,
                   std::span<std::int16_t> out) const;

  Lattice lattice_;
  std::vector<std::int16_t> samples_;
  std::vector<Level> levels_;  // from the first halving on
};

}  // namespace consilium
