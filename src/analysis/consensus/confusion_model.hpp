// From expected counts to the raters' log parameters: the M step of each method, with the part of
// the objective that is not in the votes (log prior, or minus the divergence of the variational
// posterior from the prior). Internal to the module.
#pragma once

#include "analysis/consensus/em_step.hpp"
#include "analysis/statistics/exact_sum.hpp"

namespace consilium {

class ConfusionModel {
 public:
  ConfusionModel(const EmProblem& problem, const ConsensusOptions& options, ConsensusMethod method);

  // Writes log parameters (expected ones for the variational methods) of `counts` into `logs` and
  // returns the further part of the objective, nats. Hierarchical first moves the shared Dirichlet
  // parameters by one step of Minka's fixed point, which never lowers the objective.
  double maximise(const Counts& counts, Counts& logs);

  // The parameters themselves: estimates, or posterior means of the variational methods. Rows that
  // nothing is known of are uniform.
  void estimate(const Counts& counts, Counts& parameters) const;

  // Prior pseudo-votes by (label said, true class), lanes a label.
  [[nodiscard]] const std::vector<double>& prior_votes() const { return prior_; }
  void set_prior_votes(const std::vector<double>& prior);

  // Whether the parameters have a posterior distribution, with the prior's votes in it.
  [[nodiscard]] bool is_variational() const {
    return method_ == ConsensusMethod::Ibcc || is_hierarchical();
  }

 private:
  [[nodiscard]] bool is_hierarchical() const {
    return method_ == ConsensusMethod::Hierarchical ||
           method_ == ConsensusMethod::HierarchicalSymmetric;
  }
  double maximise_point(const Counts& counts, Counts& logs) const;
  double maximise_coin(const Counts& counts, Counts& logs) const;
  double maximise_variational(const Counts& counts, Counts& logs) const;
  void move_prior(const Counts& counts);
  void pool_ratios(std::vector<ExactSum>& above, std::vector<ExactSum>& below) const;
  double maximise_prevalence(const Counts& counts, Counts& logs) const;
  // A rater's expected votes by true class, into `total` (made to fit).
  void row_totals(const Counts& counts, RaterIndex rater, std::vector<double>& total) const;
  [[nodiscard]] bool is_coin() const {
    return method_ == ConsensusMethod::PooledCoin || method_ == ConsensusMethod::OneCoin;
  }
  struct Score {  // votes expected to be right, and all
    double right = 0.0;
    double all = 0.0;
  };
  [[nodiscard]] Score score_of(const Counts& counts, RaterIndex rater) const;
  [[nodiscard]] std::vector<double> right_shares(const Counts& counts) const;

  const EmProblem* problem_;
  ConsensusMethod method_;
  double right_votes_ = 0.0;  // OneCoin
  double wrong_votes_ = 0.0;
  double prevalence_prior_ = 0.0;
  std::vector<double> prior_;      // class_count x lanes
  std::vector<double> prior_sum_;  // over labels, by true class
};

}  // namespace consilium
