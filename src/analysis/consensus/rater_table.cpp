#include "analysis/consensus/rater_table.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/parallel/parallel.hpp"
#include "analysis/statistics/distributions.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "analysis/statistics/interval.hpp"
#include "analysis/statistics/special_functions.hpp"

namespace consilium {
namespace {

// sum of r (1 - r) over the votes, by (rater, label said, true class): the variance of the
// complete-data counts given the votes, what Louis's missing information is made of.
std::vector<double> uncertain_counts(const EmProblem& problem, const Shares& shares) {
  const std::size_t lanes = problem.lane_count;
  const double shift = rounding_shift(problem.share_bits);
  std::vector<double> sums(problem.cell_count() * lanes);
  std::vector<double> spread(lanes);
  for (std::size_t row = 0; row < problem.row_count(); ++row) {
    const double* const share = shares.data() + row * lanes;
    for (std::size_t k = 0; k < lanes; ++k) {
      spread[k] = rounded(share[k] * (1.0 - share[k]), shift);
    }
    add_to_cells(problem, row, spread.data(), sums.data());
  }
  return sums;
}

// Effective number of votes behind the share p of a cell: observed information x p (1 - p), where
// the complete information is n / (p (1 - p)) and a vote of uncertain truth takes r (1 - r) times
// the square of its score: 1 / p if it says the cell's label, -1 / (1 - p) if another.
double effective_votes(double total, double p, double uncertain_said, double uncertain_other) {
  if (p <= 0.0 || p >= 1.0) return std::max(0.0, total - uncertain_said - uncertain_other);
  const double missing = uncertain_said / (p * p) + uncertain_other / ((1.0 - p) * (1.0 - p));
  return std::clamp(total - missing * p * (1.0 - p), 0.0, total);
}

double information(const EmProblem& problem, const Counts& parameters, RaterIndex rater) {
  const std::size_t lanes = problem.lane_count;
  const double* const cell =
      parameters.cell.data() + std::size_t{rater} * problem.class_count * lanes;
  ExactSum sum;
  for (std::size_t l = 0; l < problem.class_count; ++l) {
    ExactSum said;
    for (std::size_t k = 0; k < problem.class_count; ++k) {
      said.add(parameters.prevalence[k] * cell[l * lanes + k]);
    }
    const double share = said.value();
    for (std::size_t k = 0; k < problem.class_count; ++k) {
      const double both = parameters.prevalence[k] * cell[l * lanes + k];
      if (both > 0.0 && share > 0.0) {
        sum.add(both * (exact_log(cell[l * lanes + k]) - exact_log(share)));
      }
    }
  }
  return std::max(0.0, sum.value());
}

// Central interval of Beta(votes p + extra, votes (1 - p) + extra) whose tails weigh `tail` each.
Interval beta_interval(double p, double votes, double extra, double tail) {
  const double a = votes * p + extra;
  const double b = votes * (1.0 - p) + extra;
  if (a <= 0.0 || b <= 0.0) return {std::floor(p), std::ceil(p)};
  // The interval holds p: at 0 and 1 one of its ends is known, and most cells of few votes are
  // there.
  const double lower = p <= 0.0 ? 0.0 : std::min(p, beta_quantile(a, b, tail));
  const double upper = p >= 1.0 ? 1.0 : std::max(p, beta_quantile(a, b, 1.0 - tail));
  return {lower, upper};
}

// The coin's counterpart of effective_votes: a vote is right with probability r, and its score
// differs by 1 / (q (1 - q)) between right and wrong.
double effective_coin_votes(double all, double q, double uncertain) {
  if (q <= 0.0 || q >= 1.0) return std::max(0.0, all - uncertain);
  return std::clamp(all - uncertain / (q * (1.0 - q)), 0.0, all);
}

// One rater's part of the table being filled.
class RaterRows {
 public:
  RaterRows(const EmProblem& problem, const Counts& parameters, const Counts& counts,
            const std::vector<double>& uncertain, std::span<const double> prior_votes,
            const IntervalStyle& style, RaterIndex rater, RaterTable& table)
      : classes_(problem.class_count),
        lanes_(problem.lane_count),
        begin_(std::size_t{rater} * classes_ * lanes_),
        share_(parameters.cell.data() + begin_),
        count_(counts.cell.data() + begin_),
        uncertain_(uncertain.empty() ? nullptr : uncertain.data() + begin_),
        prior_(prior_votes),
        style_(style),
        to_(std::size_t{rater} * classes_ * classes_),
        table_(table) {}

