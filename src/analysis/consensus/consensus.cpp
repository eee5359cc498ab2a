#include "analysis/consensus/consensus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "analysis/consensus/confusion_model.hpp"
#include "analysis/consensus/em_run.hpp"
#include "analysis/consensus/em_step.hpp"
#include "analysis/consensus/held_out.hpp"
#include "analysis/consensus/modes.hpp"
#include "analysis/consensus/rater_table.hpp"
#include "analysis/consensus/vote_share.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "analysis/statistics/special_functions.hpp"

namespace consilium {
namespace {

struct NumberRule {
  const char* name;
  double value;
  double least;
  double greatest;
};

Status check_options(const VoteTable& votes, const ConsensusOptions& options) {
  constexpr double prior_max = 1e6;
  // Below a thousandth the expected logs of the variational methods leave the range that sums hold.
  const bool is_strict = options.method == ConsensusMethod::Auto ||
                         options.method == ConsensusMethod::Ibcc ||
                         options.method == ConsensusMethod::Hierarchical ||
                         options.method == ConsensusMethod::HierarchicalSymmetric;
  const double prior_least = is_strict ? 0.01 : 0.0;
  for (const NumberRule& rule : {
           NumberRule{"prior.diagonal", options.prior.diagonal, prior_least, prior_max},
           NumberRule{"prior.off_diagonal", options.prior.off_diagonal, prior_least, prior_max},
           NumberRule{"prior.prevalence", options.prior.prevalence, prior_least, prior_max},
           NumberRule{"smoothing", options.smoothing, 0.0, prior_max},
           NumberRule{"tolerance", options.tolerance, 0.0, 1.0},
           NumberRule{"iteration_max", static_cast<double>(options.iteration_max), 1.0, 1e9},
           NumberRule{"threads", static_cast<double>(options.threads), 0.0, 1024.0},
           NumberRule{"interval_level", options.interval_level, 0.001, 0.999999},
           NumberRule{"mode_margin_nats", options.mode_margin_nats, 0.0, 1e300},
           NumberRule{"fold_count", static_cast<double>(options.fold_count), 2.0, 1000.0},
       }) {
    if (!(rule.value >= rule.least && rule.value <= rule.greatest)) {
      return fail(ErrorCode::InvalidInput, "an option of the consensus is out of range",
                  fmt::format("{} = {}, allowed {} to {}", rule.name, rule.value, rule.least,
                              rule.greatest),
                  "give a value in the range");
    }
  }
  if (options.rater_weight.empty()) return {};
  if (options.rater_weight.size() != votes.rater_count) {
    return fail(
        ErrorCode::InvalidInput, "there must be one weight for each rater",
        fmt::format("{} weights, {} raters", options.rater_weight.size(), votes.rater_count),
        "give a weight for each rater, or none to weigh by agreement");
  }
  for (std::size_t rater = 0; rater < options.rater_weight.size(); ++rater) {
    const double weight = options.rater_weight[rater];
    if (!(weight >= 0.0 && std::isfinite(weight))) {
      return fail(ErrorCode::InvalidInput, "a rater's weight must be a number from 0",
                  fmt::format("rater {} (weight {})", rater, weight),
                  "give 0 to leave a rater out");
    }
  }
  return {};
}

bool is_majority(ConsensusMethod method) {
  return method == ConsensusMethod::Majority || method == ConsensusMethod::WeightedMajority;
}

// A fitted model as the result is made from it.
struct Fit {
  Shares shares;
  Counts at;      // what the parameters are made of
  Counts counts;  // expected counts of `shares`
  std::vector<double> prior_votes;
  // Of the votes at the parameters, where the run has it: where its log parameters are the
  // logarithms of these.
  std::optional<double> log_likelihood;
};

double log_likelihood_of(const EmProblem& problem, const Counts& parameters, Shares shares) {
  Counts logs = parameters;
  log_in_place(logs.cell);
  log_in_place(logs.prevalence);
  for (std::size_t at = 0; at < logs.cell.size(); ++at) {  // lanes above the classes stay out
    if (at % problem.lane_count >= problem.class_count) logs.cell[at] = 0.0;
  }
  StepTables tables(problem);
  Counts counts = make_counts(problem);
  return em_step(problem, tables, logs, shares, counts).log_evidence;
}

// The items' entropies, a block of logarithms at a time. Terms are rounded to multiples of 2^-40,
// so that their sum is exact.
void describe_entropy(const PosteriorTable& posterior, std::span<double> entropy_nats) {
  constexpr std::size_t block_items = 64;
  const double shift = rounding_shift(40);
  const std::size_t classes = posterior.class_count;
  std::vector<double> logs(block_items * classes);
  for (std::size_t begin = 0; begin < entropy_nats.size(); begin += block_items) {
    const std::size_t count = std::min(block_items, entropy_nats.size() - begin);
    const double* const shares = posterior.value.data() + begin * classes;
    std::copy_n(shares, count * classes, logs.begin());
    log_in_place(std::span(logs).first(count * classes));
    for (std::size_t i = 0; i < count; ++i) {
      double entropy = 0.0;
      for (std::size_t at = i * classes; at < (i + 1) * classes; ++at) {
        if (shares[at] > 0.0) entropy += rounded(-shares[at] * logs[at], shift);
      }
      entropy_nats[begin + i] = std::max(0.0, entropy);
    }
  }
}

// Posteriors by item from shares by row; an item without a vote has the prevalence.
void spread_shares(const EmProblem& problem, const Shares& shares, std::uint32_t items,
                   ConsensusResult& result) {
  const std::uint32_t classes = problem.class_count;
  result.posterior.value.resize(std::size_t{items} * classes);
  result.has_vote.assign(items, 0);
  double* const posteriors = result.posterior.value.data();
  for (std::size_t row = 0; row < problem.row_count(); ++row) {
    const ItemIndex item = problem.item[row];
    result.has_vote[item] = 1;
    for (std::size_t k = 0; k < classes; ++k) {
      posteriors[std::size_t{item} * classes + k] = shares[row * problem.lane_count + k];
    }
  }
  for (ItemIndex item = 0; item < items; ++item) {
    if (result.has_vote[item] != 0) continue;
    std::ranges::copy(result.prevalence, posteriors + std::size_t{item} * classes);
  }
}

// The lowest of the classes that are within the tolerance of the greatest, and whether there are
// several.
template <std::size_t CLASSES>
void describe_labels(const PosteriorTable& posterior, TiePolicy ties, ConsensusResult& result) {
  const std::size_t classes = CLASSES != 0 ? CLASSES : posterior.class_count;
  for (std::size_t item = 0; item < result.label.size(); ++item) {
    const double* const share = posterior.value.data() + item * classes;
    double least = share[0];
    for (std::size_t k = 1; k < classes; ++k) least = std::max(least, share[k]);
    least -= tie_tolerance;
    std::size_t lowest = 0;
    std::uint32_t tied = 0;
    for (std::size_t k = classes; k-- > 0;) {
      const bool is_near = share[k] >= least;
      lowest = is_near ? k : lowest;
      tied += is_near ? 1 : 0;
    }
    result.is_tied[item] = tied > 1 ? 1 : 0;
    if (tied == 1 || ties == TiePolicy::Lowest) {
      result.label[item] = static_cast<ClassIndex>(lowest);
    }
  }
}

void describe_items(const EmProblem& problem, const VoteTable& votes, Shares shares,
                    const ConsensusOptions& options, ConsensusResult& result) {
  const std::uint32_t classes = problem.class_count;
  const std::uint32_t items = votes.item_count();
  result.posterior.class_count = classes;
  result.label.assign(items, no_label);
  result.entropy_nats.assign(items, 0.0);
  if (problem.row_count() == items && problem.lane_count == classes) {  // row is item, as is
    result.posterior.value = std::move(shares);
    result.has_vote.assign(items, 1);
  } else {
    spread_shares(problem, shares, items, result);
  }
  for (const GoldLabel& gold : options.gold) {
    const auto begin = result.posterior.value.begin() +
                       static_cast<std::ptrdiff_t>(std::size_t{gold.item} * classes);
    std::fill_n(begin, classes, 0.0);
    *(begin + gold.label) = 1.0;
  }
  describe_entropy(result.posterior, result.entropy_nats);
  result.is_tied.assign(items, 0);
  switch (classes) {
    case 2:
      return describe_labels<2>(result.posterior, options.ties, result);
    case 4:
      return describe_labels<4>(result.posterior, options.ties, result);
    default:
      return describe_labels<0>(result.posterior, options.ties, result);
  }
}

void describe_fit(const EmProblem& problem, const VoteTable& votes, const ConfusionModel& model,
                  Fit fit, const ConsensusOptions& options, ConsensusResult& result) {
  Counts parameters = make_counts(problem);
  model.estimate(fit.at, parameters);
  result.prevalence.assign(parameters.prevalence.begin(),
                           parameters.prevalence.begin() + problem.class_count);
  const bool is_coin =
      result.method == ConsensusMethod::PooledCoin || result.method == ConsensusMethod::OneCoin;
  result.raters = make_rater_table(problem, fit.shares, parameters, fit.counts, fit.prior_votes,
                                   {.intervals = options.intervals,
                                    .is_coin = is_coin,
                                    .extra_votes = model.is_variational() ? 0.0 : 0.5,
                                    .tail = 0.5 * (1.0 - options.interval_level)});
  result.log_likelihood =
      fit.log_likelihood ? *fit.log_likelihood : log_likelihood_of(problem, parameters, fit.shares);
  describe_items(problem, votes, std::move(fit.shares), options, result);
}

ConsensusResult count_majority(const EmProblem& problem, const VoteTable& votes,
                               const ConsensusOptions& options) {
  ConsensusResult result;
  result.method = options.method;
  std::vector<double> weight(problem.rater_count, 1.0);
  if (options.method == ConsensusMethod::WeightedMajority) {
    weight = options.rater_weight.empty() ? agreement_weights(problem, options.ties)
                                          : options.rater_weight;
  }
  Fit fit;
  fit.shares = vote_shares(problem, weight);
  fit.counts = make_counts(problem);
  sum_shares(problem, fit.shares, fit.counts);
  fit.at = fit.counts;
  const ConfusionModel model(problem, options, options.method);
  fit.prior_votes = model.prior_votes();
  describe_fit(problem, votes, model, std::move(fit), options, result);
  if (options.method == ConsensusMethod::WeightedMajority) result.raters.weight = weight;
  result.modes.push_back(
      {.objective = result.log_likelihood, .below_best = 0.0, .run_count = 1, .is_chosen = true});
  return result;
}

}  // namespace

Result<ConsensusResult> find_consensus(const VoteTable& votes, const ConsensusOptions& options) {
  CSL_TRY(check_options(votes, options));
  const EmProblem problem = CSL_TRY(make_em_problem(votes, options.gold, options.threads));
  if (is_majority(options.method)) return count_majority(problem, votes, options);

  ConsensusResult result;
  result.method = options.method;
  if (options.method == ConsensusMethod::Auto) {
    result.candidates = score_candidates(problem, find_structure(problem), options);
    result.method = result.candidates.front().method;
  }
  ConfusionModel model(problem, options, result.method);
  ModeSet set = find_modes(problem, model, options);
  model.set_prior_votes(set.best.prior_votes);
  Fit fit{std::move(set.best.shares), std::move(set.best.at), std::move(set.best.counts),
          std::move(set.best.prior_votes),
          model.is_variational() ? std::nullopt : std::optional(set.best.log_evidence)};
  describe_fit(problem, votes, model, std::move(fit), options, result);
  result.objective_trace = std::move(set.best.trace);
  result.iterations = set.best.iterations;
  result.converged = set.best.converged;
  result.modes = std::move(set.modes);
  for (const std::size_t row : set.dependent_rows) {
    result.mode_dependent_items.push_back(problem.item[row]);
  }
  return result;
}

double tied_credit(std::span<const double> posterior, ClassIndex label, TiePolicy policy) {
  const double least = *std::ranges::max_element(posterior) - tie_tolerance;
  if (posterior[label] < least) return 0.0;
  const std::uint32_t tied = tied_count(posterior);
  if (tied == 1) return 1.0;
  switch (policy) {
    case TiePolicy::Abstain:
      return 0.0;
    case TiePolicy::Fractional:
      return 1.0 / tied;
    case TiePolicy::Lowest:
      break;
  }
  const auto lowest = std::ranges::find_if(posterior, [least](double p) { return p >= least; });
  return lowest - posterior.begin() == label ? 1.0 : 0.0;
}

}  // namespace consilium
