// Several EM runs of one model: where they came to rest, which rest is best, and which items'
// labels hang on it. Internal to the module.
#pragma once

#include <vector>

#include "analysis/consensus/em_run.hpp"

namespace consilium {

struct ModeSet {
  EmRun best;
  std::vector<ConsensusMode> modes;         // within the margin, best first
  std::vector<std::size_t> dependent_rows;  // whose most probable class differs between the modes
};

// One run from `options.start`, `options.restarts` more from perturbed shares. A restart whose
// labels would agree with more votes after two classes were swapped has only renamed the classes,
// and is left out.
[[nodiscard]] ModeSet find_modes(const EmProblem& problem, const ConfusionModel& model,
                                 const ConsensusOptions& options);

}  // namespace consilium
