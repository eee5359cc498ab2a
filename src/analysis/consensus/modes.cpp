#include "analysis/consensus/modes.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/consensus/vote_share.hpp"
#include "analysis/statistics/exact_sum.hpp"

namespace consilium {
namespace {

// Runs closer than this rest in one mode: EM stops short of it by a little, from every side.
constexpr double same_share = 0.05;
constexpr double same_objective_nats = 0.05;

double objective_of(const EmRun& run) { return run.trace.back(); }

// True when two classes swapped would agree better with the votes.
bool is_renamed(const EmProblem& problem, const Counts& counts) {
  const std::size_t classes = problem.class_count;
  const std::size_t lanes = problem.lane_count;
  std::vector<ExactSum> said(classes * classes);  // (true class, label)
  for (std::size_t cell = 0; cell < problem.cell_count(); ++cell) {
    for (std::size_t k = 0; k < classes; ++k) {
      said[k * classes + cell % classes].add(counts.cell[cell * lanes + k]);
    }
  }
  const auto votes = [&](std::size_t k, std::size_t l) { return said[k * classes + l].value(); };
  for (std::size_t a = 0; a < classes; ++a) {
    for (std::size_t b = a + 1; b < classes; ++b) {
      if (votes(a, b) + votes(b, a) > votes(a, a) + votes(b, b)) return true;
    }
  }
  return false;
}

bool is_same_mode(const EmRun& a, const EmRun& b) {
  if (std::abs(objective_of(a) - objective_of(b)) > same_objective_nats) return false;
  for (std::size_t at = 0; at < a.shares.size(); ++at) {
    if (std::abs(a.shares[at] - b.shares[at]) > same_share) return false;
  }
  return true;
}

// Whether the best classes of a row are the same in both runs.
bool is_same_label(const EmProblem& problem, const EmRun& a, const EmRun& b, std::size_t row) {
  const auto share_of = [&](const EmRun& run) {
    return std::span(run.shares).subspan(row * problem.lane_count, problem.class_count);
  };
  const auto first = share_of(a);
  const auto second = share_of(b);
  const double first_least = *std::ranges::max_element(first) - tie_tolerance;
  const double second_least = *std::ranges::max_element(second) - tie_tolerance;
  for (std::size_t k = 0; k < first.size(); ++k) {
    if ((first[k] >= first_least) != (second[k] >= second_least)) return false;
  }
  return true;
}

Shares first_start(const EmProblem& problem, const ConsensusOptions& options, const Shares& shares,
                   const VoteStructure& structure) {
  switch (options.start) {
    case ConsensusStart::Majority:
      return sharpened(problem, shares);
    case ConsensusStart::Random:
      return perturbed(problem, shares, structure, options.seed);
    case ConsensusStart::VoteShare:
      break;
  }
  return shares;
}

}  // namespace

ModeSet find_modes(const EmProblem& problem, const ConfusionModel& model,
                   const ConsensusOptions& options) {
  StepTables tables(problem);
  Shares shares = vote_shares(problem, {});
  const bool draws = options.restarts > 0 || options.start == ConsensusStart::Random;
  const VoteStructure structure = draws ? find_structure(problem) : VoteStructure{};

  std::vector<EmRun> runs;  // one a mode, the best of those that ended there
  std::vector<std::uint32_t> run_counts;
  for (std::uint32_t start = 0; start <= options.restarts; ++start) {
    Shares from;
    if (start > 0) {
      from = perturbed(problem, shares, structure, mixed(options.seed, start));
    } else if (draws || options.start != ConsensusStart::VoteShare) {
      from = first_start(problem, options, shares, structure);
    } else {
      from = std::move(shares);  // the only run
    }
    EmRun run = run_em(problem, tables, model, std::move(from), options);
    if (start > 0 && is_renamed(problem, run.counts)) continue;
    const auto same =
        std::ranges::find_if(runs, [&run](const EmRun& known) { return is_same_mode(known, run); });
    if (same == runs.end()) {
      runs.push_back(std::move(run));
      run_counts.push_back(1);
      continue;
    }
    ++run_counts[static_cast<std::size_t>(same - runs.begin())];
    if (objective_of(run) > objective_of(*same)) *same = std::move(run);
  }

  std::vector<std::size_t> order(runs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, [&runs](std::size_t a, std::size_t b) {
    return objective_of(runs[a]) > objective_of(runs[b]);
  });
  const double best = objective_of(runs[order[0]]);
  std::erase_if(order, [&](std::size_t i) {
    return best - objective_of(runs[i]) > options.mode_margin_nats;
  });
  ModeSet set;
  for (const std::size_t i : order) {
    set.modes.push_back({.objective = objective_of(runs[i]),
                         .below_best = best - objective_of(runs[i]),
                         .run_count = run_counts[i],
                         .is_chosen = i == order[0]});
  }
  for (std::size_t row = 0; row < problem.row_count() && order.size() > 1; ++row) {
    const bool is_same = std::all_of(order.begin() + 1, order.end(), [&](std::size_t i) {
      return is_same_label(problem, runs[order[0]], runs[i], row);
    });
    if (!is_same) set.dependent_rows.push_back(row);
  }
  set.best = std::move(runs[order[0]]);
  return set;
}

}  // namespace consilium
