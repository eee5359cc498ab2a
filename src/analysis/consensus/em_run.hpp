// EM from one start to rest, with the acceleration SQUAREM (Varadhan & Roland 2008, scheme S3) on
// the expected counts. An extrapolation is kept only when the objective does not fall by it, so the
// trace never falls. Internal to the module.
#pragma once

#include "analysis/consensus/confusion_model.hpp"
#include "analysis/consensus/em_step.hpp"

namespace consilium {

struct EmRun {
  Shares shares;                    // posteriors by row
  Counts at;                        // the counts whose parameters made `shares`
  Counts counts;                    // the expected counts that `shares` make
  std::vector<double> prior_votes;  // of the model at rest
  std::vector<double> trace;
  double log_evidence = 0.0;  // of the votes at `at`'s log parameters, nats
  std::uint32_t iterations = 0;
  bool converged = false;
};

[[nodiscard]] EmRun run_em(const EmProblem& problem, StepTables& tables, ConfusionModel model,
                           Shares start, const ConsensusOptions& options);

}  // namespace consilium
