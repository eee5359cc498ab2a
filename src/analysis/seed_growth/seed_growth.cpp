#include "analysis/seed_growth/seed_growth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/parallel/parallel.hpp"
#include "analysis/seed_growth/state.hpp"
#include "domain/image/mask.hpp"

namespace consilium {

using seed_growth::Band;
using seed_growth::Changed;
using seed_growth::closed;
using seed_growth::Condition;
using seed_growth::LabelChanges;
using seed_growth::Level;
using seed_growth::PaddedGrid;
using seed_growth::Run;

namespace {

constexpr double drift_max = 0.15;

// A change of more than one voxel in so many is solved anew: faster than mending, and the same.
constexpr std::size_t mended_share = 16;

void extend(std::optional<VoxelBox>& box, std::uint32_t x, std::uint32_t y, std::uint32_t z) {
  const std::array<std::uint32_t, 3> at{x, y, z};
  if (!box) box = VoxelBox{at, at};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    box->first[axis] = std::min(box->first[axis], at[axis]);
    box->last[axis] = std::max(box->last[axis], at[axis]);
  }
}

void extend(std::optional<VoxelBox>& box, const std::optional<VoxelBox>& by) {
  if (!by) return;
  extend(box, by->first[0], by->first[1], by->first[2]);
  extend(box, by->last[0], by->last[1], by->last[2]);
}

Status check_create(const VolumeView& samples, const Lattice& lattice,
                    const SeedGrowthOptions& options) {
  const std::size_t count = std::visit([](const auto& view) { return view.size(); }, samples);
  CSL_TRY(check_lattice(lattice, count));
  constexpr std::size_t voxels_max = std::size_t{1} << 31U;
  if (count > voxels_max) {
    return fail(ErrorCode::TooLarge, "the volume has more than 2^31 voxels", {},
                "cut out the part of interest, or resample it");
  }
  for (const auto& mask : {options.region, options.locked}) {
    if (!mask.empty() && mask.size() != count) {
      return fail(ErrorCode::InvalidInput, "a region's or lock's length is not the volume's",
                  fmt::format("{} voxels, not {}", mask.size(), count),
                  "give one of the same grid");
    }
  }
  if (const auto& range = options.intensity_range; range && !(range->first <= range->second)) {
    return fail(ErrorCode::InvalidInput, "the intensity range is empty",
                fmt::format("from {:g} to {:g}", range->first, range->second),
                "give the lower value first");
  }
  return {};
}

}  // namespace

SeedGrowth::State::State(seed_growth::BinnedVolume&& binned_volume)
    : binned(std::move(binned_volume)), labels(binned.grids.front().grid.lattice().voxel_count()) {
  for (const auto& grid : binned.grids) levels.push_back(std::make_unique<Level>(grid));
  for (std::size_t level = 0; level + 1 < levels.size(); ++level) {
    levels[level]->band =
        std::make_unique<Band>(levels[level]->grid, levels[level + 1]->grid, levels[level]->seeds,
                               levels[level + 1]->seeds, levels[level + 1]->solver);
  }
}

void SeedGrowth::State::put_seed(std::uint32_t voxel, std::uint8_t label) {
  Level& finest = *levels.front();
  const std::uint8_t before = finest.seeds[voxel];
  if (before == label) return;
  finest.seeds[voxel] = label;
  seeds_changed.push_back(voxel);
  const auto& dims = finest.grid.grid.lattice().dims;
  const std::uint32_t x = voxel % dims[0];
  const std::uint32_t y = voxel / dims[0] % dims[1];
  const std::uint32_t z = voxel / dims[0] / dims[1];
  const std::uint8_t bin = finest.grid.bins[finest.grid.grid.index(x, y, z)];
  if (bin == closed) return;
  if (before != unlabelled) --counts[before][bin];
  if (label == unlabelled) return;
  if (counts[label].empty()) counts[label].resize(seed_growth::bin_count);
  ++counts[label][bin];
}

