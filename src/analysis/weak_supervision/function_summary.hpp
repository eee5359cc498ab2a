// What each labelling function says, without any model: the table that is looked at first. See
// semantics.md. A function is a rater of the votes; where it abstains it has no vote.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium {

// Counts of items; over `item_count` they are the shares that Ratner et al. (Snorkel, VLDB J. 29
// (2020) 709) call coverage, overlap and conflict.
struct FunctionSummary {
  std::vector<ClassIndex> polarity;  // the classes that it ever votes for, ascending
  std::uint64_t covered = 0;         // items it votes on
  std::uint64_t overlapping = 0;     // of those, with another function's vote
  std::uint64_t conflicting = 0;     // of those, with another function's vote for another class
  std::uint64_t judged = 0;          // items it votes on that have a known class
  std::uint64_t correct = 0;         // of those, where it names that class
  // correct / judged; nullopt where nothing is judged (undefined, not 0).
  [[nodiscard]] std::optional<double> accuracy() const {
    if (judged == 0) return std::nullopt;
    return static_cast<double>(correct) / static_cast<double>(judged);
  }
  friend bool operator==(const FunctionSummary&, const FunctionSummary&) = default;
};

struct VoteSummary {
  std::uint64_t item_count = 0;
  std::uint64_t covered = 0;      // items with a vote
  std::uint64_t overlapping = 0;  // with votes of two functions or more
  std::uint64_t conflicting = 0;  // with votes for two classes or more
  std::vector<FunctionSummary> functions;
  friend bool operator==(const VoteSummary&, const VoteSummary&) = default;
};

inline constexpr ClassIndex unknown_class = 65'535;  // of an item whose class is not known

// `known` is empty or holds a class, or unknown_class, for each item.
// Errors: InvalidInput when `known` has another length or a class that is not there, and when a
// function votes twice on an item (both are named).
// Cost: O(votes + functions x classes that they vote for).
[[nodiscard]] Result<VoteSummary> summarise_functions(const VoteTable& votes,
                                                      std::span<const ClassIndex> known = {});

}  // namespace consilium
