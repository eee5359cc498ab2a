#include "analysis/crowd/ordinal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "analysis/crowd/climb.hpp"
#include "analysis/crowd/vote_checks.hpp"
#include "analysis/statistics/distributions.hpp"
#include "analysis/statistics/exact_sum.hpp"

namespace consilium::crowd {
namespace {

constexpr std::size_t node_count = 81;
constexpr double node_step = 0.125;
constexpr double z_limit = 5;
constexpr double share_least = 1e-12;
constexpr double step_done = 1e-2;
constexpr double mark_prior_deviation = 3;
constexpr double mark_gap_min = 1e-3;

double node(std::size_t q) { return -z_limit + node_step * static_cast<double>(q); }

class Fit {
 public:
  Fit(const VoteTable& votes, const OrdinalOptions& options)
      : votes_(votes),
        options_(options),
        classes_(votes.class_count),
        log_share_(std::size_t{votes.rater_count} * classes_ * node_count),
        expected_(log_share_.size()),
        on_grid_(std::size_t{votes.item_count()} * node_count) {
    result_.rater_bias.assign(votes.rater_count, 0);
    log_precision_.assign(votes.rater_count, options.log_precision_mean);
    cast_.resize(votes.rater_count);
    for (const RaterIndex r : votes.rater) ++cast_[r];
    place_marks();
    double sum = 0;
    for (std::size_t q = 0; q < node_count; ++q) sum += normal_density(node(q));
    for (std::size_t q = 0; q < node_count; ++q) {
      log_prior_[q] = to_fixed(std::log(normal_density(node(q)) / sum));
    }
  }

  OrdinalResult run() {
    double before = 0;
    for (int iteration = 0; iteration < options_.iterations_max; ++iteration) {
      expect();
      const double objective = result_.log_likelihood + prior();
      result_.objective_of.push_back(objective);
      if (iteration > 0 && objective - before < options_.gain_min) {
        result_.converged = true;
        break;
      }
      before = objective;
      if (iteration + 1 < options_.iterations_max) maximise();
    }
    tell();
    return std::move(result_);
  }

 private:
  using Grid = std::array<double, node_count>;

  [[nodiscard]] std::size_t row(RaterIndex r, std::uint32_t k) const {
    return (std::size_t{r} * classes_ + k) * node_count;
  }

  // The marks at which a mean rater would give the grades as often as they were given.
  void place_marks() {
    std::vector<std::uint64_t> given(classes_);
    for (const ClassIndex label : votes_.label) ++given[label];
    const double spread = std::sqrt(1 + std::exp(-2 * options_.log_precision_mean));
    double below = 0;
    const double all = static_cast<double>(votes_.vote_count()) + 0.5 * classes_;
    for (std::uint32_t k = 0; k + 1 < classes_; ++k) {
      below += (static_cast<double>(given[k]) + 0.5) / all;
      const double at = spread * normal_quantile(std::clamp(below, 1e-6, 1 - 1e-6));
      const double least = k == 0 ? at : result_.mark.back() + 2 * mark_gap_min;
      result_.mark.push_back(std::max(at, least));
    }
  }

  // (share below mark k, density there) seen from z by rater r; k = -1 and the last are the ends.
  struct Edge {
    double below = 0;
    double density = 0;
    double at = 0;
  };
  [[nodiscard]] Edge edge(std::uint32_t k, double mark, double z, double bias,
                          double precision) const {
    if (k + 1 == classes_) return {1, 0, 0};
    const double at = precision * (mark - z - bias);
    return {normal_probability(at), normal_density(at), at};
  }

  void fill_shares() {
    for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
      const double precision = std::exp(log_precision_[r]);
      for (std::size_t q = 0; q < node_count; ++q) {
        double below = 0;
        for (std::uint32_t k = 0; k < classes_; ++k) {
          const double mark = k + 1 < classes_ ? result_.mark[k] : 0;
          const Edge upper = edge(k, mark, node(q), result_.rater_bias[r], precision);
          log_share_[row(r, k) + q] =
              to_fixed(std::log(std::max(upper.below - below, share_least)));
          below = upper.below;
        }
      }
    }
  }

