#include "analysis/seed_growth/band.hpp"

#include <algorithm>

#include "analysis/parallel/parallel.hpp"

namespace consilium::seed_growth {

Band::Band(const BinnedGrid& fine, const BinnedGrid& coarse, const std::vector<std::uint8_t>& seeds,
           const std::vector<std::uint8_t>& coarse_seeds, const LevelSolver& coarse_solver)
    : fine_(fine),
      coarse_(coarse),
      seeds_(seeds),
      coarse_seeds_(coarse_seeds),
      coarse_solver_(coarse_solver),
      border_(coarse.grid.size()),
      marked_(coarse.grid.size()),
      listed_(coarse.grid.size()) {
  for (std::size_t axis = 0; axis < 3; ++axis)
    step_[axis] = coarse.factor[axis] / fine.factor[axis];
}

// A seed that the coarse label overruled.
bool Band::has_other_seed(std::uint32_t cell) const {
  const auto at = coarse_.grid.place(cell);
  // A cell has a seed where one of its voxels has.
  if (coarse_seeds_[coarse_.grid.dense(at[0], at[1], at[2])] == unlabelled) return false;
  const auto& dims = fine_.grid.lattice().dims;
  const std::uint8_t label = coarse_solver_.labels()[cell];
  for (std::uint32_t z = at[2] * step_[2]; z < std::min((at[2] + 1) * step_[2], dims[2]); ++z) {
    for (std::uint32_t y = at[1] * step_[1]; y < std::min((at[1] + 1) * step_[1], dims[1]); ++y) {
      for (std::uint32_t x = at[0] * step_[0]; x < std::min((at[0] + 1) * step_[0], dims[0]); ++x) {
        const std::uint8_t seed = seeds_[fine_.grid.dense(x, y, z)];
        if (seed != unlabelled && seed != label &&
            fine_.bins[fine_.grid.index(x, y, z)] != closed) {
          return true;
        }
      }
    }
  }
  return false;
}

bool Band::is_beside_other(std::uint32_t cell) const {
  if (coarse_.bins[cell] == closed) return false;
  const std::uint8_t* labels = coarse_solver_.labels();
  for (const Neighbour& n : coarse_.grid.neighbours()) {
    const auto other = static_cast<std::uint32_t>(cell + n.step);
    if (labels[other] != labels[cell] && coarse_.bins[other] != closed) return true;
  }
  return false;
}

bool Band::is_border(std::uint32_t cell) const {
  return is_beside_other(cell) || has_other_seed(cell);
}

bool Band::is_near_border(std::uint32_t cell) const {
  if (border_[cell] != 0) return true;
  return std::ranges::any_of(coarse_.grid.neighbours(), [&](const Neighbour& n) {
    return border_[static_cast<std::uint32_t>(cell + n.step)] != 0;
  });
}

// The border cells of one row of the coarse grid. Seeds are looked through as they lie, for most
// cells have none.
void Band::mark_row(std::uint32_t y, std::uint32_t z) {
  const auto& dims = coarse_.grid.lattice().dims;
  const auto& fine_dims = fine_.grid.lattice().dims;
  const std::uint32_t begin = coarse_.grid.index(0, y, z);
  for (std::uint32_t x = 0; x < dims[0]; ++x)
    border_[begin + x] = is_beside_other(begin + x) ? 1 : 0;
  const std::uint32_t shift = step_[0] - 1;
  for (std::uint32_t fz = z * step_[2]; fz < std::min((z + 1) * step_[2], fine_dims[2]); ++fz) {
    for (std::uint32_t fy = y * step_[1]; fy < std::min((y + 1) * step_[1], fine_dims[1]); ++fy) {
      const std::uint8_t* seeds = seeds_.data() + fine_.grid.dense(0, fy, fz);
      const std::uint8_t* bins = fine_.bins.data() + fine_.grid.index(0, fy, fz);
      for (std::uint32_t x = 0; x < fine_dims[0]; ++x) {
        if (seeds[x] == unlabelled || bins[x] == closed) continue;
        const std::uint32_t cell = begin + (x >> shift);
        if (seeds[x] != coarse_solver_.labels()[cell]) border_[cell] = 1;
      }
    }
  }
}

void Band::mark_all(unsigned threads) {
  const auto& dims = coarse_.grid.lattice().dims;
  std::ranges::fill(marked_, 0);
  split_work(threads, std::uint64_t{dims[2]} * dims[1],
             [&](std::uint64_t first, std::uint64_t last, std::uint64_t) {
               for (std::uint64_t row = first; row < last; ++row) {
                 mark_row(static_cast<std::uint32_t>(row % dims[1]),
                          static_cast<std::uint32_t>(row / dims[1]));
               }
             });
  for (std::uint32_t z = 0; z < dims[2]; ++z) {
    for (std::uint32_t y = 0; y < dims[1]; ++y) {
      const std::uint32_t begin = coarse_.grid.index(0, y, z);
      for (std::uint32_t cell = begin; cell < begin + dims[0]; ++cell) {
        if (border_[cell] == 0) continue;
        marked_[cell] = 1;
        for (const Neighbour& n : coarse_.grid.neighbours()) {
          marked_[static_cast<std::uint32_t>(cell + n.step)] = 1;
        }
      }
    }
  }
}

// Each cell once, without sorting.
void Band::list(std::uint32_t cell, std::vector<std::uint32_t>& cells) {
  if (listed_[cell] != 0) return;
  listed_[cell] = 1;
  cells.push_back(cell);
}

void Band::unlist(std::span<const std::uint32_t> cells) {
  for (const std::uint32_t cell : cells) listed_[cell] = 0;
}

// The open cells among `cells` and their neighbours.
std::vector<std::uint32_t> Band::with_neighbours(std::span<const std::uint32_t> cells) {
  std::vector<std::uint32_t> out;
  out.reserve(cells.size() * 2);
  const auto add = [&](std::uint32_t cell) {
    if (coarse_.bins[cell] != closed) list(cell, out);
  };
  for (const std::uint32_t cell : cells) {
    add(cell);
    for (const Neighbour& n : coarse_.grid.neighbours()) {
      add(static_cast<std::uint32_t>(cell + n.step));
    }
  }
  unlist(out);
  return out;
}

std::vector<std::uint32_t> Band::mark(std::vector<std::uint32_t> changed) {
  std::vector<std::uint32_t> border_changed;
  for (const std::uint32_t cell : with_neighbours(changed)) {
    const std::uint8_t is = is_border(cell) ? 1 : 0;
    if (border_[cell] == is) continue;
    border_[cell] = is;
    border_changed.push_back(cell);
  }
  std::vector<std::uint32_t> mark_changed = with_neighbours(border_changed);
  std::erase_if(mark_changed, [&](std::uint32_t cell) {
    return marked_[cell] == (is_near_border(cell) ? 1 : 0);
  });
  std::vector<std::uint32_t> out;
  out.reserve(changed.size() + mark_changed.size());
  for (const std::uint32_t cell : changed) list(cell, out);
  for (const std::uint32_t cell : mark_changed) {
    marked_[cell] ^= 1;
    list(cell, out);
  }
  unlist(out);
  std::ranges::sort(out);  // what lies close is worked on together
  return out;
}

bool Band::is_amid_sources(std::uint32_t cell) const {
  if (marked_[cell] != 0) return false;
  return std::ranges::none_of(coarse_.grid.neighbours(), [&](const Neighbour& n) {
    return marked_[static_cast<std::uint32_t>(cell + n.step)] != 0;
  });
}

void Band::change(std::span<const std::uint32_t> cells, LevelSolver& solver) const {
  const auto& dims = fine_.grid.lattice().dims;
  for (const std::uint32_t cell : cells) {
    const auto at = coarse_.grid.place(cell);
    const bool is_amid = is_amid_sources(cell);
    for (std::uint32_t z = at[2] * step_[2]; z < std::min((at[2] + 1) * step_[2], dims[2]); ++z) {
      for (std::uint32_t y = at[1] * step_[1]; y < std::min((at[1] + 1) * step_[1], dims[1]); ++y) {
        const std::uint32_t begin = at[0] * step_[0];
        const std::uint32_t end = std::min(begin + step_[0], dims[0]);
        const std::uint32_t row = fine_.grid.index(0, y, z);
        const std::uint8_t* seeds = seeds_.data() + fine_.grid.dense(0, y, z);
        for (std::uint32_t x = begin; x < end; ++x) {
          const Condition is = condition(cell, fine_.bins[row + x], seeds[x]);
          if (is_amid) {
            solver.change_amid_sources(row + x, is.label);
          } else {
            solver.change(row + x, is);
          }
        }
      }
    }
  }
}

// What a fine voxel of the cell is, with its bin and its seed.
Condition Band::condition(std::uint32_t cell, std::uint8_t bin, std::uint8_t seed) const {
  if (bin == closed) return {};
  if (seed != unlabelled) return {.is_free = false, .label = seed};
  if (marked_[cell] != 0) return {.is_free = true};
  return {.is_free = false, .label = coarse_solver_.labels()[cell]};
}

void Band::put_row(std::uint32_t y, std::uint32_t z, LevelSolver& solver,
                   std::vector<Run>& runs) const {
  const std::uint32_t width = fine_.grid.lattice().dims[0];
  const std::uint32_t begin = fine_.grid.index(0, y, z);
  const std::uint8_t* bins = fine_.bins.data() + begin;
  const std::uint8_t* seeds = seeds_.data() + fine_.grid.dense(0, y, z);
  const std::uint32_t cells = cell_of(0, y, z);
  const std::uint8_t* labels = coarse_solver_.labels() + cells;
  const std::uint8_t* marked = marked_.data() + cells;
  const std::uint32_t shift = step_[0] - 1;
  bool was_free = false;
  for (std::uint32_t x = 0; x < width; ++x) {
    Condition is;
    if (bins[x] != closed) {
      is.label = seeds[x] != unlabelled ? seeds[x] : labels[x >> shift];
      is.is_free = seeds[x] == unlabelled && marked[x >> shift] != 0;
      if (is.is_free) is.label = unlabelled;
    }
    solver.put(begin + x, is);
    if (is.is_free && !was_free) runs.push_back({begin + x, 0});
    if (is.is_free) ++runs.back().count;
    was_free = is.is_free;
  }
}

std::vector<Run> Band::put_all(LevelSolver& solver, unsigned threads) const {
  const auto& dims = fine_.grid.lattice().dims;
  std::vector<std::vector<Run>> of_part(std::max(threads, 1U));
  split_work(threads, std::uint64_t{dims[2]} * dims[1],
             [&](std::uint64_t first, std::uint64_t last, std::uint64_t part) {
               for (std::uint64_t row = first; row < last; ++row) {
                 put_row(static_cast<std::uint32_t>(row % dims[1]),
                         static_cast<std::uint32_t>(row / dims[1]), solver, of_part[part]);
               }
             });
  std::vector<Run> out;
  for (const std::vector<Run>& runs : of_part) out.insert(out.end(), runs.begin(), runs.end());
  return out;
}

}  // namespace consilium::seed_growth
