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
      : grid_(grid), cost_(grid.grid.size()), label_(grid.grid.size()), notes_(grid.grid.size()) {}

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

  // For a change: conditions that differ from the present ones, each voxel once, then update(),
  // which tells each voxel whose label is another than before, once, in no order.
  void change(std::uint32_t voxel, Condition condition);
  // As change() to a source, of a voxel whose neighbours are all sources now, or will be when all
  // changes are in: nothing around it needs to hear of it.
  void change_amid_sources(std::uint32_t voxel, std::uint8_t label);
  [[nodiscard]] std::vector<Touched> update(const Model& model, unsigned threads = 1);

  // What a step from p to its neighbour q costs a label that has `unlikely` at q (Model::cost).
  [[nodiscard]] static std::uint32_t step_cost(std::uint32_t unlikely, const std::uint16_t* levels,
                                               std::uint32_t length, std::uint8_t from,
                                               std::uint8_t to) {
    const std::uint32_t spatial = (length * unlikely) >> 3U;
    const auto edge = static_cast<std::uint32_t>(std::abs(levels[from] - levels[to]));
    return std::max(spatial, 1U) + std::min(edge, edge_cost_max);
  }

 private:
  struct Offer {
    std::uint32_t cost = unreached;
    std::uint8_t label = unlabelled;
    friend auto operator<=>(const Offer&, const Offer&) = default;
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
  [[nodiscard]] Offer offer_below(const Model& model, std::uint32_t voxel,
                                  std::uint32_t limit) const;
  void doubt(std::uint32_t voxel);
  void call_on(std::uint32_t voxel);
  void refill(const Model& model, std::uint32_t voxel, const Offer& settled, std::uint32_t limit);
  void examine(const Model& model, std::uint32_t cost, std::uint32_t voxel);
  void solve_freed(const Model& model, std::span<const Changed> freed, unsigned threads);
  void join_freed(const Model& model, std::uint32_t voxel, std::uint8_t label_before,
                  bool is_beside_others);
  void examine_dependents(const Model& model, std::uint32_t voxel, const Offer& before);
  void make_offers(const Model& model, std::uint32_t voxel);
  void give_up(const Model& model, std::uint32_t voxel, const Offer& held, const Offer& now);
  void improve(const Model& model, std::uint32_t voxel, const Offer& now);
  void set(std::uint32_t voxel, const Offer& value);
  // The voxel's notes, which hold until the update ends.
  std::uint8_t& note(std::uint32_t voxel);
  [[nodiscard]] std::vector<Touched> take_touched();

  const BinnedGrid& grid_;
  ZeroedArray<std::uint32_t> cost_;
  ZeroedArray<std::uint8_t> label_;
  ZeroedArray<std::uint8_t> notes_;  // while updating; all 0 between updates
  BucketQueue queue_;                // of voxels to examine, while updating
  std::vector<Changed> changed_;     // conditions changed since, with the values before
  std::vector<Touched> touched_;
};

}  // namespace consilium::seed_growth