  // All but the intervals.
  void fill_estimates() const {
    for (std::size_t k = 0; k < classes_; ++k) {
      for (std::size_t l = 0; l < classes_; ++l) {
        const std::size_t to = to_ + k * classes_ + l;
        table_.confusion[to] = share_[l * lanes_ + k];
        table_.expected_count[to] = count_[l * lanes_ + k];
      }
    }
  }

  void fill_intervals() const {
    for (std::size_t k = 0; k < classes_; ++k) {
      double total = 0.0;
      double uncertain_total = 0.0;
      for (std::size_t l = 0; l < classes_; ++l) {
        total += count_[l * lanes_ + k];
        uncertain_total += uncertain_[l * lanes_ + k];
      }
      for (std::size_t l = 0; l < classes_; ++l) {
        const std::size_t at = l * lanes_ + k;
        const double votes =
            effective_votes(total, share_[at], uncertain_[at], uncertain_total - uncertain_[at]);
        put(l, k,
            beta_interval(share_[at], votes + prior_total(k), style_.extra_votes, style_.tail));
      }
    }
  }

  void fill_coin_intervals() const {
    double all = 0.0;
    double uncertain = 0.0;
    for (std::size_t l = 0; l < classes_; ++l) {
      uncertain += uncertain_[l * lanes_ + l];
      for (std::size_t k = 0; k < classes_; ++k) all += count_[l * lanes_ + k];
    }
    const double right = share_[0];
    const double prior = prior_[0] + (classes_ > 1 ? prior_[1] : 0.0);
    const Interval of_right =
        beta_interval(right, effective_coin_votes(all, right, uncertain) + prior,
                      style_.extra_votes, style_.tail);
    const auto others = static_cast<double>(std::max<std::size_t>(1, classes_ - 1));
    const Interval of_wrong{(1.0 - of_right.upper) / others, (1.0 - of_right.lower) / others};
    for (std::size_t k = 0; k < classes_; ++k) {
      for (std::size_t l = 0; l < classes_; ++l) put(l, k, l == k ? of_right : of_wrong);
    }
  }

 private:
  [[nodiscard]] double prior_total(std::size_t k) const {
    ExactSum sum;
    for (std::size_t l = 0; l < classes_; ++l) sum.add(prior_[l * lanes_ + k]);
    return sum.value();
  }
  void put(std::size_t l, std::size_t k, const Interval& interval) const {
    const std::size_t to = to_ + k * classes_ + l;
    table_.lower[to] = interval.lower;
    table_.upper[to] = interval.upper;
  }

  std::size_t classes_;
  std::size_t lanes_;
  std::size_t begin_;
  const double* share_;
  const double* count_;
  const double* uncertain_;
  std::span<const double> prior_;
  const IntervalStyle& style_;
  std::size_t to_;
  RaterTable& table_;
};

}  // namespace

RaterTable make_rater_table(const EmProblem& problem, const Shares& shares,
                            const Counts& parameters, const Counts& counts,
                            std::span<const double> prior_votes, const IntervalStyle& style) {
  const std::size_t classes = problem.class_count;
  const bool has_intervals = style.intervals == RaterIntervals::Beta;
  const std::vector<double> uncertain =
      has_intervals ? uncertain_counts(problem, shares) : std::vector<double>{};
  RaterTable table;
  table.class_count = problem.class_count;
  table.vote_count = problem.rater_votes;
  table.confusion.resize(problem.cell_count() * classes);
  table.expected_count.resize(problem.cell_count() * classes);
  if (has_intervals) {
    table.lower.resize(problem.cell_count() * classes);
    table.upper.resize(problem.cell_count() * classes);
  }
  table.information_nats.resize(problem.rater_count);
  table.weight.resize(problem.rater_count);
  const double log_classes = std::log(static_cast<double>(classes));
  for_each_part(problem.rater_count, problem.threads, [&] {
    return [&](std::size_t number) {
      const auto rater = static_cast<RaterIndex>(number);
      const RaterRows rows(problem, parameters, counts, uncertain, prior_votes, style, rater,
                           table);
      rows.fill_estimates();
      if (has_intervals) style.is_coin ? rows.fill_coin_intervals() : rows.fill_intervals();
      const double nats = information(problem, parameters, rater);
      table.information_nats[rater] = nats;
      table.weight[rater] = classes > 1 ? nats / log_classes : 0.0;
    };
  });
  return table;
}

}  // namespace consilium
