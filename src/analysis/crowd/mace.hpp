// MACE: who can be trusted. Rater r knows the answer with probability c_r (the competence) and then
// says the true class; otherwise the rater answers without looking, class k with probability s_rk
// (the strategy). True classes are equally likely. Source: D. Hovy, T. Berg-Kirkpatrick,
// A. Vaswani, E. Hovy, NAACL-HLT (2013) 1120-1130.
//
// Two fits, both of the paper. `Em`: expectation-maximisation with 0.01 / K added to every expected
// count. `Variational`: mean-field Bayes with Beta(0.5, 0.5) on c_r and Dirichlet(10, ..., 10) on
// s_r. The best of several starts is kept, by the objective that the fit climbs. (crowd-kit 1.4
// draws the same start each time, and lines the strategies' expected counts up with the wrong
// raters and classes unless they first appear in sorted order; this does not.)
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::crowd {

enum class MaceMethod : std::uint8_t { Em, Variational };

struct MaceOptions {
  MaceMethod method = MaceMethod::Variational;
  int starts = 10;              // the first from equal competences, the others drawn
  int iterations_a_start = 20;  // tells which start is best; that one then runs on
  int iterations_max = 1000;
  double gain_min = 1e-4;  // stops when an iteration gains less, in nats
  double smoothing = -1;   // Em: added to counts, above 0; below 0: 0.01 / K
  double competence_prior_knows = 0.5;
  double competence_prior_guesses = 0.5;
  double strategy_prior = 10;
  std::uint64_t seed = 1;
  unsigned threads = 1;
};

struct MaceResult {
  std::vector<double> posterior;     // items x classes, rows sum to 1
  std::vector<double> competence;    // c_r (Variational: posterior mean)
  std::vector<double> strategy;      // raters x classes, rows sum to 1
  double log_likelihood = 0;         // log p(votes | c, s) at those parameters, nats
  double objective = 0;              // Em: log posterior density; Variational: evidence lower bound
  std::vector<double> objective_of;  // by iteration of the best start: never falls
  std::vector<double> objective_of_start;  // by start: how much hangs on it
  bool converged = false;
};

// An item without votes gets equal shares.
// Errors: as fit_glad.
// Cost: per start and iteration O(votes + items x classes + raters x classes).
[[nodiscard]] Result<MaceResult> fit_mace(const VoteTable& votes, const MaceOptions& options);

}  // namespace consilium::crowd
