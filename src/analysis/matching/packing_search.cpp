#include "analysis/matching/packing_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <tuple>

namespace consilium::packing {
namespace {

constexpr int subgradient_steps = 150;
constexpr int descent_passes = 6;
constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

// Which of the coming units are taken: bit 0 is the next unit.
template <std::size_t Words>
struct Taken {
  std::array<std::uint64_t, Words> words{};

  [[nodiscard]] bool has(std::uint32_t bit) const {
    return ((words[bit / 64] >> (bit % 64)) & 1U) != 0;
  }
  void take(std::uint32_t bit) { words[bit / 64] |= std::uint64_t{1} << (bit % 64); }
  [[nodiscard]] Taken shifted() const {
    Taken result;
    for (std::size_t w = 0; w < Words; ++w) {
      result.words[w] = words[w] >> 1U;
      if (w + 1 < Words) result.words[w] |= words[w + 1] << 63U;
    }
    return result;
  }
  friend auto operator<=>(const Taken&, const Taken&) = default;
};

template <std::size_t Words>
struct State {
  Taken<Words> taken;
  std::int64_t loss = 0;
  std::uint32_t parent = none;  // in the step before
  std::uint32_t group = none;   // chosen at the step before; none: its unit stayed alone
};

struct Trace {
  std::uint32_t parent = none;
  std::uint32_t group = none;
};

// Keeps the least loss of each state, and of all states the best `width`.
template <std::size_t Words>
bool reduce(std::vector<State<Words>>& states, std::size_t width) {
  std::ranges::sort(states, [](const State<Words>& a, const State<Words>& b) {
    return std::tie(a.taken, a.loss, a.group, a.parent) <
           std::tie(b.taken, b.loss, b.group, b.parent);
  });
  const auto same = [](const State<Words>& a, const State<Words>& b) { return a.taken == b.taken; };
  states.erase(std::unique(states.begin(), states.end(), same), states.end());
  if (states.size() <= width) return true;
  const auto by_loss = [](const State<Words>& a, const State<Words>& b) {
    return std::tie(a.loss, a.taken) < std::tie(b.loss, b.taken);
  };
  std::nth_element(states.begin(), states.begin() + static_cast<std::ptrdiff_t>(width),
                   states.end(), by_loss);
  states.resize(width);
  return false;
}

template <std::size_t Words>
Found search_in(const Part& part, std::int64_t budget, std::size_t width) {
  Found found{.groups = {}, .loss = 0, .complete = true, .any = false};
  std::vector<State<Words>> states(1);
  std::vector<State<Words>> next;
  std::vector<std::vector<Trace>> traces;
  for (std::uint32_t u = 0; u < part.unit_count; ++u) {
    next.clear();
    for (std::uint32_t s = 0; s < states.size(); ++s) {
      const State<Words>& state = states[s];
      if (state.taken.has(0)) {
        next.push_back({state.taken.shifted(), state.loss, s, none});
        continue;
      }
      if (state.loss + part.price[u] < budget) {
        next.push_back({state.taken.shifted(), state.loss + part.price[u], s, none});
      }
      for (const std::uint32_t g : part.starts[u]) {
        const PartGroup& group = part.groups[g];
        if (state.loss + group.loss >= budget) continue;
        Taken<Words> taken = state.taken;
        const bool is_free = std::ranges::none_of(
            group.members, [&](std::uint32_t v) { return state.taken.has(v - u); });
        if (!is_free) continue;
        for (const std::uint32_t v : group.members) taken.take(v - u);
        next.push_back({taken.shifted(), state.loss + group.loss, s, g});
      }
    }
    found.complete = reduce(next, width) && found.complete;
    std::swap(states, next);
    if (states.empty()) return found;
    auto& trace = traces.emplace_back();
    trace.reserve(states.size());
    for (const State<Words>& state : states) trace.push_back({state.parent, state.group});
  }
  found.any = true;
  found.loss = states.front().loss;  // no unit is left, so there is one state
  std::uint32_t at = 0;
  for (std::size_t step = traces.size(); step-- > 0;) {
    const Trace& trace = traces[step][at];
    if (trace.group != none) found.groups.push_back(trace.group);
    at = trace.parent;
  }
  return found;
}

// The best saving, at the prices, of the groups that begin at each unit; `best[u]` is none where
// no group pays.
double relaxed(const Part& part, const std::vector<double>& price,
               std::vector<std::uint32_t>& best) {
  double bound = 0.0;
  for (std::uint32_t u = 0; u < part.unit_count; ++u) {
    bound += price[u];
    best[u] = none;
    double gain = 0.0;
    for (const std::uint32_t g : part.starts[u]) {
      auto saving = static_cast<double>(part.groups[g].saving);
      for (const std::uint32_t v : part.groups[g].members) saving -= price[v];
      if (saving > gain) {
        gain = saving;
        best[u] = g;
      }
    }
    bound += gain;
  }
  return bound;
}

// The packing that takes groups by falling saving per unit, as a measure for the steps.
double greedy_saving(const Part& part) {
  std::vector<std::uint32_t> order(part.groups.size());
  for (std::uint32_t g = 0; g < order.size(); ++g) order[g] = g;
  const auto per_unit = [&](std::uint32_t g) {
    return static_cast<double>(part.groups[g].saving) /
           static_cast<double>(part.groups[g].members.size());
  };
  std::ranges::stable_sort(
      order, [&](std::uint32_t a, std::uint32_t b) { return per_unit(a) > per_unit(b); });
  std::vector<std::uint8_t> taken(part.unit_count, 0);
  double saving = 0.0;
  for (const std::uint32_t g : order) {
    const auto& members = part.groups[g].members;
    if (std::ranges::any_of(members, [&](std::uint32_t v) { return taken[v] != 0; })) continue;
    for (const std::uint32_t v : members) taken[v] = 1;
    saving += static_cast<double>(part.groups[g].saving);
  }
  return saving;
}

std::vector<double> subgradient(const Part& part) {
  std::vector<double> price(part.unit_count, 0.0);
  for (const PartGroup& group : part.groups) {
    const double share =
        static_cast<double>(group.saving) / static_cast<double>(group.members.size());
    for (const std::uint32_t v : group.members) price[v] = std::max(price[v], share);
  }
  std::vector<double> best_price = price;
  std::vector<std::uint32_t> chosen(part.unit_count);
  std::vector<int> slope(part.unit_count);
  double best_bound = std::numeric_limits<double>::max();
  double factor = 1.0;
  int since_better = 0;
  const double target = greedy_saving(part);
  for (int step = 0; step < subgradient_steps; ++step) {
    const double bound = relaxed(part, price, chosen);
    if (bound < best_bound) {
      best_bound = bound;
      best_price = price;
      since_better = 0;
    } else if (++since_better >= 8) {
      factor /= 2.0;
      since_better = 0;
    }
    std::ranges::fill(slope, 1);
    for (const std::uint32_t g : chosen) {
      if (g == none) continue;
      for (const std::uint32_t v : part.groups[g].members) --slope[v];
    }
    double norm = 0.0;
    for (std::uint32_t u = 0; u < part.unit_count; ++u) {
      if (slope[u] > 0 && price[u] <= 0.0) slope[u] = 0;
      norm += static_cast<double>(slope[u]) * slope[u];
    }
    if (norm == 0.0 || bound - target < 0.5) break;
    const double length = factor * (bound - target) / norm;
    for (std::uint32_t u = 0; u < part.unit_count; ++u) {
      price[u] = std::max(0.0, price[u] - length * slope[u]);
    }
  }
  return best_price;
}

}  // namespace

std::uint32_t reach_of(const Part& part) {
  std::uint32_t reach = 0;
  for (const PartGroup& group : part.groups) {
    reach = std::max(reach, group.members.back() - group.members.front());
  }
  return reach;
}

void set_prices(Part& part) {
  const std::vector<double> rough = subgradient(part);
  part.price.assign(part.unit_count, 0);
  for (std::uint32_t u = 0; u < part.unit_count; ++u) part.price[u] = std::llround(rough[u]);
  std::vector<std::vector<std::uint32_t>> groups_of(part.unit_count);
  for (std::uint32_t g = 0; g < part.groups.size(); ++g) {
    PartGroup& group = part.groups[g];
    group.loss = -group.saving;
    for (const std::uint32_t v : group.members) {
      groups_of[v].push_back(g);
      group.loss += part.price[v];
    }
  }
  const auto raise = [&](std::uint32_t u, std::int64_t by) {
    part.price[u] += by;
    for (const std::uint32_t g : groups_of[u]) part.groups[g].loss += by;
  };
  // What a unit's own groups lack is laid on that unit: the Lagrangian bound is then the sum.
  for (std::uint32_t u = 0; u < part.unit_count; ++u) {
    std::int64_t lack = 0;
    for (const std::uint32_t g : part.starts[u]) lack = std::max(lack, -part.groups[g].loss);
    if (lack > 0) raise(u, lack);
  }
  for (int pass = 0; pass < descent_passes; ++pass) {
    for (std::uint32_t i = 0; i < part.unit_count; ++i) {
      const std::uint32_t u = pass % 2 == 0 ? i : part.unit_count - 1 - i;
      std::int64_t spare = part.price[u];
      for (const std::uint32_t g : groups_of[u]) spare = std::min(spare, part.groups[g].loss);
      if (spare > 0) raise(u, -spare);
    }
  }
}

Found search(const Part& part, std::int64_t budget, std::size_t width) {
  return reach_of(part) < 64 ? search_in<1>(part, budget, width)
                             : search_in<4>(part, budget, width);
}

}  // namespace consilium::packing
