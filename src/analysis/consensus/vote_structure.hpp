// Names for items, raters and classes that do not depend on their numbers: hashes of how they are
// connected by votes (colour refinement of Weisfeiler and Leman, four rounds). What is drawn at
// random is drawn by these names, so that permuted votes meet the same luck; items with equal names
// are alike in all that the votes say of them. Internal to the module.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/consensus/em_step.hpp"

namespace consilium {

struct VoteStructure {
  std::vector<std::uint64_t> row;  // by row of the problem
  std::vector<std::uint64_t> rater;
  std::vector<std::uint64_t> label;  // by class
};

[[nodiscard]] std::uint64_t mixed(std::uint64_t a, std::uint64_t b);  // hash of an ordered pair

// Cost: O(votes + rows + raters + classes).
[[nodiscard]] VoteStructure find_structure(const EmProblem& problem);

}  // namespace consilium
