#include "analysis/consensus/confusion_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "analysis/statistics/exact_sum.hpp"
#include "analysis/statistics/special_functions.hpp"

namespace consilium {
namespace {

// Shared Dirichlet parameters are multiples of this, so that their sums are exact, and bounded:
// below a thousandth digamma leaves the range of log parameters; above the row's cap raters no
// longer differ.
constexpr double prior_unit = 0x1p-30;
constexpr double prior_least = 0.01;
constexpr double prior_row_max = 1000.0;

// exp_weight x log value, 0 when the weight is 0 whatever the value.
double weighted_log(double weight, double log_value) {
  return weight == 0.0 ? 0.0 : weight * log_value;
}

// The gamma functions of one rater's posterior: of the rows that have votes, by class, then of the
// cells that have; most cells of a sparse crowd have none.
struct RaterGammas {
  std::vector<double> argument;
  std::vector<double> log_gamma;
  std::vector<double> digamma;

  void take(std::span<const double> total, std::span<const double> prior_sum,
            std::span<const double> cell, std::span<const double> prior) {
    argument.clear();
    for (std::size_t k = 0; k < total.size(); ++k) {
      if (total[k] > 0.0) argument.push_back(total[k] + prior_sum[k]);
    }
    for (std::size_t at = 0; at < cell.size(); ++at) {
      if (cell[at] > 0.0) argument.push_back(cell[at] + prior[at]);
    }
    log_gamma.resize(argument.size());
    digamma.resize(argument.size());
    gamma_functions(argument, log_gamma, digamma);
  }
};

}  // namespace

ConfusionModel::ConfusionModel(const EmProblem& problem, const ConsensusOptions& options,
                               ConsensusMethod method)
    : problem_(&problem), method_(method) {
  const std::size_t lanes = problem.lane_count;
  const bool plain = method == ConsensusMethod::DawidSkene || method == ConsensusMethod::Majority ||
                     method == ConsensusMethod::WeightedMajority;
  const double smoothing = method == ConsensusMethod::DawidSkene ? options.smoothing : 0.0;
  const double off = plain ? smoothing : options.prior.off_diagonal;
  const double on = plain ? smoothing : options.prior.diagonal;
  prior_.assign(std::size_t{problem.class_count} * lanes, 0.0);
  for (std::size_t l = 0; l < problem.class_count; ++l) {
    for (std::size_t k = 0; k < problem.class_count; ++k) prior_[l * lanes + k] = l == k ? on : off;
  }
  prior_sum_.assign(lanes, 0.0);
  for (std::size_t k = 0; k < problem.class_count; ++k) {
    prior_sum_[k] = on + off * (problem.class_count - 1);
  }
  right_votes_ = on;
  wrong_votes_ = off;
  prevalence_prior_ = plain ? 0.0 : options.prior.prevalence;
}

void ConfusionModel::set_prior_votes(const std::vector<double>& prior) {
  prior_ = prior;
  const std::size_t lanes = problem_->lane_count;
  std::fill(prior_sum_.begin(), prior_sum_.end(), 0.0);
  for (std::size_t l = 0; l < problem_->class_count; ++l) {
    for (std::size_t k = 0; k < problem_->class_count; ++k) {
      prior_sum_[k] += prior_[l * lanes + k];
    }
  }
}

double ConfusionModel::maximise(const Counts& counts, Counts& logs) {
  const double prevalence_part = maximise_prevalence(counts, logs);
  if (is_hierarchical()) move_prior(counts);
  if (is_variational()) return prevalence_part + maximise_variational(counts, logs);
  if (is_coin()) return prevalence_part + maximise_coin(counts, logs);
  return prevalence_part + maximise_point(counts, logs);
}

double ConfusionModel::maximise_prevalence(const Counts& counts, Counts& logs) const {
  const std::uint32_t classes = problem_->class_count;
  ExactSum total;
  for (std::size_t k = 0; k < classes; ++k) total.add(counts.prevalence[k]);
  const double prior_total = prevalence_prior_ * classes;
  const double all = total.value() + prior_total;
  ExactSum part;
  if (method_ == ConsensusMethod::PooledCoin) {
    std::fill_n(logs.prevalence.begin(), classes, -exact_log(classes));
    return 0.0;
  }
  if (!is_variational()) {
    for (std::size_t k = 0; k < classes; ++k) {
      logs.prevalence[k] = exact_log((counts.prevalence[k] + prevalence_prior_) / all);
      part.add(weighted_log(prevalence_prior_, logs.prevalence[k]));
    }
    return part.value();
  }
  const double digamma_all = digamma(all);
  part.add(log_gamma(prior_total) - log_gamma(all));
  const double log_gamma_prior = log_gamma(prevalence_prior_);
  for (std::size_t k = 0; k < classes; ++k) {
    const double count = counts.prevalence[k];
    logs.prevalence[k] = std::max(log_least, digamma(count + prevalence_prior_) - digamma_all);
    part.add(log_gamma(count + prevalence_prior_) - log_gamma_prior -
             weighted_log(count, logs.prevalence[k]));
  }
  return part.value();
}

void ConfusionModel::row_totals(const Counts& counts, RaterIndex rater,
                                std::vector<double>& total) const {
  const std::size_t lanes = problem_->lane_count;
  total.assign(lanes, 0.0);
  const double* cell = counts.cell.data() + std::size_t{rater} * problem_->class_count * lanes;
  for (std::size_t l = 0; l < problem_->class_count; ++l, cell += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) total[k] += cell[k];
  }
}

