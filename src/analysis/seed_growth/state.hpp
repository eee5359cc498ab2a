// What SeedGrowth holds: the pyramid with a solver on each grid, the seeds on each grid, the model.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "analysis/seed_growth/band.hpp"
#include "analysis/seed_growth/level_solver.hpp"
#include "analysis/seed_growth/seed_growth.hpp"

namespace consilium::seed_growth {

// One grid with its labelling. `band` is absent on the coarsest.
struct Level {
  explicit Level(const BinnedGrid& binned)
      : grid(binned), solver(binned), seeds(binned.grid.lattice().voxel_count()) {}
  const BinnedGrid& grid;
  LevelSolver solver;
  std::vector<std::uint8_t> seeds;  // dense; of a coarser grid: the most frequent of its voxels
  std::unique_ptr<Band> band;
};

// Voxels (padded indices) whose label changed; or all may have.
struct LabelChanges {
  bool all = false;
  std::vector<std::uint32_t> voxels;
};

// Where the dense labels changed: a box, and for each brick of the volume whether one did there.
struct Changed {
  std::optional<VoxelBox> box;
  std::vector<std::uint8_t> bricks;
};

// Gives the grid its looks.
void lay_looks(const SeedLikelihood& likelihood, BinnedGrid& on, unsigned threads);

// How uncertain each voxel of a solved grid is, dense: see SeedUncertainty.
[[nodiscard]] std::vector<std::uint8_t> uncertainty_of(const Level& level, const Model& model);

}  // namespace consilium::seed_growth

namespace consilium {

struct SeedGrowth::State {
  explicit State(seed_growth::BinnedVolume&& binned_volume);

  void put_seed(std::uint32_t voxel, std::uint8_t label);
  // Takes the seeds' changes up the pyramid; gives the changed voxels (dense) of each grid.
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> take_seed_changes();
  [[nodiscard]] bool wants_relearning(ModelUse use) const;
  [[nodiscard]] seed_growth::Changed solve_all(unsigned threads);
  [[nodiscard]] seed_growth::Changed solve_changes(unsigned threads);
  void solve_level(std::size_t level, unsigned threads);
  // From the changed labels of the next coarser grid and the changed seeds (dense) of this one.
  [[nodiscard]] seed_growth::LabelChanges update_level(std::size_t level,
                                                       const seed_growth::LabelChanges& coarser,
                                                       std::span<const std::uint32_t> seeds,
                                                       unsigned threads);
  [[nodiscard]] seed_growth::Changed take_labels(unsigned threads);
  [[nodiscard]] seed_growth::Changed take_labels(std::span<const std::uint32_t> voxels);
  [[nodiscard]] std::array<std::uint32_t, 3> bricks_along() const;

  seed_growth::BinnedVolume binned;
  std::vector<std::unique_ptr<seed_growth::Level>> levels;
  std::vector<std::uint8_t> labels;          // dense
  std::vector<std::uint32_t> seeds_changed;  // dense voxels, as they came
  seed_growth::SeedCounts counts;
  seed_growth::Model model;
  std::optional<SeedLikelihood> likelihood;
  bool is_solved = false;
};

}  // namespace consilium
