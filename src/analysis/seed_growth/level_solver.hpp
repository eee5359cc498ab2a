// The labelling of one grid (see seed_growth.hpp for what it is), solved anew or mended after a
// change. Exact both ways: each ends in the one labelling in which every free voxel holds the least
// (cost, label) that a neighbour offers.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "analysis/seed_growth/bucket_queue.hpp"
#include "analysis/seed_growth/intensity_bins.hpp"
#include "analysis/seed_growth/model.hpp"

namespace consilium::seed_growth {

inline constexpr std::uint32_t unreached = std::numeric_limits<std::uint32_t>::max();

// What a voxel is to the solver. Sources hold cost 0 and their label; closed voxels are sources of
// label 0, which nothing can better and which offer nothing; free voxels have costs above 0.
struct Condition {
  bool is_free = false;
  std::uint8_t label = unlabelled;
};

struct Touched {
  std::uint32_t voxel = 0;
  std::uint8_t before = unlabelled;
};

// A run of voxels along x, as padded indices.
struct Run {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

class LevelSolver {
 public:
  explicit LevelSolver(const BinnedGrid& grid)
      : grid_(grid), cost_(grid.grid.size()), label_(grid.grid.size()) {}

  [[nodiscard]] const PaddedGrid& grid() const { return grid_.grid; }
  [[nodiscard]] const std::uint8_t* bins() const { return grid_.bins.data(); }
  [[nodiscard]] const std::uint8_t* labels() const { return label_.data(); }
  [[nodiscard]] const std::uint32_t* costs() const { return cost_.data(); }

  // For a fresh solution: states of voxels, then solve().
  void put(std::uint32_t voxel, Condition condition) {
    // Most voxels of a fine grid stay sources: their costs are not written, so take no memory.
    if (condition.is_free || cost_[voxel] != 0) cost_[voxel] = condition.is_free ? unreached : 0;
    label_[voxel] = condition.label;
  }
  // `free_runs` hold every free voxel, in ascending order. Each thread grows a part of the runs by
  // itself; then the parts' borders are mended as by update(). Cost: O(free voxels x neighbours).
  void solve(const Model& model, std::span<const Run> free_runs, unsigned threads);

  // For a change: conditions that differ from the present ones, then update(). Tells each voxel
  // whose label was changed with its label before, once, in ascending order; those that came back
  // to their label too.
  void change(std::uint32_t voxel, Condition condition);
  [[nodiscard]] std::vector<Touched> update(const Model& model);

  // What a step from p to its neighbour q costs a label whose row of the model this is.
  [[nodiscard]] static std::uint32_t step_cost(const std::uint16_t* of_label,
                                               const std::uint16_t* levels, std::uint32_t length,
                                               std::uint8_t from, std::uint8_t to) {
    const std::uint32_t spatial = (length * of_label[to]) >> 3U;
    const auto edge = static_cast<std::uint32_t>(std::abs(levels[from] - levels[to]));
    return std::max(spatial, 1U) + std::min(edge, edge_cost_max);
  }

 private:
  struct Offer {
    std::uint32_t cost = unreached;
    std::uint8_t label = unlabelled;
    friend auto operator<=>(const Offer&, const Offer&) = default;
  };
  struct Offers {
    Offer settled;  // the least of neighbours whose cost is below the limit
    Offer any;
  };
  struct Changed {
    std::uint32_t voxel = 0;
    Offer value;
  };

  [[nodiscard]] std::vector<Changed> first_offers(const Model& model,
                                                  std::span<const Run> runs) const;
  template <class Inside>
  void grow(const Model& model, std::span<const Changed> first, const Inside& inside);
  void mend_cuts(const Model& model, std::span<const Run> free_runs,
                 std::span<const std::uint32_t> begins);
  [[nodiscard]] Offer offer(const Model& model, std::uint32_t from, std::uint32_t to,
                            std::uint32_t length) const;
  [[nodiscard]] Offers offers_to(const Model& model, std::uint32_t voxel,
                                 std::uint32_t limit) const;
  void examine(const Model& model, std::uint32_t cost, std::uint32_t voxel);
  void tell_neighbours(const Model& model, std::uint32_t voxel, const Offer& before);
  void set(std::uint32_t voxel, const Offer& value);

  const BinnedGrid& grid_;
  ZeroedArray<std::uint32_t> cost_;
  ZeroedArray<std::uint8_t> label_;
  BucketQueue queue_;             // of voxels to examine, while updating
  std::vector<Changed> changed_;  // conditions changed since, with the values before
  std::vector<Touched> touched_;
};

}  // namespace consilium::seed_growth