double ConfusionModel::maximise_point(const Counts& counts, Counts& logs) const {
  const std::size_t lanes = problem_->lane_count;
  const std::uint32_t classes = problem_->class_count;
  const bool has_prior = std::ranges::any_of(prior_, [](double votes) { return votes > 0.0; });
  for (std::size_t cell = 0; cell < problem_->cell_count(); ++cell) {
    const double* const prior = prior_.data() + cell % classes * lanes;
    for (std::size_t k = 0; k < lanes; ++k) {
      logs.cell[cell * lanes + k] = counts.cell[cell * lanes + k] + prior[k];
    }
  }
  log_in_place(logs.cell);
  const double log_uniform = -exact_log(classes);
  std::vector<double> total;
  std::vector<double> log_total;
  ExactSum part;
  for (RaterIndex rater = 0; rater < problem_->rater_count; ++rater) {
    row_totals(counts, rater, total);
    for (std::size_t k = 0; k < lanes; ++k) total[k] += prior_sum_[k];
    log_total = total;
    log_in_place(log_total);
    for (std::size_t l = 0; l < classes; ++l) {
      double* const log = logs.cell.data() + (std::size_t{rater} * classes + l) * lanes;
      for (std::size_t k = 0; k < lanes; ++k) {
        if (k >= classes) {
          log[k] = 0.0;
        } else {
          log[k] = total[k] > 0.0 ? log[k] - log_total[k] : log_uniform;
        }
        if (has_prior) part.add(weighted_log(prior_[l * lanes + k], log[k]));
      }
    }
  }
  return part.value();
}

ConfusionModel::Score ConfusionModel::score_of(const Counts& counts, RaterIndex rater) const {
  const std::size_t lanes = problem_->lane_count;
  Score score;
  for (std::size_t l = 0; l < problem_->class_count; ++l) {
    const double* const cell =
        counts.cell.data() + (std::size_t{rater} * problem_->class_count + l) * lanes;
    score.right += cell[l];
    for (std::size_t k = 0; k < problem_->class_count; ++k) score.all += cell[k];
  }
  return score;
}

// The estimated probability of a right vote, by rater; the same for all of them in PooledCoin.
std::vector<double> ConfusionModel::right_shares(const Counts& counts) const {
  const bool is_pooled = method_ == ConsensusMethod::PooledCoin;
  std::vector<double> shares(problem_->rater_count);
  ExactSum right;
  ExactSum all;
  for (RaterIndex rater = 0; rater < problem_->rater_count; ++rater) {
    const Score score = score_of(counts, rater);
    right.add(score.right);
    all.add(score.all);
    const double total = score.all + right_votes_ + wrong_votes_;
    shares[rater] =
        total > 0.0 ? (score.right + right_votes_) / total : 1.0 / problem_->class_count;
  }
  if (is_pooled) {
    std::ranges::fill(shares,
                      (right.value() + right_votes_) / (all.value() + right_votes_ + wrong_votes_));
  }
  return shares;
}

