#include "analysis/seed_growth/level_solver.hpp"

#include <algorithm>

#include "analysis/parallel/parallel.hpp"
#include "base/check.hpp"

namespace consilium::seed_growth {
namespace {

// What an update remembers of a voxel.
constexpr std::uint8_t is_touched = 1;     // stands in touched_
constexpr std::uint8_t is_improved = 2;    // holds an offer of a settled voxel, not yet passed on
constexpr std::uint8_t is_doubted = 4;     // what it holds may not be offered any more
constexpr std::uint8_t is_emptied = 8;     // all that it once held was taken back
constexpr std::uint8_t is_called_on = 16;  // a neighbour was emptied that has not heard of it

}  // namespace

// What sources offer to the free voxels beside them.
std::vector<LevelSolver::Changed> LevelSolver::first_offers(const Model& model,
                                                            std::span<const Run> runs) const {
  std::vector<Changed> out;
  for (const Run& run : runs) {
    for (std::uint32_t voxel = run.first; voxel < run.first + run.count; ++voxel) {
      if (cost_[voxel] == 0) continue;
      const Offer of_source = offer_below(model, voxel, 1);
      if (of_source.cost != unreached) out.push_back({voxel, of_source});
    }
  }
  return out;
}

// Dial's algorithm on the voxels that are `inside`.
template <class Inside>
void LevelSolver::grow(const Model& model, std::span<const Changed> first, const Inside& inside) {
  const auto neighbours = std::span(grid_.grid.neighbours());
  const std::uint8_t* bins = grid_.bins.data();
  const std::uint8_t* seen = grid_.seen();
  std::uint32_t* costs = cost_.data();
  std::uint8_t* labels = label_.data();
  const std::uint16_t* levels = model.level.data();
  BucketQueue queue;
  for (const Changed& one : first) {
    costs[one.voxel] = one.value.cost;
    labels[one.voxel] = one.value.label;
    queue.push(one.value.cost, one.voxel);
  }
  queue.drain([&](std::uint32_t cost, std::uint32_t voxel) {
    if (costs[voxel] != cost) return;  // a lower cost was found since
    const std::uint8_t label = labels[voxel];
    const std::uint16_t* of_label = model.cost[label].data();
    const std::uint8_t bin = bins[voxel];
    for (const Neighbour& n : neighbours) {
      const auto to = static_cast<std::uint32_t>(voxel + n.step);
      if (!inside(to) || costs[to] <= cost) continue;
      const std::uint64_t offered =
          std::uint64_t{cost} + step_cost(of_label[seen[to]], levels, n.length, bin, bins[to]);
      if (offered < costs[to]) {
        costs[to] = static_cast<std::uint32_t>(offered);
        labels[to] = label;
        queue.push(costs[to], to);
      } else if (offered == costs[to] && label < labels[to]) {
        labels[to] = label;  // it waits in the queue at this cost already
      }
    }
  });
}

void LevelSolver::solve(const Model& model, std::span<const Run> free_runs, unsigned threads) {
  constexpr std::size_t runs_per_thread_min = 4'096;
  const std::size_t parts =
      std::clamp<std::size_t>(free_runs.size() / runs_per_thread_min, 1, std::max(threads, 1U));
  if (parts == 1) {
    grow(model, first_offers(model, free_runs), [](std::uint32_t) { return true; });
    return;
  }
  // Parts are cut between runs; a part's voxels are those from its first run to the next part's.
  std::vector<std::uint32_t> begins(parts + 1);
  begins[0] = 0;
  for (std::size_t part = 1; part < parts; ++part) {
    begins[part] = free_runs[free_runs.size() * part / parts].first;
  }
  begins[parts] = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::vector<Changed>> first(parts);
  run_parts(parts, [&](std::size_t part) {
    const std::size_t begin = free_runs.size() * part / parts;
    const std::size_t end = free_runs.size() * (part + 1) / parts;
    first[part] = first_offers(model, free_runs.subspan(begin, end - begin));
  });
  run_parts(parts, [&](std::size_t part) {
    const std::uint32_t begin = begins[part];
    const std::uint32_t width = begins[part + 1] - begin;
    grow(model, first[part], [begin, width](std::uint32_t voxel) { return voxel - begin < width; });
  });
  mend_cuts(model, free_runs, begins);
}

// What a part could not offer the others is offered now.
void LevelSolver::mend_cuts(const Model& model, std::span<const Run> free_runs,
                            std::span<const std::uint32_t> begins) {
  const std::uint32_t reach = grid_.grid.reach();
  for (std::size_t part = 1; part + 1 < begins.size(); ++part) {
    const std::uint32_t cut = begins[part];
    const std::uint32_t low = cut > reach ? cut - reach : 0;
    const auto begin = std::ranges::lower_bound(
        free_runs, low, {}, [](const Run& run) { return run.first + run.count; });
    for (auto run = begin; run != free_runs.end() && run->first < cut + reach; ++run) {
      for (std::uint32_t v = run->first; v < run->first + run->count; ++v) {
        if (cost_[v] == 0) continue;
        if (cost_[v] != unreached) call_on(v);
      }
    }
  }
  queue_.drain([&](std::uint32_t cost, std::uint32_t voxel) { examine(model, cost, voxel); });
  static_cast<void>(take_touched());
}

// The least that neighbours of a cost below the limit offer.
LevelSolver::Offer LevelSolver::offer_below(const Model& model, std::uint32_t voxel,
                                            std::uint32_t limit) const {
  const std::uint8_t* bins = grid_.bins.data();
  const std::uint8_t seen = grid_.seen()[voxel];
  const std::uint8_t bin = bins[voxel];
  Offer out;
  for (const Neighbour& n : grid_.grid.neighbours()) {
    const auto from = static_cast<std::uint32_t>(voxel + n.step);
    const std::uint32_t held = cost_[from];
    const std::uint8_t label = label_[from];
    if (held >= limit || label == unlabelled) continue;
    const std::uint64_t cost =
        std::uint64_t{held} +
        step_cost(model.cost[label][seen], model.level.data(), n.length, bins[from], bin);
    if (cost >= unreached) continue;
    out = std::min(out, Offer{static_cast<std::uint32_t>(cost), label});
  }
  return out;
}

inline std::uint8_t& LevelSolver::note(std::uint32_t voxel) {
  std::uint8_t& notes = notes_[voxel];
  if ((notes & is_touched) == 0) {
    touched_.push_back({voxel, label_[voxel]});
    notes |= is_touched;
  }
  return notes;
}

inline void LevelSolver::set(std::uint32_t voxel, const Offer& value) {
  if (label_[voxel] != value.label) note(voxel);
  if (cost_[voxel] != value.cost) cost_[voxel] = value.cost;
  label_[voxel] = value.label;
}

// What the voxel holds is looked at again when the sweep comes to it. An offer of a settled voxel
// is beyond doubt.
void LevelSolver::doubt(std::uint32_t voxel) {
  if ((notes_[voxel] & (is_improved | is_doubted)) != 0) return;
  note(voxel) |= is_doubted;
  queue_.push(cost_[voxel], voxel);
}

// The voxel makes its offers when the sweep comes to it, should it then still hold what it holds.
void LevelSolver::call_on(std::uint32_t voxel) {
  if ((notes_[voxel] & (is_improved | is_called_on)) != 0) return;
  note(voxel) |= is_called_on;
  queue_.push(cost_[voxel], voxel);
}

// Of a voxel that was emptied when all costs below `limit` had settled: it takes the least of what
// those offer, and the others are to tell it.
void LevelSolver::refill(const Model& model, std::uint32_t voxel, const Offer& settled,
                         std::uint32_t limit) {
  for (const Neighbour& n : grid_.grid.neighbours()) {
    const auto from = static_cast<std::uint32_t>(voxel + n.step);
    if (cost_[from] >= limit && cost_[from] != unreached) call_on(from);
  }
  if (settled.cost != unreached) improve(model, voxel, settled);
}

// After a voxel has lost `before`: those that may have held theirs by it are looked at again when
// the sweep comes to their cost.
void LevelSolver::examine_dependents(const Model& model, std::uint32_t voxel, const Offer& before) {
  if (before.cost == unreached || before.label == unlabelled) return;
  const std::uint16_t* of_label = model.cost[before.label].data();
  const std::uint8_t* bins = grid_.bins.data();
  const std::uint8_t* seen = grid_.seen();
  const std::uint8_t bin = bins[voxel];
  for (const Neighbour& n : grid_.grid.neighbours()) {
    const auto to = static_cast<std::uint32_t>(voxel + n.step);
    const std::uint32_t held = cost_[to];
    if (held <= before.cost || held == unreached || label_[to] != before.label) continue;
    const std::uint32_t step =
        step_cost(of_label[seen[to]], model.level.data(), n.length, bin, bins[to]);
    if (held - before.cost == step) doubt(to);
  }
}

// A voxel that holds `held` is about to get `now`, which is better. What held by it holds less by
// the new value where the label is the same; else it is looked at again.
void LevelSolver::give_up(const Model& model, std::uint32_t voxel, const Offer& held,
                          const Offer& now) {
  if ((notes_[voxel] & is_emptied) != 0) return;  // they were told then
  if ((notes_[voxel] & is_improved) == 0) {
    examine_dependents(model, voxel, held);
    return;
  }
  // At what cost it held this label before the update is not known any more.
  for (const Neighbour& n : grid_.grid.neighbours()) {
    const auto to = static_cast<std::uint32_t>(voxel + n.step);
    if (label_[to] == held.label && cost_[to] > now.cost && cost_[to] != unreached) doubt(to);
  }
}

inline void LevelSolver::improve(const Model& model, std::uint32_t voxel, const Offer& now) {
  const Offer held{cost_[voxel], label_[voxel]};
  if (held.cost != unreached && held.label != now.label) give_up(model, voxel, held, now);
  std::uint8_t& notes = note(voxel);
  notes = static_cast<std::uint8_t>((notes | is_improved) & ~is_doubted);
  cost_[voxel] = now.cost;
  label_[voxel] = now.label;
  queue_.push(now.cost, voxel);
}

// Of a voxel that is as it will be: what it offers is taken at once by those that hold more.
void LevelSolver::make_offers(const Model& model, std::uint32_t voxel) {
  const std::uint8_t label = label_[voxel];
  if (label == unlabelled) return;
  const std::uint32_t cost = cost_[voxel];
  const std::uint16_t* of_label = model.cost[label].data();
  const std::uint8_t* bins = grid_.bins.data();
  const std::uint8_t* seen = grid_.seen();
  const std::uint8_t bin = bins[voxel];
  for (const Neighbour& n : grid_.grid.neighbours()) {
    const auto to = static_cast<std::uint32_t>(voxel + n.step);
    const std::uint32_t held = cost_[to];
    if (held <= cost) continue;
    const std::uint64_t offered =
        std::uint64_t{cost} +
        step_cost(of_label[seen[to]], model.level.data(), n.length, bin, bins[to]);
    if (offered > held || offered >= unreached) continue;
    if (offered < held || label < label_[to]) {
      improve(model, to, {static_cast<std::uint32_t>(offered), label});
    }
  }
}

// The sweep goes up in cost. When it stands at `cost`, all voxels below it are as they will be, and
// every voxel has heard the best of what they offer; so one that holds an offer of theirs is as it
// will be. One in doubt is asked whether any of them still offers what it holds. If none does it is
// emptied, those that may hold theirs by it come into doubt, and it is filled anew.
void LevelSolver::examine(const Model& model, std::uint32_t cost, std::uint32_t voxel) {
  if (cost_[voxel] != cost) return;  // it got a lower one since, or was emptied
  const Offer held{cost, label_[voxel]};
  std::uint8_t& notes = notes_[voxel];
  const std::uint8_t noted = notes;
  notes &= static_cast<std::uint8_t>(~(is_improved | is_doubted | is_called_on));
  if ((noted & is_doubted) != 0) {
    const Offer settled = offer_below(model, voxel, cost);
    CSL_CHECK(settled.cost >= cost);
    if (settled != held) {
      examine_dependents(model, voxel, held);
      note(voxel) |= is_emptied;
      set(voxel, {});
      refill(model, voxel, settled, cost);
      return;
    }
  }
  if ((noted & (is_improved | is_called_on)) != 0) make_offers(model, voxel);
}

void LevelSolver::change(std::uint32_t voxel, Condition condition) {
  const bool was_free = cost_[voxel] != 0;
  if (was_free && condition.is_free) return;
  if (!was_free && !condition.is_free && label_[voxel] == condition.label) return;
  changed_.push_back({voxel, {cost_[voxel], label_[voxel]}});
  if (condition.is_free) note(voxel) |= is_emptied;
  set(voxel, condition.is_free ? Offer{} : Offer{0, condition.label});
}

void LevelSolver::change_amid_sources(std::uint32_t voxel, std::uint8_t label) {
  set(voxel, {0, label});
}

// The sources that are free now, when all other changes are in, solved among themselves as if
// nothing else were free: by threads, each for a part of them. Then what they hold is as good as
// what the others hold, and each side is to tell the other.
void LevelSolver::solve_freed(const Model& model, std::span<const Changed> freed,
                              unsigned threads) {
  if (freed.empty()) return;
  constexpr std::size_t freed_per_thread_min = 2'000;
  const std::size_t parts =
      std::clamp<std::size_t>(freed.size() / freed_per_thread_min, 1, std::max(threads, 1U));
  std::vector<std::uint32_t> begins(parts + 1);
  begins[parts] = std::numeric_limits<std::uint32_t>::max();
  for (std::size_t part = 1; part < parts; ++part) {
    begins[part] = std::max(freed[freed.size() * part / parts].voxel, begins[part - 1]);
  }
  std::vector<std::vector<Changed>> first(parts);
  run_parts(parts, [&](std::size_t part) {
    const std::uint32_t width = begins[part + 1] - begins[part];
    for (const Changed& one : freed) {
      if (one.voxel - begins[part] >= width) continue;
      const Offer of_source = offer_below(model, one.voxel, 1);
      if (of_source.cost != unreached) first[part].push_back({one.voxel, of_source});
    }
  });
  run_parts(parts, [&](std::size_t part) {
    const std::uint32_t begin = begins[part];
    const std::uint32_t width = begins[part + 1] - begin;
    grow(model, first[part], [this, begin, width](std::uint32_t voxel) {
      return voxel - begin < width && (notes_[voxel] & is_emptied) != 0;
    });
  });
  const std::uint32_t reach = grid_.grid.reach();
  for (const Changed& one : freed) {
    const bool is_near_cut = std::any_of(
        begins.begin() + 1, begins.end() - 1,
        [&](std::uint32_t cut) { return one.voxel + reach >= cut && one.voxel <= cut + reach; });
    join_freed(model, one.voxel, one.value.label, is_near_cut);
  }
  for (const Changed& one : freed) {
    notes_[one.voxel] &= static_cast<std::uint8_t>(~is_emptied);
  }
}

// `is_beside_others`: of another thread, at least.
void LevelSolver::join_freed(const Model& model, std::uint32_t voxel, std::uint8_t label_before,
                             bool is_beside_others) {
  const std::uint8_t* bins = grid_.bins.data();
  const std::uint8_t* seen = grid_.seen();
  for (const Neighbour& n : grid_.grid.neighbours()) {
    const auto at = static_cast<std::uint32_t>(voxel + n.step);
    const std::uint32_t held = cost_[at];
    if (held == unreached || held == 0 || (notes_[at] & is_emptied) != 0) continue;
    const std::uint8_t label = label_[at];
    if (label == label_before && label != unlabelled &&
        held == step_cost(model.cost[label][seen[at]], model.level.data(), n.length, bins[voxel],
                          bins[at])) {
      doubt(at);
    }
    call_on(at);
    is_beside_others = true;
  }
  if (is_beside_others && cost_[voxel] != unreached) call_on(voxel);
}

std::vector<Touched> LevelSolver::update(const Model& model, unsigned threads) {
  std::vector<Changed> changes = std::exchange(changed_, {});
  const auto sources = std::stable_partition(
      changes.begin(), changes.end(), [&](const Changed& one) { return cost_[one.voxel] != 0; });
  solve_freed(model, std::span(changes.begin(), sources), threads);
  for (const Changed& change : std::span(sources, changes.end())) {
    if (label_[change.voxel] != change.value.label) {
      examine_dependents(model, change.voxel, change.value);
    }
    make_offers(model, change.voxel);
  }
  queue_.drain([&](std::uint32_t cost, std::uint32_t voxel) { examine(model, cost, voxel); });
  return take_touched();
}

std::vector<Touched> LevelSolver::take_touched() {
  std::vector<Touched> out = std::exchange(touched_, {});
  for (const Touched& one : out) notes_[one.voxel] = 0;
  std::erase_if(out, [&](const Touched& one) { return label_[one.voxel] == one.before; });
  return out;
}

}  // namespace consilium::seed_growth
