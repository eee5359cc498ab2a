// Between two grids of the pyramid: which voxels of the finer one are solved (the band around the
// coarser one's borders), and which take the coarser one's label.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/seed_growth/level_solver.hpp"

namespace consilium::seed_growth {

class Band {
 public:
  // `seeds` are the fine grid's, dense, `coarse_seeds` the coarse one's. All outlive the band.
  Band(const BinnedGrid& fine, const BinnedGrid& coarse, const std::vector<std::uint8_t>& seeds,
       const std::vector<std::uint8_t>& coarse_seeds, const LevelSolver& coarse_solver);

  // Anew, from the coarse labels and the seeds. Cost: O(coarse voxels + seeds' volume).
  void mark_all(unsigned threads);
  // After the coarse labels of `changed` cells (padded indices) and the seeds in them changed.
  // Gives the cells whose fine voxels may have got another condition, each once.
  [[nodiscard]] std::vector<std::uint32_t> mark(std::vector<std::uint32_t> changed);
  // Tells `solver` the conditions of those cells' fine voxels.
  void change(std::span<const std::uint32_t> cells, LevelSolver& solver) const;

  [[nodiscard]] std::uint32_t cell_of(std::uint32_t x, std::uint32_t y, std::uint32_t z) const {
    return coarse_.grid.index(x / step_[0], y / step_[1], z / step_[2]);
  }
  [[nodiscard]] const std::array<std::uint32_t, 3>& step() const { return step_; }
  // Free voxels, in ascending order; puts all conditions into `solver`.
  [[nodiscard]] std::vector<Run> put_all(LevelSolver& solver, unsigned threads) const;

 private:
  [[nodiscard]] Condition condition(std::uint32_t cell, std::uint8_t bin, std::uint8_t seed) const;
  void mark_row(std::uint32_t y, std::uint32_t z);
  void put_row(std::uint32_t y, std::uint32_t z, LevelSolver& solver, std::vector<Run>& runs) const;
  [[nodiscard]] bool is_beside_other(std::uint32_t cell) const;
  [[nodiscard]] bool is_border(std::uint32_t cell) const;
  [[nodiscard]] bool has_other_seed(std::uint32_t cell) const;
  [[nodiscard]] bool is_near_border(std::uint32_t cell) const;
  [[nodiscard]] bool is_amid_sources(std::uint32_t cell) const;
  void list(std::uint32_t cell, std::vector<std::uint32_t>& cells);
  [[nodiscard]] std::vector<std::uint32_t> with_neighbours(std::span<const std::uint32_t> cells);
  void unlist(std::span<const std::uint32_t> cells);

  const BinnedGrid& fine_;
  const BinnedGrid& coarse_;
  const std::vector<std::uint8_t>& seeds_;
  const std::vector<std::uint8_t>& coarse_seeds_;
  const LevelSolver& coarse_solver_;
  std::array<std::uint32_t, 3> step_{};
  std::vector<std::uint8_t> border_;  // padded, of the coarse grid
  std::vector<std::uint8_t> marked_;  // border cells and their neighbours
  std::vector<std::uint8_t> listed_;  // while lists are made; all 0 in between
};

}  // namespace consilium::seed_growth