double ConfusionModel::maximise_coin(const Counts& counts, Counts& logs) const {
  const std::size_t lanes = problem_->lane_count;
  const std::uint32_t classes = problem_->class_count;
  const std::vector<double> shares = right_shares(counts);
  ExactSum part;
  for (RaterIndex rater = 0; rater < problem_->rater_count; ++rater) {
    const double right = shares[rater];
    const double log_right = exact_log(right);
    const double log_wrong = exact_log(1.0 - right);
    const double log_each = classes > 1 ? exact_log((1.0 - right) / (classes - 1)) : 0.0;
    for (std::size_t l = 0; l < classes; ++l) {
      double* const log = logs.cell.data() + (std::size_t{rater} * classes + l) * lanes;
      for (std::size_t k = 0; k < classes; ++k) log[k] = l == k ? log_right : log_each;
    }
    if (method_ == ConsensusMethod::OneCoin || rater == 0) {  // one coin, one prior
      part.add(weighted_log(right_votes_, log_right) + weighted_log(wrong_votes_, log_wrong));
    }
  }
  return part.value();
}

double ConfusionModel::maximise_variational(const Counts& counts, Counts& logs) const {
  const std::size_t lanes = problem_->lane_count;
  const std::uint32_t classes = problem_->class_count;
  std::vector<double> digamma_prior(prior_.size());
  std::vector<double> log_gamma_prior(prior_.size());
  std::vector<double> log_gamma_sum(lanes);
  std::vector<double> digamma_sum(lanes);
  for (std::size_t k = 0; k < classes; ++k) {
    log_gamma_sum[k] = log_gamma(prior_sum_[k]);
    digamma_sum[k] = digamma(prior_sum_[k]);
    for (std::size_t l = 0; l < classes; ++l) {
      digamma_prior[l * lanes + k] = digamma(prior_[l * lanes + k]);
      log_gamma_prior[l * lanes + k] = log_gamma(prior_[l * lanes + k]);
    }
  }
  ExactSum part;
  std::vector<double> digamma_total(lanes);
  RaterGammas of;
  std::vector<double> total;
  for (RaterIndex rater = 0; rater < problem_->rater_count; ++rater) {
    row_totals(counts, rater, total);
    const double* const cell = counts.cell.data() + std::size_t{rater} * prior_.size();
    of.take(total, prior_sum_, std::span(cell, prior_.size()), prior_);
    std::size_t next = 0;
    for (std::size_t k = 0; k < classes; ++k) {
      digamma_total[k] = digamma_sum[k];
      if (total[k] == 0.0) continue;
      digamma_total[k] = of.digamma[next];
      part.add(log_gamma_sum[k] - of.log_gamma[next++]);
    }
    for (std::size_t l = 0; l < classes; ++l) {
      for (std::size_t k = 0; k < classes; ++k) {
        const std::size_t at = l * lanes + k;
        double& log = logs.cell[std::size_t{rater} * prior_.size() + at];
        const bool met = cell[at] > 0.0;
        const double expected = (met ? of.digamma[next] : digamma_prior[at]) - digamma_total[k];
        log = std::max(log_least, expected);
        if (met) part.add(of.log_gamma[next++] - log_gamma_prior[at] - cell[at] * log);
      }
    }
  }
  return part.value();
}