namespace {

struct Place {
  std::uint32_t x = 0;
  std::uint32_t y = 0;
  std::uint32_t z = 0;
};

Place place_of(std::uint32_t dense, const PaddedGrid& grid) {
  const auto& dims = grid.lattice().dims;
  return {dense % dims[0], dense / dims[0] % dims[1], dense / dims[0] / dims[1]};
}

// The most frequent seed of the finer voxels in a cell, the least label of equals.
std::uint8_t majority_seed(const Level& fine, const Place& cell,
                           const std::array<std::uint32_t, 3>& step) {
  std::array<std::uint8_t, 8> found{};
  std::uint32_t count = 0;
  const auto& dims = fine.grid.grid.lattice().dims;
  for (std::uint32_t z = cell.z * step[2]; z < std::min((cell.z + 1) * step[2], dims[2]); ++z) {
    for (std::uint32_t y = cell.y * step[1]; y < std::min((cell.y + 1) * step[1], dims[1]); ++y) {
      for (std::uint32_t x = cell.x * step[0]; x < std::min((cell.x + 1) * step[0], dims[0]); ++x) {
        const std::uint8_t seed = fine.seeds[fine.grid.grid.dense(x, y, z)];
        if (seed != unlabelled && fine.grid.bins[fine.grid.grid.index(x, y, z)] != closed) {
          found[count++] = seed;
        }
      }
    }
  }
  std::uint8_t best = unlabelled;
  std::ptrdiff_t most = 0;
  const auto end = found.begin() + count;
  for (auto seed = found.begin(); seed != end; ++seed) {
    const std::ptrdiff_t same = std::count(found.begin(), end, *seed);
    if (same > most || (same == most && *seed < best)) {
      most = same;
      best = *seed;
    }
  }
  return best;
}

}  // namespace

std::vector<std::vector<std::uint32_t>> SeedGrowth::State::take_seed_changes() {
  std::vector<std::vector<std::uint32_t>> changed(levels.size());
  const auto sort_unique = [](std::vector<std::uint32_t>& voxels) {
    std::ranges::sort(voxels);
    const auto repeats = std::ranges::unique(voxels);
    voxels.erase(repeats.begin(), repeats.end());
  };
  changed[0] = std::exchange(seeds_changed, {});
  sort_unique(changed[0]);
  for (std::size_t l = 0; l + 1 < levels.size(); ++l) {
    const Level& fine = *levels[l];
    Level& coarse = *levels[l + 1];
    const auto& step = fine.band->step();
    std::vector<std::uint32_t> cells;
    cells.reserve(changed[l].size());
    for (const std::uint32_t voxel : changed[l]) {
      const Place at = place_of(voxel, fine.grid.grid);
      cells.push_back(coarse.grid.grid.dense(at.x / step[0], at.y / step[1], at.z / step[2]));
    }
    sort_unique(cells);
    for (const std::uint32_t cell : cells) {
      const std::uint8_t seed = majority_seed(fine, place_of(cell, coarse.grid.grid), step);
      if (coarse.seeds[cell] == seed) continue;
      coarse.seeds[cell] = seed;
      changed[l + 1].push_back(cell);
    }
  }
  return changed;
}

bool SeedGrowth::State::wants_relearning(ModelUse use) const {
  if (!is_solved || use == ModelUse::Relearn) return true;
  for (std::size_t label = 1; label < counts.size(); ++label) {
    if (model.cost[label].empty() &&
        std::ranges::any_of(counts[label], [](std::uint32_t count) { return count > 0; })) {
      return true;
    }
  }
  return use == ModelUse::Auto &&
         seed_growth::drift(counts, model, seed_growth::learn(counts, binned.table)) > drift_max;
}

namespace {

// The coarsest grid: seeds, and all else free.
Condition coarsest_condition(const Level& level, std::uint32_t dense, std::uint32_t padded) {
  if (level.grid.bins[padded] == closed) return {};
  const std::uint8_t seed = level.seeds[dense];
  return {.is_free = seed == unlabelled, .label = seed};
}

std::vector<Run> put_coarsest(Level& level) {
  const PaddedGrid& grid = level.grid.grid;
  const auto& dims = grid.lattice().dims;
  std::vector<Run> runs;
  for (std::uint32_t z = 0; z < dims[2]; ++z) {
    for (std::uint32_t y = 0; y < dims[1]; ++y) {
      for (std::uint32_t x = 0; x < dims[0]; ++x) {
        const std::uint32_t padded = grid.index(x, y, z);
        level.solver.put(padded, coarsest_condition(level, grid.dense(x, y, z), padded));
      }
      runs.push_back({grid.index(0, y, z), dims[0]});
    }
  }
  return runs;
}

}  // namespace

void SeedGrowth::State::solve_level(std::size_t l, unsigned threads) {
  Level& level = *levels[l];
  std::vector<Run> runs;
  if (level.band == nullptr) {
    runs = put_coarsest(level);
  } else {
    level.band->mark_all(threads);
    runs = level.band->put_all(level.solver, threads);
  }
  level.solver.solve(model, runs, threads);
}

Changed SeedGrowth::State::solve_all(unsigned threads) {
  for (std::size_t l = levels.size(); l-- > 0;) solve_level(l, threads);
  return take_labels(threads);
}

namespace {

// Solved anew, with the labels that differ from before told.
LabelChanges compared(const Level& level, const std::vector<std::uint8_t>& before) {
  LabelChanges out;
  for (std::size_t voxel = 0; voxel < before.size(); ++voxel) {
    if (before[voxel] != level.solver.labels()[voxel]) {
      out.voxels.push_back(static_cast<std::uint32_t>(voxel));
    }
  }
  out.all = out.voxels.size() > before.size() / mended_share;
  return out;
}

}  // namespace

