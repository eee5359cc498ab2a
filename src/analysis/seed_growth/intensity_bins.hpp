// The volume as the engine keeps it: smoothed, and one byte a voxel, on every grid of the pyramid.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/seed_growth/padded_grid.hpp"
#include "analysis/seed_growth/seed_growth.hpp"

namespace consilium::seed_growth {

inline constexpr std::size_t bin_count = 255;
inline constexpr std::uint8_t closed = 255;  // the bin of what may not be labelled

// 65,536 codes (samples as they are, or floats over their range) to bins: narrow where intensities
// are frequent, so that soft tissue keeps its contrast beside air and bone.
struct BinTable {
  std::array<std::uint8_t, 65'536> bin_of_code{};
  std::array<double, bin_count> centre{};  // in codes
  std::array<double, bin_count> share{};   // of the image's voxels
};

struct BinnedGrid {
  PaddedGrid grid;
  std::array<std::uint32_t, 3> factor{1, 1, 1};  // of the volume's voxels to this grid's
  ZeroedArray<std::uint8_t> bins;                // padded; `closed` on the rim
  // Padded, with a likelihood: see SeedLikelihood.
  std::optional<ZeroedArray<std::uint8_t>> looks = std::nullopt;

  // By what the model tells how unlikely a voxel is for a label.
  [[nodiscard]] const std::uint8_t* seen() const { return looks ? looks->data() : bins.data(); }
};

struct BinnedVolume {
  BinTable table;
  std::vector<BinnedGrid> grids;  // the finest first
};

// Errors: those of SeedGrowth::create, whose lengths are checked before.
[[nodiscard]] Result<BinnedVolume> bin_volume(const VolumeView& samples, const Lattice& lattice,
                                              const SeedGrowthOptions& options, unsigned threads);

}  // namespace consilium::seed_growth
