// How likely each label is at each voxel, as a classifier sees it: what SeedGrowth takes in place
// of what it learns from the seeds' intensities alone.
//
// One byte a voxel: probabilities are kept as one of at most 256 looks, by the likeliest label, by
// how likely it is and, where there is room, by the label that comes next; a look stands for the
// mean of the probabilities that fell to it. The grid may be thinned, one voxel standing for
// `factor` along each axis, for a classifier costs more a voxel than growing does.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "domain/image/thinned_grid.hpp"

namespace consilium {

class SeedLikelihood {
 public:
  // `labels` are the classifier's, rising, 2 to 16 of them, background as 255.
  SeedLikelihood(const ThinnedGrid& grid, std::span<const std::uint8_t> labels);

  // The probabilities of the thinned grid's planes from `first_plane` on, in 1/255: of label k and
  // voxel i of these planes (x fastest) at [k * voxels + i]. Each plane once, in any order.
  void put(std::uint32_t first_plane, std::span<const std::uint8_t> probabilities);

  [[nodiscard]] const ThinnedGrid& grid() const { return grid_; }
  [[nodiscard]] std::span<const std::uint8_t> labels() const { return labels_; }
  [[nodiscard]] std::span<const std::uint8_t> looks() const { return looks_; }  // x fastest
  // Of a label (by its place in labels()) where a voxel has this look; in [0, 1].
  [[nodiscard]] double probability(std::size_t label, std::uint8_t look) const;
  // The look of these probabilities, one of each label, in 1/255.
  [[nodiscard]] std::uint8_t look_of(std::span<const std::uint8_t> probabilities) const;

 private:
  ThinnedGrid grid_;
  std::vector<std::uint8_t> labels_;
  bool tells_next_ = false;  // whether looks differ by the label that comes next
  std::uint32_t steps_ = 1;  // of how likely the likeliest is
  std::array<std::uint8_t, 256> step_of_{};
  std::vector<std::uint8_t> looks_;
  std::vector<std::uint64_t> sums_;  // of probabilities, by look and label
  std::vector<std::uint64_t> counts_;
};

}  // namespace consilium