  void expect() {
    fill_shares();
    std::ranges::fill(expected_, 0);
    ExactSum likelihood;
    std::array<FixedPoint, node_count> scores{};
    for (ItemIndex i = 0; i < votes_.item_count(); ++i) {
      scores = log_prior_;
      for (std::uint64_t v = votes_.first[i]; v < votes_.first[i + 1]; ++v) {
        const FixedPoint* share = &log_share_[row(votes_.rater[v], votes_.label[v])];
        for (std::size_t q = 0; q < node_count; ++q) scores[q] += share[q];
      }
      const FixedPoint top = *std::ranges::max_element(scores);
      double* on_grid = &on_grid_[std::size_t{i} * node_count];
      double sum = 0;
      for (std::size_t q = 0; q < node_count; ++q) {
        sum += on_grid[q] = std::exp(from_fixed(scores[q] - top));
      }
      std::array<FixedPoint, node_count> whole{};
      for (std::size_t q = 0; q < node_count; ++q) {
        on_grid[q] /= sum;
        whole[q] = to_fixed(on_grid[q]);
      }
      for (std::uint64_t v = votes_.first[i]; v < votes_.first[i + 1]; ++v) {
        FixedPoint* expected = &expected_[row(votes_.rater[v], votes_.label[v])];
        for (std::size_t q = 0; q < node_count; ++q) expected[q] += whole[q];
      }
      likelihood.add(from_fixed(top) + std::log(sum));
    }
    result_.log_likelihood = likelihood.value();
  }

  static double penalty(double value, double mean, double deviation) {
    return -0.5 * (value - mean) * (value - mean) / (deviation * deviation);
  }

  [[nodiscard]] double prior() const {
    ExactSum sum;
    for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
      sum.add(penalty(result_.rater_bias[r], 0, options_.bias_deviation));
      sum.add(penalty(log_precision_[r], options_.log_precision_mean,
                      options_.log_precision_deviation));
    }
    for (const double mark : result_.mark) sum.add(penalty(mark, 0, mark_prior_deviation));
    return sum.value();
  }

  // Slopes of rater r's expected log likelihood along a direction in which each mark's place, as
  // the rater sees it, moves by move(k, edge). The second one is the expected information.
  template <class Move>
  Slopes slopes(RaterIndex r, double bias, double precision, const std::vector<double>& marks,
                const Move& move) const {
    Slopes sum;
    for (std::size_t q = 0; q < node_count; ++q) {
      double here = 0;
      for (std::uint32_t k = 0; k < classes_; ++k) here += from_fixed(expected_[row(r, k) + q]);
      if (here <= 0) continue;
      Edge lower;
      double lower_move = 0;
      for (std::uint32_t k = 0; k < classes_; ++k) {
        const Edge upper = edge(k, k + 1 < classes_ ? marks[k] : 0, node(q), bias, precision);
        const double upper_move = upper.density * move(k, upper);
        const double share = std::max(upper.below - lower.below, share_least);
        const double rise = upper_move - lower_move;
        sum.first += from_fixed(expected_[row(r, k) + q]) * rise / share;
        sum.second -= here * rise * rise / share;
        lower = upper;
        lower_move = upper_move;
      }
    }
    return sum;
  }

