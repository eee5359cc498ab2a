// One pass over all items under given weights: the expectation step. Used by this module alone.
//
// Logarithms are whole numbers of 2^-40, probabilities of 2^-32: sums are exact, whatever their
// order, and threads only split the items.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/weak_supervision/label_model.hpp"
#include "analysis/weak_supervision/vote_slots.hpp"
#include "base/wide_integer.hpp"

namespace consilium::weak {

inline constexpr double log_unit = 0x1p40;
inline constexpr double share_unit = 0x1p32;

[[nodiscard]] inline std::int64_t whole_log(double x) {
  return std::llrint(std::log(x) * log_unit);
}

// Score of class c on an item: base[c] plus what its votes add. Dense: a vote of slot s adds
// weight[s * classes + c]. Sparse: it adds weight[s] to its own class alone.
struct ItemWeights {
  std::vector<std::int64_t> base{};
  std::vector<std::int64_t> weight{};
  std::vector<std::int64_t> vote_log{};  // sparse: what a vote adds to every class
  bool dense = false;
  bool with_likelihood = false;
};

struct PassSums {
  std::vector<std::int64_t> of_class{};  // items expected of each class, in share units
  // Dense: expected votes of slot s on items of class c at s * classes + c. Sparse: expected right
  // votes of slot s.
  std::vector<std::int64_t> of_slot{};
  Wide log_likelihood = 0;  // in log units
};

// `items`, when not empty, receives each item's label. Sums are of all items.
[[nodiscard]] PassSums pass_over_items(const VoteTable& votes, const VoteSlots& slots,
                                       const ItemWeights& weights, unsigned threads,
                                       std::span<ItemLabel> items);

// The sums of a first pass in which an item's classes have the shares of its votes, and an item
// without votes equal shares.
[[nodiscard]] PassSums vote_shares(const VoteTable& votes, const VoteSlots& slots, bool dense,
                                   unsigned threads);

}  // namespace consilium::weak
