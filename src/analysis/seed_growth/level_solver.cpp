#include "analysis/seed_growth/level_solver.hpp"

#include <algorithm>

#include "analysis/parallel/parallel.hpp"
#include "base/check.hpp"

namespace consilium::seed_growth {

// What sources offer to the free voxels beside them.
std::vector<LevelSolver::Changed> LevelSolver::first_offers(const Model& model,
                                                            std::span<const Run> runs) const {
  std::vector<Changed> out;
  for (const Run& run : runs) {
    for (std::uint32_t voxel = run.first; voxel < run.first + run.count; ++voxel) {
      if (cost_[voxel] == 0) continue;
      const Offers offers = offers_to(model, voxel, 1);
      if (offers.settled.cost != unreached) out.push_back({voxel, offers.settled});
    }
  }
  return out;
}

// Dial's algorithm on the voxels that are `inside`.
template <class Inside>
void LevelSolver::grow(const Model& model, std::span<const Changed> first, const Inside& inside) {
  const auto neighbours = std::span(grid_.grid.neighbours());
  const std::uint8_t* bins = grid_.bins.data();
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
          std::uint64_t{cost} + step_cost(of_label, levels, n.length, bin, bins[to]);
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
  std::uint32_t reach = 0;
  for (const Neighbour& n : grid_.grid.neighbours()) {
    reach = std::max(reach, static_cast<std::uint32_t>(std::abs(n.step)));
  }
  for (std::size_t part = 1; part + 1 < begins.size(); ++part) {
    const std::uint32_t cut = begins[part];
    const std::uint32_t low = cut > reach ? cut - reach : 0;
    const auto begin = std::ranges::lower_bound(
        free_runs, low, {}, [](const Run& run) { return run.first + run.count; });
    for (auto run = begin; run != free_runs.end() && run->first < cut + reach; ++run) {
      for (std::uint32_t v = run->first; v < run->first + run->count; ++v) {
        if (cost_[v] == 0) continue;
        const Offers offers = offers_to(model, v, 0);
        if (offers.any < Offer{cost_[v], label_[v]}) queue_.push(offers.any.cost, v);
      }
    }
  }
  queue_.drain([&](std::uint32_t cost, std::uint32_t voxel) { examine(model, cost, voxel); });
  touched_.clear();
}

LevelSolver::Offer LevelSolver::offer(const Model& model, std::uint32_t from, std::uint32_t to,
                                      std::uint32_t length) const {
  const std::uint8_t label = label_[from];
  if (label == unlabelled || cost_[from] == unreached) return {};
  const std::uint64_t cost =
      std::uint64_t{cost_[from]} + step_cost(model.cost[label].data(), model.level.data(), length,
                                             grid_.bins[from], grid_.bins[to]);
  if (cost >= unreached) return {};
  return {static_cast<std::uint32_t>(cost), label};
}

LevelSolver::Offers LevelSolver::offers_to(const Model& model, std::uint32_t voxel,
                                           std::uint32_t limit) const {
  Offers out;
  for (const Neighbour& n : grid_.grid.neighbours()) {
    const auto from = static_cast<std::uint32_t>(voxel + n.step);
    const Offer one = offer(model, from, voxel, n.length);
    out.any = std::min(out.any, one);
    if (cost_[from] < limit) out.settled = std::min(out.settled, one);
  }
  return out;
}

void LevelSolver::set(std::uint32_t voxel, const Offer& value) {
  if (label_[voxel] != value.label) touched_.push_back({voxel, label_[voxel]});
  cost_[voxel] = value.cost;
  label_[voxel] = value.label;
}

// After a voxel that held `before` has got another value (or none): those that may have held theirs
// by it are looked at again at their own cost, and those it can better now at what it offers.
void LevelSolver::tell_neighbours(const Model& model, std::uint32_t voxel, const Offer& before) {
  const bool had_label = before.cost != unreached && before.label != unlabelled;
  for (const Neighbour& n : grid_.grid.neighbours()) {
    const auto to = static_cast<std::uint32_t>(voxel + n.step);
    const std::uint32_t held = cost_[to];
    if (held == 0) continue;
    if (had_label && held != unreached && label_[to] == before.label &&
        std::uint64_t{before.cost} + step_cost(model.cost[before.label].data(), model.level.data(),
                                               n.length, grid_.bins[voxel], grid_.bins[to]) ==
            held) {
      queue_.push(held, to);
    }
    const Offer now = offer(model, voxel, to, n.length);
    if (now < Offer{held, label_[to]}) queue_.push(now.cost, to);
  }
}

// The sweep goes up in cost. When it stands at `cost`, all voxels below it are as they will be; so
// what they offer decides whether `voxel` is to hold this cost, and with which label. A voxel that
// holds a cost no longer offered is emptied and waits for the least that is offered, which is
// looked at again when its turn comes, for the neighbour may be emptied first.
void LevelSolver::examine(const Model& model, std::uint32_t cost, std::uint32_t voxel) {
  const Offer held{cost_[voxel], label_[voxel]};
  if (held.cost < cost) return;
  const Offers offers = offers_to(model, voxel, cost);
  CSL_CHECK(offers.settled.cost >= cost);
  if (offers.settled.cost == cost) {
    if (offers.settled == held) return;
    set(voxel, offers.settled);
    tell_neighbours(model, voxel, held);
    return;
  }
  if (held.cost == cost) {
    set(voxel, {});
    tell_neighbours(model, voxel, held);
  }
  // The offer that it was to be examined for has gone, or its own value: the next best one has not
  // announced itself, for it was no news when a better one stood.
  if (offers.any < Offer{cost_[voxel], label_[voxel]}) queue_.push(offers.any.cost, voxel);
}

void LevelSolver::change(std::uint32_t voxel, Condition condition) {
  const bool was_free = cost_[voxel] != 0;
  if (was_free && condition.is_free) return;
  if (!was_free && !condition.is_free && label_[voxel] == condition.label) return;
  changed_.push_back({voxel, {cost_[voxel], label_[voxel]}});
  set(voxel, condition.is_free ? Offer{} : Offer{0, condition.label});
}

std::vector<Touched> LevelSolver::update(const Model& model) {
  for (const Changed& change : changed_) {
    tell_neighbours(model, change.voxel, change.value);
    if (cost_[change.voxel] == 0) continue;
    const Offers offers = offers_to(model, change.voxel, 0);
    if (offers.any.cost != unreached) queue_.push(offers.any.cost, change.voxel);
  }
  changed_.clear();
  queue_.drain([&](std::uint32_t cost, std::uint32_t voxel) { examine(model, cost, voxel); });
  std::ranges::stable_sort(touched_, {}, &Touched::voxel);
  const auto repeats = std::ranges::unique(touched_, {}, &Touched::voxel);
  touched_.erase(repeats.begin(), repeats.end());
  return std::exchange(touched_, {});
}

}  // namespace consilium::seed_growth
