#include "analysis/matching/packing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "analysis/matching/disjoint_sets.hpp"
#include "analysis/matching/packing_search.hpp"

namespace consilium {
namespace {

constexpr std::size_t narrow_states = 32;

Status check_groups(std::uint32_t unit_count, const GroupList& groups) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto members = groups.members(g);
    const bool rises = std::ranges::adjacent_find(members, std::greater_equal<>{}) == members.end();
    if (members.size() < 2 || !rises || members.back() >= unit_count || groups.saving(g) < 1 ||
        groups.saving(g) > group_saving_max) {
      return fail(ErrorCode::InvalidInput, "a group's members or its saving are out of range",
                  fmt::format("group {}", g),
                  "give two or more rising units and a saving from 1 to 2^52");
    }
  }
  return {};
}

// Takes groups in order of loss at the prices, for parts whose groups reach too far.
packing::Found take_by_loss(const packing::Part& part) {
  std::vector<std::uint32_t> order(part.group_count());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t g) { return part.loss[g]; });
  std::vector<std::uint8_t> taken(part.unit_count, 0);
  packing::Found found{.groups = packing::take_in_order(part, order, taken),
                       .loss = 0,
                       .complete = false,
                       .any = true};
  for (const std::uint32_t g : found.groups) found.loss += part.loss[g];
  for (std::uint32_t u = 0; u < part.unit_count; ++u) {
    if (taken[u] == 0) found.loss += part.price[u];
  }
  return found;
}

packing::Found solve_part(const packing::Part& part, std::size_t states_max) {
  if (packing::reach_of(part) > packing::reach_max) return take_by_loss(part);
  // What is taken by loss is mostly close to the best: the search then drops all that cannot be
  // better. No packing has a loss below 0.
  packing::Found best = take_by_loss(part);
  best.complete = best.loss == 0;
  if (best.complete) return best;
  packing::Found narrow = packing::search(part, best.loss, std::min(narrow_states, states_max));
  const bool is_proved = narrow.complete;
  if (narrow.any) best = std::move(narrow);
  best.complete = is_proved;
  for (std::size_t width = narrow_states * 64; !best.complete; width *= 64) {
    const packing::Found found = packing::search(part, best.loss, std::min(width, states_max));
    const bool complete = found.complete;
    if (found.any) best = found;
    best.complete = complete;
    if (width >= states_max) break;
  }
  return best;
}

}  // namespace

void GroupList::add(std::span<const std::uint32_t> members, std::int64_t saving) {
  members_.insert(members_.end(), members.begin(), members.end());
  first_.push_back(members_.size());
  savings_.push_back(saving);
}

Result<Packing> pack_groups(std::uint32_t unit_count, const GroupList& groups,
                            std::size_t states_max) {
  CSL_TRY(check_groups(unit_count, groups));
  matching::DisjointSets sets(unit_count);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const std::uint32_t v : groups.members(g)) sets.join(v, groups.members(g).front());
  }
  std::vector<std::uint32_t> number(unit_count, 0);  // of a unit within its part
  std::vector<std::uint32_t> size(unit_count, 0);
  for (std::uint32_t u = 0; u < unit_count; ++u) number[u] = size[sets.root_of(u)]++;
  std::vector<std::uint32_t> order(groups.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t g) {
    const std::uint32_t lowest = groups.members(g).front();
    return std::pair{sets.root_of(lowest), lowest};
  });
  Packing result;
  for (std::size_t o = 0; o < order.size();) {
    const std::size_t begin = o;
    const std::uint32_t root = sets.root_of(groups.members(order[o]).front());
    packing::Part part;
    part.unit_count = size[root];
    part.start.assign(size[root] + std::size_t{1}, 0);
    for (; o < order.size() && sets.root_of(groups.members(order[o]).front()) == root; ++o) {
      for (const std::uint32_t v : groups.members(order[o])) part.members.push_back(number[v]);
      ++part.start[part.members[part.first.back()] + std::size_t{1}];
      part.first.push_back(part.members.size());
      part.saving.push_back(groups.saving(order[o]));
    }
    std::partial_sum(part.start.begin(), part.start.end(), part.start.begin());
    if (part.group_count() == 1) {
      result.groups.push_back(order[begin]);
      result.saving += part.saving.front();
      result.saving_bound += part.saving.front();
      continue;
    }
    packing::set_prices(part);
    const packing::Found found = solve_part(part, states_max);
    const std::int64_t bound =
        std::accumulate(part.price.begin(), part.price.end(), std::int64_t{0});
    for (const std::uint32_t g : found.groups) result.groups.push_back(order[begin + g]);
    result.saving += bound - found.loss;
    result.saving_bound += found.complete ? bound - found.loss : bound;
  }
  std::ranges::sort(result.groups);
  return result;
}

}  // namespace consilium
