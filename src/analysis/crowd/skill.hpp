// Weighted majority votes, and two simple ways to find the weights: Wawa (worker agreement with
// aggregate: a rater's skill is the share of votes that agree with the majority; Appen) and
// Zero-Based-Skill (the same repeated: skills move towards the agreement with the vote weighted by
// them). Both as in crowd-kit (D. Ustalov, N. Pavlichenko, B. Tseitlin, JOSS 9 (2024) 6227).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::crowd {

// Who wins an equal vote: each winner a share of the credit, or the class of the lowest number.
// `Shared` does not hang on how classes are numbered; `Lowest` is what crowd-kit does.
enum class EqualVotes : std::uint8_t { Shared, Lowest };

struct SkillResult {
  std::vector<double> posterior;  // items x classes: shares of weight; without votes equal
  std::vector<double> skill;      // one a rater, 0 to 1
  int iterations = 0;
};

// Shares of the weights of the votes, items x classes. `weight`: one a rater, 0 to 1,000; an item
// all of whose weights are 0 gets equal shares.
// Errors: as fit_glad; InvalidInput when the weights are not one a rater or out of range.
// Cost: O(votes + items x classes).
[[nodiscard]] Result<std::vector<double>> weighted_majority(const VoteTable& votes,
                                                            std::span<const double> weight);

// A rater without votes has skill 1 / K, as one who guesses.
// Errors: as fit_glad. Cost: O(votes + items x classes).
[[nodiscard]] Result<SkillResult> fit_wawa(const VoteTable& votes, EqualVotes equal_votes);

struct ZeroBasedOptions {
  EqualVotes equal_votes = EqualVotes::Shared;
  int iterations_max = 100;
  double rate = 1;             // of moving towards the agreement, above 0, at most 1
  int iterations_a_rate = 20;  // after so many the rate is halved
};
// Ends early when a whole step at rate 1 changes no skill: nothing would change after it.
[[nodiscard]] Result<SkillResult> fit_zero_based_skill(const VoteTable& votes,
                                                       const ZeroBasedOptions& options);

}  // namespace consilium::crowd
