// Votes: who said what of which item. Items, raters and classes are numbers from 0; their names are
// kept by whoever read them. What was not said is not stored: a rater who abstained has no vote.
//
// The form is that of a sparse matrix by rows (CSR): the votes of item i stand together, in the
// order in which they came, so that a pass over the votes is one pass over memory. The same rater
// may vote several times on one item (repeated reads).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace consilium {

using ItemIndex = std::uint32_t;
using RaterIndex = std::uint32_t;
using ClassIndex = std::uint16_t;

struct Vote {
  ItemIndex item = 0;
  RaterIndex rater = 0;
  ClassIndex label = 0;
  friend auto operator<=>(const Vote&, const Vote&) = default;
};

inline constexpr std::uint32_t vote_class_count_max = 65'535;

struct VoteTable {
  std::uint32_t rater_count = 0;
  std::uint32_t class_count = 0;
  std::vector<std::uint64_t> first{
      0};                         // item_count + 1 long; votes of item i: [first[i], first[i+1])
  std::vector<RaterIndex> rater;  // one a vote
  std::vector<ClassIndex> label;  // one a vote

  [[nodiscard]] std::uint32_t item_count() const {
    return static_cast<std::uint32_t>(first.size() - 1);
  }
  [[nodiscard]] std::uint64_t vote_count() const { return rater.size(); }
  [[nodiscard]] std::span<const RaterIndex> raters_of(ItemIndex item) const {
    return std::span(rater).subspan(first[item], first[item + 1] - first[item]);
  }
  [[nodiscard]] std::span<const ClassIndex> labels_of(ItemIndex item) const {
    return std::span(label).subspan(first[item], first[item + 1] - first[item]);
  }
  friend bool operator==(const VoteTable&, const VoteTable&) = default;
};

// Votes by columns, in any order: `item[v]`, `rater[v]` and `label[v]` are vote v. What a reader
// fills; 10 bytes a vote.
struct VoteColumns {
  std::vector<ItemIndex> item;
  std::vector<RaterIndex> rater;
  std::vector<ClassIndex> label;
};

// Brings votes into the table's form; items without a vote keep an empty row. Votes of one item
// keep their order.
// Errors: InvalidInput when the columns differ in length or an index is not below its count (the
// row is named, from 0), or when there are more than 65,535 classes.
// Cost: O(votes + items); at most 16 bytes a vote at its peak, columns included.
[[nodiscard]] Result<VoteTable> make_vote_table(VoteColumns columns, std::uint32_t item_count,
                                                std::uint32_t rater_count,
                                                std::uint32_t class_count);

// The same from votes as values.
[[nodiscard]] Result<VoteTable> make_vote_table(std::span<const Vote> votes,
                                                std::uint32_t item_count, std::uint32_t rater_count,
                                                std::uint32_t class_count);

}  // namespace consilium
