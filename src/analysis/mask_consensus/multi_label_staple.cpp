#include "analysis/mask_consensus/multi_label_staple.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/mask_consensus/fixed_point.hpp"
#include "analysis/mask_consensus/label_vote.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

using mask_consensus::fixed_log;
using mask_consensus::fixed_probability;
using mask_consensus::ratio;

// Stands for the logarithm of 0. It only marks: no sum is taken with it.
constexpr std::int64_t log_of_zero = std::numeric_limits<std::int64_t>::min();

std::int64_t log_or_zero(double value) { return value > 0 ? fixed_log(value) : log_of_zero; }

class Estimation {
 public:
  Estimation(const VotePatterns& patterns, const MultiLabelStapleSettings& settings,
             std::uint16_t undecided)
      : patterns_(patterns),
        settings_(settings),
        labels_(patterns.labels.size()),
        raters_(patterns.rater_count),
        logs_(raters_ * labels_ * labels_),
        log_prior_(labels_),
        log_weights_(labels_),
        weights_(labels_) {
    result_.labels = patterns.labels;
    result_.undecided = undecided;
    result_.confusion.assign(raters_, std::vector<double>(labels_ * labels_));
  }

  MultiLabelStapleResult run(const std::vector<std::uint16_t>& voted) {
    estimate_prior();
    start_from(voted);
    take_logs();
    while (result_.iterations < settings_.iterations_max && !result_.converged) {
      result_.converged = improve() < settings_.tolerance;
      take_logs();
      ++result_.iterations;
    }
    decide();
    return std::move(result_);
  }

 private:
  void estimate_prior() {
    std::vector<Wide> votes_for(labels_);
    Wide votes = 0;
    for (std::size_t p = 0; p < patterns_.pattern_count(); ++p) {
      const auto count = static_cast<Wide>(patterns_.voxel_counts[p]);
      for (const std::uint16_t vote : patterns_.votes_of(p)) {
        votes_for[vote] += count;
        votes += count;
      }
    }
    for (std::size_t c = 0; c < labels_; ++c) {
      result_.prior.push_back(ratio(votes_for[c], votes));
      log_prior_[c] = log_or_zero(result_.prior[c]);
    }
  }

  // Counts of what each rater said where the vote was clear.
  void start_from(const std::vector<std::uint16_t>& voted) {
    std::vector<Wide> counts(raters_ * labels_ * labels_);
    for (std::size_t p = 0; p < patterns_.pattern_count(); ++p) {
      const auto winner = std::ranges::lower_bound(patterns_.labels, voted[p]);
      if (winner == patterns_.labels.end() || *winner != voted[p]) continue;  // undecided
      const auto truth = static_cast<std::size_t>(winner - patterns_.labels.begin());
      const auto votes = patterns_.votes_of(p);
      for (std::size_t r = 0; r < raters_; ++r) {
        counts[place(r, votes[r], truth)] += static_cast<Wide>(patterns_.voxel_counts[p]);
      }
    }
    for (std::size_t r = 0; r < raters_; ++r) {
      for (std::size_t said = 0; said < labels_; ++said) {
        Wide sum = 0;
        for (std::size_t c = 0; c < labels_; ++c) sum += counts[place(r, said, c)];
        if (sum == 0) continue;
        for (std::size_t c = 0; c < labels_; ++c) {
          result_.confusion[r][said * labels_ + c] = ratio(counts[place(r, said, c)], sum);
        }
      }
    }
  }

  [[nodiscard]] std::size_t place(std::size_t rater, std::size_t said, std::size_t truth) const {
    return (rater * labels_ + said) * labels_ + truth;
  }

  void take_logs() {
    for (std::size_t r = 0; r < raters_; ++r) {
      std::ranges::transform(result_.confusion[r],
                             logs_.begin() + static_cast<std::ptrdiff_t>(place(r, 0, 0)),
                             log_or_zero);
    }
  }