  void maximise() {
    for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
      if (cast_[r] > 0) move_rater(r);
    }
    for (std::uint32_t k = 0; k + 1 < classes_; ++k) move_mark(k);
  }

  void move_rater(RaterIndex r) {
    double& bias = result_.rater_bias[r];
    const double of_bias = options_.bias_deviation * options_.bias_deviation;
    const double of_precision = options_.log_precision_deviation * options_.log_precision_deviation;
    bias = climb(bias, -z_limit, z_limit, step_done, [&](double at) {
      const double precision = std::exp(log_precision_[r]);
      Slopes slope = slopes(r, at, precision, result_.mark,
                            [&](std::uint32_t, const Edge&) { return -precision; });
      slope.first -= at / of_bias;
      slope.second -= 1 / of_bias;
      return slope;
    });
    log_precision_[r] = climb(log_precision_[r], -4, 3, step_done, [&](double at) {
      Slopes slope = slopes(r, bias, std::exp(at), result_.mark,
                            [&](std::uint32_t, const Edge& edge) { return edge.at; });
      slope.first -= (at - options_.log_precision_mean) / of_precision;
      slope.second -= 1 / of_precision;
      return slope;
    });
  }

  void move_mark(std::uint32_t k) {
    const double low = k == 0 ? -2 * z_limit : result_.mark[k - 1] + mark_gap_min;
    const double high = k + 2 < classes_ ? result_.mark[k + 1] - mark_gap_min : 2 * z_limit;
    std::vector<double> marks = result_.mark;
    result_.mark[k] = climb(result_.mark[k], low, high, step_done, [&](double at) {
      marks[k] = at;
      ExactSum first;
      ExactSum second;
      for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
        if (cast_[r] == 0) continue;
        const double precision = std::exp(log_precision_[r]);
        const Slopes slope =
            slopes(r, result_.rater_bias[r], precision, marks,
                   [&](std::uint32_t of, const Edge&) { return of == k ? precision : 0; });
        first.add(slope.first);
        second.add(slope.second);
      }
      const double of_mark = mark_prior_deviation * mark_prior_deviation;
      return Slopes{first.value() - at / of_mark, second.value() - 1 / of_mark};
    });
  }

  void tell() {
    result_.posterior.assign(std::size_t{votes_.item_count()} * classes_, 0);
    for (ItemIndex i = 0; i < votes_.item_count(); ++i) {
      const double* on_grid = &on_grid_[std::size_t{i} * node_count];
      double mean = 0;
      double square = 0;
      for (std::size_t q = 0; q < node_count; ++q) {
        mean += on_grid[q] * node(q);
        square += on_grid[q] * node(q) * node(q);
        // A node stands for its step; a mark within the step splits it.
        double below = -std::numeric_limits<double>::infinity();
        for (std::uint32_t k = 0; k < classes_; ++k) {
          const double above =
              k + 1 < classes_ ? result_.mark[k] : std::numeric_limits<double>::infinity();
          const double begin = std::max(below, node(q) - node_step / 2);
          const double end = std::min(above, node(q) + node_step / 2);
          if (end > begin) {
            result_.posterior[std::size_t{i} * classes_ + k] +=
                on_grid[q] * (end - begin) / node_step;
          }
          below = above;
        }
      }
      result_.item_mean.push_back(mean);
      result_.item_deviation.push_back(std::sqrt(std::max(0.0, square - mean * mean)));
    }
    for (const double log_precision : log_precision_) {
      result_.rater_precision.push_back(std::exp(log_precision));
    }
  }

  const VoteTable& votes_;
  const OrdinalOptions& options_;
  std::uint32_t classes_;
  std::vector<FixedPoint> log_share_;  // by rater, class and node
  std::vector<FixedPoint> expected_;   // votes expected to come from each node, likewise
  std::vector<double> on_grid_;        // items x nodes: posterior of z
  std::array<FixedPoint, node_count> log_prior_{};
  std::vector<double> log_precision_;
  std::vector<std::uint64_t> cast_;
  OrdinalResult result_;
};

}  // namespace

Result<OrdinalResult> fit_ordinal(const VoteTable& votes, const OrdinalOptions& options) {
  CSL_TRY(check_votes(votes));
  constexpr std::uint32_t class_count_max = 64;
  if (votes.class_count > class_count_max) {
    return fail(ErrorCode::TooLarge, "the scale has over 64 grades",
                fmt::format("{}", votes.class_count), "treat it as a quantity");
  }
  const auto in_range = [](double deviation) { return deviation >= 0.01 && deviation <= 10; };
  if (!in_range(options.bias_deviation) || !in_range(options.log_precision_deviation) ||
      !(std::fabs(options.log_precision_mean) <= 2) || !(options.gain_min >= 0) ||
      options.iterations_max < 1) {
    return fail(ErrorCode::InvalidInput, "an option of the model is out of range", {},
                "deviations from 0.01 to 10, a mean log precision within 2 of 0");
  }
  return Fit(votes, options).run();
}

}  // namespace consilium::crowd
