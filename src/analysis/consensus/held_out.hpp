// The choice of a method by what it foretells: votes (and gold) are held out in folds, each method
// is fitted to the rest and scored by the logarithm of the probability that it gave to what was
// held out. Internal to the module.
#pragma once

#include <vector>

#include "analysis/consensus/em_step.hpp"
#include "analysis/consensus/vote_structure.hpp"

namespace consilium {

// Scores of the candidates, best first: by gold when `gold_count_min` gold items have votes, else
// by votes.
inline constexpr std::size_t gold_count_min = 30;
[[nodiscard]] std::vector<CandidateScore> score_candidates(const EmProblem& problem,
                                                           const VoteStructure& structure,
                                                           const ConsensusOptions& options);

}  // namespace consilium