LabelChanges SeedGrowth::State::update_level(std::size_t l, const LabelChanges& coarser,
                                             std::span<const std::uint32_t> seeds,
                                             unsigned threads) {
  Level& level = *levels[l];
  const PaddedGrid& grid = level.grid.grid;
  const std::size_t mended_max = grid.size() / mended_share;
  const auto anew = [&]() -> LabelChanges {
    // The finest grid's old labels are still in `labels`, which take_labels compares with.
    if (l == 0) {
      solve_level(l, threads);
      return {.all = true, .voxels = {}};
    }
    const std::vector<std::uint8_t> before(level.solver.labels(),
                                           level.solver.labels() + grid.size());
    solve_level(l, threads);
    return compared(level, before);
  };
  if (level.band == nullptr) {
    if (seeds.size() > mended_max) return anew();
    for (const std::uint32_t voxel : seeds) {
      const Place at = place_of(voxel, grid);
      const std::uint32_t padded = grid.index(at.x, at.y, at.z);
      level.solver.change(padded, coarsest_condition(level, voxel, padded));
    }
  } else {
    if (coarser.all) return anew();
    const auto& step = level.band->step();
    std::vector<std::uint32_t> cells = coarser.voxels;
    for (const std::uint32_t voxel : seeds) {
      const Place at = place_of(voxel, grid);
      cells.push_back(level.band->cell_of(at.x, at.y, at.z));
    }
    cells = level.band->mark(std::move(cells));
    if (cells.size() * step[0] * step[1] * step[2] > mended_max) return anew();
    level.band->change(cells, level.solver);
  }
  LabelChanges out;
  for (const seed_growth::Touched& one : level.solver.update(model, threads)) {
    out.voxels.push_back(one.voxel);
  }
  return out;
}

Changed SeedGrowth::State::solve_changes(unsigned threads) {
  const auto seeds = take_seed_changes();
  LabelChanges changes;
  for (std::size_t l = levels.size(); l-- > 0;) {
    changes = update_level(l, changes, seeds[l], threads);
  }
  return changes.all ? take_labels(threads) : take_labels(changes.voxels);
}

std::array<std::uint32_t, 3> SeedGrowth::State::bricks_along() const {
  std::array<std::uint32_t, 3> along = levels.front()->grid.grid.lattice().dims;
  for (std::uint32_t& edge : along) edge = (edge + brick_edge - 1) / brick_edge;
  return along;
}

Changed SeedGrowth::State::take_labels(unsigned threads) {
  const Level& finest = *levels.front();
  const PaddedGrid& grid = finest.grid.grid;
  const auto& dims = grid.lattice().dims;
  const auto along = bricks_along();
  std::vector<std::optional<VoxelBox>> boxes(along[2]);
  Changed out;
  out.bricks.resize(std::size_t{along[0]} * along[1] * along[2]);
  const auto take_row = [&](std::uint32_t y, std::uint32_t z) {
    const std::uint8_t* from = finest.solver.labels() + grid.index(0, y, z);
    std::uint8_t* to = labels.data() + grid.dense(0, y, z);
    std::uint8_t* bricks =
        out.bricks.data() +
        (std::size_t{z / brick_edge} * along[1] + y / brick_edge) * std::size_t{along[0]};
    for (std::uint32_t begin = 0; begin < dims[0]; begin += brick_edge) {
      const std::uint32_t end = std::min(begin + brick_edge, dims[0]);
      if (std::equal(from + begin, from + end, to + begin)) continue;
      bricks[begin / brick_edge] = 1;
      const auto first = std::mismatch(from + begin, from + end, to + begin).first;
      std::uint32_t last = end - 1;
      while (from[last] == to[last]) --last;
      extend(boxes[z / brick_edge], static_cast<std::uint32_t>(first - from), y, z);
      extend(boxes[z / brick_edge], last, y, z);
      std::copy(from + begin, from + end, to + begin);
    }
  };
  // By layers of bricks, so that no two threads write to one brick.
  split_work(threads, along[2], [&](std::uint64_t first, std::uint64_t last, std::uint64_t) {
    const auto end =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(last * brick_edge, dims[2]));
    for (auto z = static_cast<std::uint32_t>(first * brick_edge); z < end; ++z) {
      for (std::uint32_t y = 0; y < dims[1]; ++y) take_row(y, z);
    }
  });
  for (const auto& one : boxes) extend(out.box, one);
  return out;
}

