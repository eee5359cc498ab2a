#include "analysis/matching/packing_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
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
  [[nodiscard]] bool meets(const Taken& other) const {
    bool any = false;
    for (std::size_t w = 0; w < Words; ++w) any = any || (words[w] & other.words[w]) != 0;
    return any;
  }
  [[nodiscard]] Taken joined(const Taken& other) const {
    Taken result;
    for (std::size_t w = 0; w < Words; ++w) result.words[w] = words[w] | other.words[w];
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

// A group as a search step sees it.
template <std::size_t Words>
struct Choice {
  std::int64_t loss = 0;
  std::uint32_t group = none;
  Taken<Words> units;
};

// The groups of lowest member u that the budget allows, by rising loss.
template <std::size_t Words>
void choices_of(const Part& part, std::uint32_t u, std::int64_t budget,
                std::vector<Choice<Words>>& choices) {
  choices.clear();
  for (std::uint32_t g = part.start[u]; g < part.start[u + 1]; ++g) {
    if (part.loss[g] >= budget) continue;
    Choice<Words>& choice = choices.emplace_back();
    choice.loss = part.loss[g];
    choice.group = g;
    for (const std::uint32_t v : part.members_of(g)) choice.units.take(v - u);
  }
  std::ranges::sort(choices, [](const Choice<Words>& a, const Choice<Words>& b) {
    return std::tie(a.loss, a.group) < std::tie(b.loss, b.group);
  });
}

template <std::size_t Words>
Found search_in(const Part& part, std::int64_t budget, std::size_t width) {
  Found found{.groups = {}, .loss = 0, .complete = true, .any = false};
  std::vector<State<Words>> states(1);
  std::vector<State<Words>> next;
  std::vector<Choice<Words>> choices;
  std::vector<std::vector<Trace>> traces;
  for (std::uint32_t u = 0; u < part.unit_count; ++u) {
    choices_of(part, u, budget, choices);
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
      for (const Choice<Words>& choice : choices) {
        const std::int64_t loss = state.loss + choice.loss;
        if (loss >= budget) break;
        if (state.taken.meets(choice.units)) continue;
        next.push_back({state.taken.joined(choice.units).shifted(), loss, s, choice.group});
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
    for (std::uint32_t g = part.start[u]; g < part.start[u + 1]; ++g) {
      auto saving = static_cast<double>(part.saving[g]);
      for (const std::uint32_t v : part.members_of(g)) saving -= price[v];
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
  std::vector<double> per_unit;
  for (std::uint32_t g = 0; g < part.group_count(); ++g) {
    per_unit.push_back(static_cast<double>(part.saving[g]) /
                       static_cast<double>(part.members_of(g).size()));
  }
  std::vector<std::uint32_t> order(part.group_count());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(
      order, [&](std::uint32_t a, std::uint32_t b) { return per_unit[a] > per_unit[b]; });
  std::vector<std::uint8_t> taken(part.unit_count, 0);
  double saving = 0.0;
  for (const std::uint32_t g : take_in_order(part, order, taken)) {
    saving += static_cast<double>(part.saving[g]);
  }
  return saving;
}

std::vector<double> subgradient(const Part& part) {
  std::vector<double> price(part.unit_count, 0.0);
  for (std::uint32_t g = 0; g < part.group_count(); ++g) {
    const auto members = part.members_of(g);
    const double share = static_cast<double>(part.saving[g]) / static_cast<double>(members.size());
    for (const std::uint32_t v : members) price[v] = std::max(price[v], share);
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
      for (const std::uint32_t v : part.members_of(g)) --slope[v];
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

std::vector<std::uint32_t> take_in_order(const Part& part, std::span<const std::uint32_t> order,
                                         std::vector<std::uint8_t>& taken) {
  std::vector<std::uint32_t> chosen;
  for (const std::uint32_t g : order) {
    const auto members = part.members_of(g);
    if (std::ranges::any_of(members, [&](std::uint32_t v) { return taken[v] != 0; })) continue;
    for (const std::uint32_t v : members) taken[v] = 1;
    chosen.push_back(g);
  }
  return chosen;
}

std::uint32_t reach_of(const Part& part) {
  std::uint32_t reach = 0;
  for (std::uint32_t g = 0; g < part.group_count(); ++g) {
    reach = std::max(reach, part.members_of(g).back() - part.members_of(g).front());
  }
  return reach;
}

void set_prices(Part& part) {
  const std::vector<double> rough = subgradient(part);
  part.price.assign(part.unit_count, 0);
  for (std::uint32_t u = 0; u < part.unit_count; ++u) part.price[u] = std::llround(rough[u]);
  std::vector<std::vector<std::uint32_t>> groups_of(part.unit_count);
  part.loss.assign(part.group_count(), 0);
  for (std::uint32_t g = 0; g < part.group_count(); ++g) {
    part.loss[g] = -part.saving[g];
    for (const std::uint32_t v : part.members_of(g)) {
      groups_of[v].push_back(g);
      part.loss[g] += part.price[v];
    }
  }
  const auto raise = [&](std::uint32_t u, std::int64_t by) {
    part.price[u] += by;
    for (const std::uint32_t g : groups_of[u]) part.loss[g] += by;
  };
  // What a unit's own groups lack is laid on that unit: the Lagrangian bound is then the sum.
  for (std::uint32_t u = 0; u < part.unit_count; ++u) {
    std::int64_t lack = 0;
    for (std::uint32_t g = part.start[u]; g < part.start[u + 1]; ++g) {
      lack = std::max(lack, -part.loss[g]);
    }
    if (lack > 0) raise(u, lack);
  }
  for (int pass = 0; pass < descent_passes; ++pass) {
    for (std::uint32_t i = 0; i < part.unit_count; ++i) {
      const std::uint32_t u = pass % 2 == 0 ? i : part.unit_count - 1 - i;
      std::int64_t spare = part.price[u];
      for (const std::uint32_t g : groups_of[u]) spare = std::min(spare, part.loss[g]);
      if (spare > 0) raise(u, -spare);
    }
  }
}

Found search(const Part& part, std::int64_t budget, std::size_t width) {
  return reach_of(part) < 64 ? search_in<1>(part, budget, width)
                             : search_in<4>(part, budget, width);
}

}  // namespace consilium::packing
