// Maximum matching in a bipartite graph: which of two raters' marks are the same mark.
//
// Pairs are chosen so that nobody is in two of them. A greedy choice depends on the order in which
// marks are looked at and can miss pairs; here the number (or the weight) of the pairs is the
// greatest there is.
//
// Tie rule: the result is a function of the set of edges alone, not of the order in which they are
// given. Where several matchings are equally good, candidates with lower indices are tried first;
// so whoever numbers the marks by a rule of their own content gets a choice by content.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace consilium {

struct Match {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  friend auto operator<=>(const Match&, const Match&) = default;
};

// A pair that may be matched, and how good it is.
struct WeightedMatch {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  std::int64_t weight = 0;  // in units of the caller's choice; whole, so that sums are exact
  friend auto operator<=>(const WeightedMatch&, const WeightedMatch&) = default;
};

inline constexpr std::int64_t match_weight_max = std::int64_t{1} << 52;

// As many pairs as can be, sorted by `first`. Source: J. Hopcroft, R. Karp, SIAM J. Comput. 2
// (1973) 225-231. An edge that stands twice counts once.
// Errors: InvalidInput when an edge's end is not below its count.
// Cost: O(edges x sqrt(vertices)), O(edges) where pairs are clear.
[[nodiscard]] Result<std::vector<Match>> maximum_matching(std::uint32_t first_count,
                                                          std::uint32_t second_count,
                                                          std::span<const Match> edges);

enum class WeightGoal {
  Weight,            // the greatest sum of weights; marks may stay alone, pairs of weight 0 do
  CardinalityFirst,  // as many pairs as can be; among those the greatest sum of weights
};

// Pairs of the greatest weight, sorted by `first`. Successive shortest augmenting paths with
// potentials on each connected part of the graph. Source: R. Jonker, A. Volgenant, Computing 38
// (1987) 325-340, for sparse graphs; every mark may also stay alone at weight 0.
// Errors: InvalidInput when an edge's end is not below its count, a weight is negative or over
// 2^52, or the same edge stands twice with different weights.
// Cost: O(v x e log v) for each connected part of v marks and e edges.
[[nodiscard]] Result<std::vector<Match>> maximum_weight_matching(
    std::uint32_t first_count, std::uint32_t second_count, std::span<const WeightedMatch> edges,
    WeightGoal goal = WeightGoal::Weight);

// The same for any two lists of marks and any weight: `weight(i, j)` for i < first_count and
// j < second_count; pairs under `weight_min` are no pairs. Weights are finite, 0 to 1024, and
// rounded to multiples of 2^-40.
// Errors: InvalidInput when a weight is out of that range; TooLarge past 2^26 pairs.
// Cost: all pairs are asked for, then as above.
[[nodiscard]] Result<std::vector<Match>> match_by_weight(
    std::uint32_t first_count, std::uint32_t second_count,
    const std::function<double(std::uint32_t, std::uint32_t)>& weight, double weight_min,
    WeightGoal goal);

}  // namespace consilium
