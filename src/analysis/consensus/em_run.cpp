#include "analysis/consensus/em_run.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/statistics/exact_sum.hpp"

namespace consilium {
namespace {

// Step length -|r| / |v| of r = c1 - c0 and v = (c2 - c1) - r, over all counts.
double step_length(const Counts& c0, const Counts& c1, const Counts& c2) {
  ExactSum first;
  ExactSum second;
  const auto add = [&](const std::vector<double>& a, const std::vector<double>& b,
                       const std::vector<double>& c) {
    for (std::size_t at = 0; at < a.size(); ++at) {
      const double r = b[at] - a[at];
      const double v = (c[at] - b[at]) - r;
      first.add(r * r);
      second.add(v * v);
    }
  };
  add(c0.cell, c1.cell, c2.cell);
  add(c0.prevalence, c1.prevalence, c2.prevalence);
  if (second.value() <= 0.0) return -1.0;
  return -std::sqrt(first.value() / second.value());
}

double extrapolated(double a, double b, double c, double step, double shift) {
  const double r = b - a;
  const double v = (c - b) - r;
  return rounded(a - 2.0 * step * r + step * step * v, shift);
}

// Counts at the end of the leap. A count that would leave [0, votes] takes its plain EM value; a
// rater whose counts then sum to over twice the votes takes all plain values, which keeps sums
// exact.
void extrapolate(const EmProblem& problem, const Counts& c0, const Counts& c1, const Counts& c2,
                 double step, Counts& leap) {
  const double shift = rounding_shift(problem.share_bits);
  const std::size_t block = std::size_t{problem.class_count} * problem.lane_count;
  for (std::size_t rater = 0; rater < problem.rater_count; ++rater) {
    const auto votes = static_cast<double>(problem.rater_votes[rater]);
    const std::size_t begin = rater * block;
    double sum = 0.0;
    for (std::size_t at = begin; at < begin + block && sum <= 2.0 * votes; ++at) {
      const double to = extrapolated(c0.cell[at], c1.cell[at], c2.cell[at], step, shift);
      leap.cell[at] = to > 0.0 && to <= votes ? to : c2.cell[at];
      sum += leap.cell[at];
    }
    if (sum > 2.0 * votes) {
      std::copy_n(c2.cell.begin() + static_cast<std::ptrdiff_t>(begin), block,
                  leap.cell.begin() + static_cast<std::ptrdiff_t>(begin));
    }
  }
  for (std::size_t k = 0; k < problem.class_count; ++k) {
    const double to =
        extrapolated(c0.prevalence[k], c1.prevalence[k], c2.prevalence[k], step, shift);
    const auto rows = static_cast<double>(problem.row_count());
    leap.prevalence[k] = to > 0.0 && to <= rows ? to : c2.prevalence[k];
  }
}

// Leaps begin when a plain step moves no posterior by more: early leaps can carry a run over to
// another mode than the one that its start leads to, and the start is the user's choice.
constexpr double calm_move = 0.05;

class Climb {
 public:
  Climb(const EmProblem& problem, StepTables& tables, ConfusionModel model, Shares start,
        const ConsensusOptions& options)
      : problem_(problem),
        tables_(tables),
        model_(std::move(model)),
        options_(options),
        logs_(make_counts(problem)) {
    run_.shares = std::move(start);
  }

  EmRun run() {
    Counts c0 = make_counts(problem_);
    Counts c1 = c0;
    Counts c2 = c0;
    Counts leap = c0;
    sum_shares(problem_, run_.shares, c0);
    bool is_plain = true;  // the shares are those whose sums c0 are
    double longest = 1.0;
    for (;;) {
      if (rests(c0, c1, is_plain)) return finish(c0, c1);
      if (!options_.accelerate) {
        std::swap(c0, c1);
        continue;
      }
      if (rests(c1, c2, true)) return finish(c1, c2);
      if (move_ > calm_move) {
        is_plain = true;
        std::swap(c0, c2);
        continue;
      }
      const double step = std::clamp(step_length(c0, c1, c2), -longest, -1.0);
      if (step == -longest) longest *= 4.0;
      is_plain = step == -1.0;
      if (is_plain) {
        std::swap(c0, c2);
        continue;
      }
      extrapolate(problem_, c0, c1, c2, step, leap);
      const std::vector<double> prior = model_.prior_votes();
      evaluate(leap, c0);
      if (objective_ >= run_.trace.back()) {
        run_.trace.push_back(objective_);
        is_plain = true;
      } else {
        longest = std::max(1.0, longest / 16.0);
        model_.set_prior_votes(prior);
        std::swap(c0, c2);
      }
    }
  }

 private:
  StepOutcome evaluate(const Counts& from, Counts& to) {
    const double part = model_.maximise(from, logs_);
    const StepOutcome outcome = em_step(problem_, tables_, logs_, run_.shares, to);
    objective_ = part + outcome.log_evidence;
    run_.log_evidence = outcome.log_evidence;
    ++run_.iterations;
    return outcome;
  }

  // One plain step; true at rest: nothing moves by more than the tolerance, or the objective falls,
  // which exact EM never does: what is left to gain is below the rounding.
  bool rests(const Counts& from, Counts& to, bool is_plain) {
    const StepOutcome outcome = evaluate(from, to);
    move_ = outcome.move;
    const bool fell = !run_.trace.empty() && objective_ < run_.trace.back();
    if (!fell) run_.trace.push_back(objective_);
    run_.converged = fell || (is_plain && outcome.move <= options_.tolerance);
    return run_.converged || run_.iterations >= options_.iteration_max;
  }

  EmRun finish(Counts& from, Counts& to) {
    run_.at = std::move(from);
    run_.counts = std::move(to);
    run_.prior_votes = model_.prior_votes();
    return std::move(run_);
  }

  const EmProblem& problem_;
  StepTables& tables_;
  ConfusionModel model_;
  const ConsensusOptions& options_;
  Counts logs_;
  double objective_ = 0.0;
  double move_ = 1.0;  // of the last plain step
  EmRun run_;
};

}  // namespace

EmRun run_em(const EmProblem& problem, StepTables& tables, ConfusionModel model, Shares start,
             const ConsensusOptions& options) {
  return Climb(problem, tables, std::move(model), std::move(start), options).run();
}

}  // namespace consilium
