// A volume on a working grid: averaged over blocks of voxels, as floats.
#pragma once

#include <array>
#include <vector>

#include "analysis/registration/registration.hpp"

namespace consilium::registration {

using Factors = std::array<std::uint32_t, 3>;

struct ImageLevel {
  VoxelDims dims{};
  Affine affine;  // node indices -> mm
  std::array<double, 3> spacing_mm{};
  std::vector<float> values;  // mean 0, standard deviation 1, outliers cut off

  [[nodiscard]] std::size_t size() const { return values.size(); }
};

// Of a sheared grid the nearest upright one. Errors: InvalidInput when dims and samples do not fit.
[[nodiscard]] Result<Lattice> check_volume(const PlacedVolume& volume);

// The edge in mm of cubes, or of voxels where these are longer, of which `voxels_max` fill the box.
[[nodiscard]] double working_spacing(const VoxelDims& dims, const std::array<double, 3>& spacing_mm,
                                     std::size_t voxels_max);
// How many voxels make a node of about that edge.
[[nodiscard]] Factors factors_for(const VoxelDims& dims, const std::array<double, 3>& spacing_mm,
                                  double edge_mm);

// The box of the volume, averaged; what does not fill a node at the far end is left out. Errors:
// InvalidInput when all values are the same.
[[nodiscard]] Result<ImageLevel> make_level(const PlacedVolume& volume, const VoxelRange& box,
                                            const Factors& factors, unsigned threads);
// By `sigma` nodes: else the blur of reading between nodes makes noisy images agree best half a
// node off.
void soften(ImageLevel& level, double sigma, unsigned threads);
// Averaged further.
[[nodiscard]] ImageLevel coarser(const ImageLevel& level, const Factors& factors, unsigned threads);

}  // namespace consilium::registration