// T. P. Minka, Estimating a Dirichlet distribution (2000), equation 55: parameters times the ratio
// of the sums of digamma differences.
void ConfusionModel::move_prior(const Counts& counts) {
  const std::size_t lanes = problem_->lane_count;
  const std::uint32_t classes = problem_->class_count;
  std::vector<ExactSum> above(prior_.size());
  std::vector<ExactSum> below(lanes);
  std::vector<double> digamma_prior(prior_.size());
  std::vector<double> digamma_sum(lanes);
  for (std::size_t k = 0; k < classes; ++k) {
    digamma_sum[k] = digamma(prior_sum_[k]);
    for (std::size_t l = 0; l < classes; ++l) {
      digamma_prior[l * lanes + k] = digamma(prior_[l * lanes + k]);
    }
  }
  RaterGammas of;
  std::vector<double> total;
  for (RaterIndex rater = 0; rater < problem_->rater_count; ++rater) {
    row_totals(counts, rater, total);
    const double* const cell = counts.cell.data() + std::size_t{rater} * prior_.size();
    of.take(total, prior_sum_, std::span(cell, prior_.size()), prior_);
    std::size_t next = 0;
    for (std::size_t k = 0; k < classes; ++k) {
      if (total[k] > 0.0) below[k].add(of.digamma[next++] - digamma_sum[k]);
    }
    for (std::size_t at = 0; at < prior_.size(); ++at) {
      if (cell[at] > 0.0) above[at].add(of.digamma[next++] - digamma_prior[at]);
    }
  }
  if (method_ == ConsensusMethod::HierarchicalSymmetric) pool_ratios(above, below);
  std::vector<double> next = prior_;
  for (std::size_t k = 0; k < classes; ++k) {
    if (below[k].value() <= 0.0) continue;
    double row = 0.0;
    for (std::size_t l = 0; l < classes; ++l) {
      double& votes = next[l * lanes + k];
      votes = std::max(prior_least, votes * (above[l * lanes + k].value() / below[k].value()));
      votes = std::rint(votes / prior_unit) * prior_unit;
      row += votes;
    }
    if (row > prior_row_max) {  // the row stands still rather than grow without bound
      for (std::size_t l = 0; l < classes; ++l) next[l * lanes + k] = prior_[l * lanes + k];
    }
  }
  set_prior_votes(next);
}

// The same fixed point when all cells on the diagonal share one parameter, and all off it another.
void ConfusionModel::pool_ratios(std::vector<ExactSum>& above, std::vector<ExactSum>& below) const {
  const std::size_t lanes = problem_->lane_count;
  const std::uint32_t classes = problem_->class_count;
  ExactSum on;
  ExactSum off;
  ExactSum all;
  for (std::size_t k = 0; k < classes; ++k) {
    all.add(below[k]);
    for (std::size_t l = 0; l < classes; ++l) (k == l ? on : off).add(above[l * lanes + k]);
  }
  ExactSum off_mean;
  if (classes > 1) off_mean.add(off.value() / (classes - 1));
  for (std::size_t k = 0; k < classes; ++k) {
    below[k] = all;
    for (std::size_t l = 0; l < classes; ++l) above[l * lanes + k] = k == l ? on : off_mean;
  }
}

void ConfusionModel::estimate(const Counts& counts, Counts& parameters) const {
  const std::size_t lanes = problem_->lane_count;
  const std::uint32_t classes = problem_->class_count;
  ExactSum items;
  for (std::size_t k = 0; k < classes; ++k) items.add(counts.prevalence[k]);
  for (std::size_t k = 0; k < classes; ++k) {
    parameters.prevalence[k] = method_ == ConsensusMethod::PooledCoin
                                   ? 1.0 / classes
                                   : (counts.prevalence[k] + prevalence_prior_) /
                                         (items.value() + prevalence_prior_ * classes);
  }
  const std::vector<double> right =
      is_coin() ? right_shares(counts) : std::vector<double>(problem_->rater_count);
  std::vector<double> total;
  for (RaterIndex rater = 0; rater < problem_->rater_count; ++rater) {
    row_totals(counts, rater, total);
    for (std::size_t l = 0; l < classes; ++l) {
      const std::size_t at = (std::size_t{rater} * classes + l) * lanes;
      for (std::size_t k = 0; k < classes; ++k) {
        const double all = total[k] + prior_sum_[k];
        if (is_coin()) {
          parameters.cell[at + k] = l == k ? right[rater] : (1.0 - right[rater]) / (classes - 1);
        } else {
          parameters.cell[at + k] =
              all > 0.0 ? (counts.cell[at + k] + prior_[l * lanes + k]) / all : 1.0 / classes;
        }
      }
    }
  }
}

}  // namespace consilium