Changed SeedGrowth::State::take_labels(std::span<const std::uint32_t> voxels) {
  const Level& finest = *levels.front();
  const auto along = bricks_along();
  Changed out;
  out.bricks.resize(std::size_t{along[0]} * along[1] * along[2]);
  for (const std::uint32_t voxel : voxels) {
    const auto at = finest.grid.grid.place(voxel);
    labels[finest.grid.grid.dense(at[0], at[1], at[2])] = finest.solver.labels()[voxel];
    extend(out.box, at[0], at[1], at[2]);
    out.bricks[(std::size_t{at[2] / brick_edge} * along[1] + at[1] / brick_edge) * along[0] +
               at[0] / brick_edge] = 1;
  }
  return out;
}

namespace {

SeedUpdate update_of(Changed&& changed, bool is_relearnt) {
  SeedUpdate out{.changed = changed.box, .bricks = {}, .is_relearnt = is_relearnt};
  for (std::uint32_t index = 0; index < changed.bricks.size(); ++index) {
    if (changed.bricks[index] != 0) out.bricks.push_back(index);
  }
  return out;
}

}  // namespace

SeedGrowth::SeedGrowth(std::unique_ptr<State> state) : state_(std::move(state)) {}
SeedGrowth::SeedGrowth(SeedGrowth&&) noexcept = default;
SeedGrowth& SeedGrowth::operator=(SeedGrowth&&) noexcept = default;
SeedGrowth::~SeedGrowth() = default;

Result<SeedGrowth> SeedGrowth::create(const VolumeView& samples, const Lattice& lattice,
                                      const SeedGrowthOptions& options, unsigned threads) {
  CSL_TRY(check_create(samples, lattice, options));
  auto binned = CSL_TRY(seed_growth::bin_volume(samples, lattice, options, threads));
  return SeedGrowth(std::make_unique<State>(std::move(binned)));
}

Status SeedGrowth::set_seeds(std::span<const SeedChange> changes) {
  const std::size_t count = state_->labels.size();
  for (const SeedChange& change : changes) {
    if (change.voxel < count) continue;
    return fail(ErrorCode::InvalidInput, "a seed lies outside the volume",
                fmt::format("voxel {} of {}", change.voxel, count), "give indices of this volume");
  }
  for (const SeedChange& change : changes) state_->put_seed(change.voxel, change.label);
  return {};
}

Status SeedGrowth::set_seeds(std::span<const std::uint8_t> seeds) {
  const auto& present = state_->levels.front()->seeds;
  if (seeds.size() != present.size()) {
    return fail(ErrorCode::InvalidInput, "the seeds' length is not the volume's",
                fmt::format("{} voxels, not {}", seeds.size(), present.size()),
                "give one label a voxel");
  }
  for (std::size_t voxel = 0; voxel < seeds.size(); ++voxel) {
    if (seeds[voxel] != present[voxel]) {
      state_->put_seed(static_cast<std::uint32_t>(voxel), seeds[voxel]);
    }
  }
  return {};
}

Status SeedGrowth::set_likelihood(std::optional<SeedLikelihood> likelihood, unsigned threads) {
  if (likelihood && likelihood->grid().volume_dims != lattice().dims) {
    return fail(ErrorCode::InvalidInput, "the likelihood is of another volume's grid");
  }
  for (seed_growth::BinnedGrid& grid : state_->binned.grids) {
    if (likelihood) {
      seed_growth::lay_looks(*likelihood, grid, threads);
    } else {
      grid.looks.reset();
    }
  }
  state_->likelihood = std::move(likelihood);
  state_->is_solved = false;
  return {};
}

bool SeedGrowth::relearns(ModelUse use) const { return state_->wants_relearning(use); }

SeedUpdate SeedGrowth::update(unsigned threads, ModelUse use) {
  if (!state_->wants_relearning(use)) return update_of(state_->solve_changes(threads), false);
  state_->model = seed_growth::learn(state_->counts, state_->binned.table);
  if (state_->likelihood) seed_growth::weigh_by(*state_->likelihood, state_->model);
  static_cast<void>(state_->take_seed_changes());
  SeedUpdate out = update_of(state_->solve_all(threads), true);
  state_->is_solved = true;
  return out;
}

SeedUpdate SeedGrowth::solve_anew(unsigned threads) {
  if (state_->wants_relearning(ModelUse::Keep)) return update(threads, ModelUse::Keep);
  static_cast<void>(state_->take_seed_changes());
  return update_of(state_->solve_all(threads), false);
}

std::span<const std::uint8_t> SeedGrowth::labels() const { return state_->labels; }
std::span<const std::uint8_t> SeedGrowth::seeds() const { return state_->levels.front()->seeds; }
const Lattice& SeedGrowth::lattice() const { return state_->levels.front()->grid.grid.lattice(); }

double SeedGrowth::model_drift() const {
  if (!state_->is_solved) return 1;
  return seed_growth::drift(state_->counts, state_->model,
                            seed_growth::learn(state_->counts, state_->binned.table));
}

}  // namespace consilium
