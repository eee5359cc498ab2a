// Packing of groups: of many possible groups of units, choose disjoint ones of the greatest saving.
//
// That is what aligning three or more raters comes to: a group holds at most one unit of each
// rater, its saving says how much better it is than its units alone, and each unit stands in at
// most one group. With two raters it is bipartite matching; with three it is NP-hard in general,
// but units lie along an axis and groups are local, so it is solved exactly:
//   1. prices of the units by subgradient steps on the Lagrangian dual, then by coordinate descent.
//      Prices that pay for every group bound the greatest saving from above (weak duality);
//   2. a pass along the units, a state being which of the coming units are taken already. What a
//      state has lost against the bound is known, and it is dropped when that is more than the best
//      packing found so far has lost. Held and Karp's way (Math. Programming 1 (1971) 6-25), with a
//      dynamic programme in the place of their search tree.
// All that decides is in whole numbers, so the result is exact, not to a tolerance.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace consilium {

// Groups of two or more units, one behind the other.
class GroupList {
 public:
  // `members` rise. Errors of wrong use are found by `pack_groups`.
  void add(std::span<const std::uint32_t> members, std::int64_t saving);
  [[nodiscard]] std::size_t size() const { return savings_.size(); }
  [[nodiscard]] std::span<const std::uint32_t> members(std::size_t group) const {
    return std::span(members_).subspan(first_[group], first_[group + 1] - first_[group]);
  }
  [[nodiscard]] std::int64_t saving(std::size_t group) const { return savings_[group]; }

 private:
  std::vector<std::size_t> first_{0};
  std::vector<std::uint32_t> members_;
  std::vector<std::int64_t> savings_;
};

struct Packing {
  std::vector<std::uint32_t> groups;  // chosen, in rising order
  std::int64_t saving = 0;            // of the chosen ones
  std::int64_t saving_bound = 0;      // no packing saves more; equal to `saving` when exact
  friend bool operator==(const Packing&, const Packing&) = default;
};

inline constexpr std::int64_t group_saving_max = std::int64_t{1} << 52;
inline constexpr std::size_t packing_states_default = std::size_t{1} << 18U;

// Units are to be numbered along the axis, so that the members of a group have near numbers.
// `states_max` bounds the states of one step; when it does not do (or a group reaches over more
// than 255 units of its connected part), the best packing that was found is returned and
// `saving_bound` says how far it may be from the best.
// Errors: InvalidInput when a group has fewer than two members, they do not rise or are not below
// `unit_count`, or its saving is not from 1 to 2^52.
// Cost: about 150 passes over the groups, then O(units x states x groups of a unit).
[[nodiscard]] Result<Packing> pack_groups(std::uint32_t unit_count, const GroupList& groups,
                                          std::size_t states_max = packing_states_default);

}  // namespace consilium
