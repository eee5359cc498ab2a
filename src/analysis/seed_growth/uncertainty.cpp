#include <algorithm>

#include "analysis/seed_growth/bucket_queue.hpp"
#include "analysis/seed_growth/state.hpp"

namespace consilium::seed_growth {
namespace {

// The label that would hold each voxel if its own did not exist, and at what cost: from neighbours
// of other labels, and through neighbours of its own label by what is second best there.
class SecondBest {
 public:
  SecondBest(const Level& level, const Model& model)
      : grid_(level.grid),
        model_(model),
        costs_(level.solver.costs()),
        labels_(level.solver.labels()),
        second_cost_(level.grid.grid.size(), unreached),
        second_label_(level.grid.grid.size()) {
    start();
    queue_.drain([&](std::uint32_t cost, std::uint32_t voxel) { spread(cost, voxel); });
  }
  [[nodiscard]] std::uint32_t cost(std::uint32_t voxel) const { return second_cost_[voxel]; }

 private:
  void offer(std::uint32_t from, std::uint32_t to, std::uint32_t length, std::uint32_t cost,
             std::uint8_t label) {
    const std::uint64_t offered =
        std::uint64_t{cost} + LevelSolver::step_cost(model_.cost[label][grid_.seen()[to]],
                                                     model_.level.data(), length, grid_.bins[from],
                                                     grid_.bins[to]);
    if (offered < second_cost_[to]) {
      second_cost_[to] = static_cast<std::uint32_t>(offered);
      second_label_[to] = label;
      queue_.push(second_cost_[to], to);
    } else if (offered == second_cost_[to] && offered != unreached && label < second_label_[to]) {
      second_label_[to] = label;
    }
  }

  // Free, and labelled: what a second label may reach.
  [[nodiscard]] bool is_held(std::uint32_t voxel) const {
    return costs_[voxel] != 0 && costs_[voxel] != unreached;
  }

  void start() {
    const auto& dims = grid_.grid.lattice().dims;
    for (std::uint32_t z = 0; z < dims[2]; ++z) {
      for (std::uint32_t y = 0; y < dims[1]; ++y) {
        const std::uint32_t begin = grid_.grid.index(0, y, z);
        for (std::uint32_t voxel = begin; voxel < begin + dims[0]; ++voxel) {
          if (!is_held(voxel)) continue;
          for (const Neighbour& n : grid_.grid.neighbours()) {
            const auto from = static_cast<std::uint32_t>(voxel + n.step);
            if (labels_[from] == unlabelled || labels_[from] == labels_[voxel]) continue;
            offer(from, voxel, n.length, costs_[from], labels_[from]);
          }
        }
      }
    }
  }

  void spread(std::uint32_t cost, std::uint32_t voxel) {
    if (second_cost_[voxel] != cost) return;
    for (const Neighbour& n : grid_.grid.neighbours()) {
      const auto to = static_cast<std::uint32_t>(voxel + n.step);
      if (labels_[to] != labels_[voxel] || !is_held(to)) continue;
      offer(voxel, to, n.length, cost, second_label_[voxel]);
    }
  }

  const BinnedGrid& grid_;
  const Model& model_;
  const std::uint32_t* costs_;
  const std::uint8_t* labels_;
  std::vector<std::uint32_t> second_cost_;
  std::vector<std::uint8_t> second_label_;
  BucketQueue queue_;
};

}  // namespace

std::vector<std::uint8_t> uncertainty_of(const Level& level, const Model& model) {
  const SecondBest second(level, model);
  const PaddedGrid& grid = level.grid.grid;
  const auto& dims = grid.lattice().dims;
  std::vector<std::uint8_t> out(grid.lattice().voxel_count());
  for (std::uint32_t z = 0; z < dims[2]; ++z) {
    for (std::uint32_t y = 0; y < dims[1]; ++y) {
      for (std::uint32_t x = 0; x < dims[0]; ++x) {
        const std::uint32_t voxel = grid.index(x, y, z);
        const std::uint32_t best = level.solver.costs()[voxel];
        const std::uint32_t next = second.cost(voxel);
        if (best == 0 || best == unreached || next == unreached) continue;
        // Half where the next label costs one more step into what is unlikely for it.
        constexpr std::uint64_t half_at = unlikely_cost;
        const std::uint64_t margin = next > best ? next - best : 0;
        out[grid.dense(x, y, z)] = static_cast<std::uint8_t>(
            (255 * half_at + (half_at + margin) / 2) / (half_at + margin));
      }
    }
  }
  return out;
}

}  // namespace consilium::seed_growth

namespace consilium {

SeedUncertainty SeedGrowth::uncertainty() const {
  const seed_growth::Level& coarsest = *state_->levels.back();
  return {.dims = coarsest.grid.grid.lattice().dims,
          .factor = coarsest.grid.factor,
          .values = seed_growth::uncertainty_of(coarsest, state_->model)};
}

NextSlices SeedGrowth::next_best_slices() const { return next_best_slices(uncertainty()); }

NextSlices SeedGrowth::next_best_slices(const SeedUncertainty& uncertainty) const {
  const auto& dims = uncertainty.dims;
  const std::vector<std::uint8_t>& seeds = state_->levels.back()->seeds;
  std::array<std::vector<std::uint64_t>, 3> score;
  std::array<std::vector<std::uint8_t>, 3> first_label;
  std::array<std::vector<std::uint8_t>, 3> has_two;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    score[axis].resize(dims[axis]);
    first_label[axis].resize(dims[axis]);
    has_two[axis].resize(dims[axis]);
  }
  std::size_t i = 0;
  std::array<std::uint32_t, 3> at{};
  for (at[2] = 0; at[2] < dims[2]; ++at[2]) {
    for (at[1] = 0; at[1] < dims[1]; ++at[1]) {
      for (at[0] = 0; at[0] < dims[0]; ++at[0], ++i) {
        const std::uint64_t unsure = uncertainty.values[i];
        for (std::size_t axis = 0; axis < 3; ++axis) {
          // Squared: a few voxels in doubt say more than many that are nearly sure.
          score[axis][at[axis]] += unsure * unsure;
          if (seeds[i] == unlabelled) continue;
          std::uint8_t& label = first_label[axis][at[axis]];
          if (label == unlabelled) label = seeds[i];
          if (label != seeds[i]) has_two[axis][at[axis]] = 1;
        }
      }
    }
  }
  NextSlices out;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    std::uint64_t most = 0;
    for (std::uint32_t slice = 0; slice < dims[axis]; ++slice) {
      if (has_two[axis][slice] != 0 || score[axis][slice] <= most) continue;
      most = score[axis][slice];
      out[axis] = std::min(slice * uncertainty.factor[axis] + uncertainty.factor[axis] / 2,
                           lattice().dims[axis] - 1);
    }
  }
  return out;
}

}  // namespace consilium
