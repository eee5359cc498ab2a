// Shares of the votes: the majority methods and the starts of EM. Internal to the module.
#pragma once

#include <span>
#include <vector>

#include "analysis/consensus/em_step.hpp"
#include "analysis/consensus/vote_structure.hpp"

namespace consilium {

// By row, the share of each class; `weight` has one number >= 0 a rater, or is empty: all alike.
// Rows whose raters all weigh nothing are uniform. Gold rows are 1 on their class.
[[nodiscard]] Shares vote_shares(const EmProblem& problem, std::span<const double> weight);

// All on the greatest share, alike among equal ones.
[[nodiscard]] Shares sharpened(const EmProblem& problem, const Shares& shares);

// Half the shares, half a draw from the flat Dirichlet distribution named by `seed`.
[[nodiscard]] Shares perturbed(const EmProblem& problem, const Shares& shares,
                               const VoteStructure& structure, std::uint64_t seed);

// Each rater's share of votes that the majority of the item's votes says too (the rater's own among
// them). A vote on an item with tied classes counts as `tied_credit` says; Abstain leaves such
// items out. Raters without a vote that counts have weight 0.
[[nodiscard]] std::vector<double> agreement_weights(const EmProblem& problem, TiePolicy ties);

// Classes within `tie_tolerance` of the greatest of `posterior`.
[[nodiscard]] std::uint32_t tied_count(std::span<const double> posterior);

}  // namespace consilium