  // log_weights_ and weights_ (in fixed point, adding up to about 1) of a pattern. False, and all
  // weights 0, when no label is possible.
  bool weigh(std::span<const std::uint16_t> votes) {
    std::int64_t greatest = log_of_zero;
    for (std::size_t c = 0; c < labels_; ++c) {
      std::int64_t sum = log_prior_[c];
      for (std::size_t r = 0; r < raters_ && sum != log_of_zero; ++r) {
        const std::int64_t log = logs_[place(r, votes[r], c)];
        sum = log == log_of_zero ? log_of_zero : sum + log;
      }
      log_weights_[c] = sum;
      greatest = std::max(greatest, sum);
    }
    if (greatest == log_of_zero) {
      std::ranges::fill(weights_, 0);
      return false;
    }
    Wide total = 0;
    for (std::size_t c = 0; c < labels_; ++c) {
      weights_[c] = log_weights_[c] == log_of_zero
                        ? 0
                        : fixed_probability(std::exp(from_fixed(log_weights_[c] - greatest)));
      total += weights_[c];
    }
    for (std::int64_t& weight : weights_) weight = fixed_probability(ratio(weight, total));
    return true;
  }

  // One iteration. Returns how far a matrix entry moved at most.
  double improve() {
    std::vector<Wide> sums(raters_ * labels_ * labels_);
    for (std::size_t p = 0; p < patterns_.pattern_count(); ++p) {
      const auto count = static_cast<Wide>(patterns_.voxel_counts[p]);
      const auto votes = patterns_.votes_of(p);
      if (count == 0 || !weigh(votes)) continue;
      for (std::size_t r = 0; r < raters_; ++r) {
        Wide* of_said = &sums[place(r, votes[r], 0)];
        for (std::size_t c = 0; c < labels_; ++c) of_said[c] += count * weights_[c];
      }
    }
    double moved = 0;
    for (std::size_t r = 0; r < raters_; ++r) {
      for (std::size_t c = 0; c < labels_; ++c) {
        Wide sum = 0;
        for (std::size_t said = 0; said < labels_; ++said) sum += sums[place(r, said, c)];
        for (std::size_t said = 0; said < labels_; ++said) {
          const double next = sum == 0 ? 0 : ratio(sums[place(r, said, c)], sum);
          double& entry = result_.confusion[r][said * labels_ + c];
          moved = std::max(moved, std::abs(next - entry));
          entry = next;
        }
      }
    }
    return moved;
  }

  void decide() {
    for (std::size_t p = 0; p < patterns_.pattern_count(); ++p) {
      if (!weigh(patterns_.votes_of(p))) {
        result_.label_of_pattern.push_back(result_.undecided);
        result_.probability.push_back(0);
        continue;
      }
      const auto greatest = std::ranges::max_element(log_weights_);
      const auto winner = static_cast<std::size_t>(greatest - log_weights_.begin());
      const bool tied = std::ranges::count(log_weights_, *greatest) > 1;
      result_.label_of_pattern.push_back(tied ? result_.undecided : patterns_.labels[winner]);
      result_.probability.push_back(static_cast<double>(weights_[winner]) /
                                    mask_consensus::probability_one);
    }
  }

  const VotePatterns& patterns_;
  const MultiLabelStapleSettings& settings_;
  std::size_t labels_;
  std::size_t raters_;
  std::vector<std::int64_t> logs_;  // of the confusion matrices, by place()
  std::vector<std::int64_t> log_prior_;
  std::vector<std::int64_t> log_weights_;
  std::vector<std::int64_t> weights_;
  MultiLabelStapleResult result_;
};

}  // namespace

Result<MultiLabelStapleResult> multi_label_staple(const VotePatterns& patterns,
                                                  const MultiLabelStapleSettings& settings) {
  if (settings.iterations_max < 0 || !(settings.tolerance >= 0)) {
    return fail(ErrorCode::InvalidInput, "the number of iterations or the tolerance is below 0",
                fmt::format("iterations_max {}, tolerance {}", settings.iterations_max,
                            settings.tolerance));
  }
  constexpr std::size_t entries_max = 1UL << 28U;
  const std::size_t labels = patterns.labels.size();
  if (labels * labels > entries_max / std::max<std::size_t>(1, patterns.rater_count)) {
    return fail(ErrorCode::TooLarge, "the confusion matrices are too large",
                fmt::format("{} raters, {} labels", patterns.rater_count, labels),
                "leave labels out, or join them");
  }
  const std::uint16_t undecided = CSL_TRY(undecided_label(patterns, settings.undecided));
  // The start asks for a label that no volume holds; what is written has the wanted one.
  const auto voted = CSL_TRY(label_voting(patterns, undecided));
  return Estimation(patterns, settings, undecided).run(voted);
}

}  // namespace consilium
