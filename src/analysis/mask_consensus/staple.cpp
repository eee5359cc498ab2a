#include "analysis/mask_consensus/staple.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/mask_consensus/fixed_point.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

using mask_consensus::fixed_log;
using mask_consensus::fixed_probability;
using mask_consensus::probability_one;
using mask_consensus::ratio;

// A probability of 0 keeps a logarithm: two raters who are each certain of the contrary would
// leave 0 / 0 otherwise (ITK gives NaN there, and everywhere after).
constexpr double probability_min = 1e-300;

std::int64_t safe_log(double probability) {
  return fixed_log(std::max(probability, probability_min));
}

// The four logarithms of a rater.
struct RaterLogs {
  std::int64_t marked_if_foreground = 0;
  std::int64_t unmarked_if_foreground = 0;
  std::int64_t marked_if_background = 0;
  std::int64_t unmarked_if_background = 0;
};

class Estimation {
 public:
  Estimation(const VotePatterns& patterns, const StapleSettings& settings)
      : patterns_(patterns),
        settings_(settings),
        weights_(patterns.pattern_count()),
        sensitivity_(patterns.rater_count),
        specificity_(patterns.rater_count) {}

  StapleResult run(Wide marked, Wide votes) {
    prior_ = ratio(marked, votes);
    if (settings_.prior == StaplePrior::Fixed) prior_ *= settings_.confidence_weight;
    StapleResult result{.prior = settings_.prior};
    if (settings_.start == StapleStart::VoteShare) {
      start_from_shares();
    } else {
      std::ranges::fill(sensitivity_, 0.99999);
      std::ranges::fill(specificity_, 0.99999);
      expect();
    }
    while (result.iterations < settings_.iterations_max && !result.converged) {
      const double moved = maximise();
      result.log_likelihood.push_back(expect());
      // The first step leads away from no estimate yet.
      result.converged = result.iterations > 0 && moved <= settings_.tolerance;
      ++result.iterations;
    }
    result.foreground_prior = prior_;
    for (const std::int64_t weight : weights_) {
      result.foreground_probability.push_back(static_cast<double>(weight) / probability_one);
    }
    result.sensitivity.assign(sensitivity_.begin(), sensitivity_.end());
    result.specificity.assign(specificity_.begin(), specificity_.end());
    return result;
  }

 private:
  void start_from_shares() {
    for (std::size_t p = 0; p < weights_.size(); ++p) {
      const auto votes = patterns_.votes_of(p);
      const auto marked = static_cast<double>(std::ranges::count(votes, 1));
      weights_[p] = fixed_probability(marked / static_cast<double>(votes.size()));
    }
  }

  // Sensitivities and specificities from the weights. Returns how far one of them moved at most.
  double maximise() {
    const auto one = static_cast<std::int64_t>(probability_one);
    const std::size_t raters = patterns_.rater_count;
    Wide foreground = 0;
    Wide background = 0;
    std::vector<Wide> marked(raters);
    std::vector<Wide> unmarked(raters);
    for (std::size_t p = 0; p < weights_.size(); ++p) {
      const auto count = static_cast<Wide>(patterns_.voxel_counts[p]);
      if (count == 0) continue;
      const Wide inside = count * weights_[p];
      const Wide outside = count * (one - weights_[p]);
      foreground += inside;
      background += outside;
      const auto votes = patterns_.votes_of(p);
      for (std::size_t r = 0; r < raters; ++r) {
        if (votes[r] != 0) {
          marked[r] += inside;
        } else {
          unmarked[r] += outside;
        }
      }
    }
    double moved = 0;
    const auto move = [&moved](double& value, Wide part, Wide whole) {
      if (whole == 0) return;  // all weight has left this side: nothing new is learnt of it
      const double next = ratio(part, whole);
      moved = std::max(moved, std::abs(next - value));
      value = next;
    };
    for (std::size_t r = 0; r < raters; ++r) {
      move(sensitivity_[r], marked[r], foreground);
      move(specificity_[r], unmarked[r], background);
    }
    if (settings_.prior == StaplePrior::Estimated) {
      prior_ = ratio(foreground, foreground + background);
    }
    return moved;
  }

  // Weights from sensitivities and specificities. Returns the votes' log-likelihood.
  double expect() {
    const std::size_t raters = patterns_.rater_count;
    std::vector<RaterLogs> logs(raters);
    for (std::size_t r = 0; r < raters; ++r) {
      logs[r] = {.marked_if_foreground = safe_log(sensitivity_[r]),
                 .unmarked_if_foreground = safe_log(1 - sensitivity_[r]),
                 .marked_if_background = safe_log(1 - specificity_[r]),
                 .unmarked_if_background = safe_log(specificity_[r])};
    }
    const std::int64_t log_prior = safe_log(prior_);
    const std::int64_t log_rest = safe_log(1 - prior_);
    Wide likelihood = 0;
    for (std::size_t p = 0; p < weights_.size(); ++p) {
      std::int64_t foreground = log_prior;
      std::int64_t background = log_rest;
      const auto votes = patterns_.votes_of(p);
      for (std::size_t r = 0; r < raters; ++r) {
        const bool marked = votes[r] != 0;
        foreground += marked ? logs[r].marked_if_foreground : logs[r].unmarked_if_foreground;
        background += marked ? logs[r].marked_if_background : logs[r].unmarked_if_background;
      }
      const double odds = from_fixed(foreground - background);
      weights_[p] = fixed_probability(1 / (1 + std::exp(-odds)));
      const double log_sum =
          from_fixed(std::max(foreground, background)) + std::log1p(std::exp(-std::abs(odds)));
      likelihood +=
          static_cast<Wide>(patterns_.voxel_counts[p]) * std::llround(log_sum * fixed_one);
    }
    return static_cast<double>(likelihood) / fixed_one;
  }

  const VotePatterns& patterns_;
  const StapleSettings& settings_;
  std::vector<std::int64_t> weights_;  // W of each pattern
  std::vector<double> sensitivity_;
  std::vector<double> specificity_;
  double prior_ = 0;
};

Status check_settings(const StapleSettings& settings) {
  if (!(settings.confidence_weight > 0) || std::isinf(settings.confidence_weight)) {
    return fail(ErrorCode::InvalidInput, "the confidence weight is not above 0",
                fmt::format("{}", settings.confidence_weight));
  }
  if (settings.iterations_max < 1 || !(settings.tolerance >= 0)) {
    return fail(ErrorCode::InvalidInput, "there is no iteration or no tolerance",
                fmt::format("iterations_max {}, tolerance {}", settings.iterations_max,
                            settings.tolerance));
  }
  return {};
}

template <class Value>
Status write_scaled(const VotePatterns& patterns, const StapleResult& result, std::span<Value> out,
                    double scale, unsigned threads) {
  std::vector<Value> values;
  values.reserve(result.foreground_probability.size());
  for (const double probability : result.foreground_probability) {
    const double scaled = probability * scale;
    values.push_back(static_cast<Value>(std::is_integral_v<Value> ? std::round(scaled) : scaled));
  }
  return write_by_pattern(patterns, std::span<const Value>(values), out, threads);
}

}  // namespace

Result<StapleResult> staple(const VotePatterns& patterns, const StapleSettings& settings) {
  CSL_TRY(check_settings(settings));
  if (patterns.labels != std::vector<std::uint16_t>{0, 1} || patterns.rater_count == 0) {
    return fail(ErrorCode::InvalidInput, "the vote patterns are not those of binary masks", {},
                "use the multi-label estimate for label volumes");
  }
  Wide marked = 0;
  Wide votes = 0;
  for (std::size_t p = 0; p < patterns.pattern_count(); ++p) {
    const auto count = static_cast<Wide>(patterns.voxel_counts[p]);
    marked += count * std::ranges::count(patterns.votes_of(p), 1);
    votes += count * static_cast<Wide>(patterns.rater_count);
  }
  if (votes == 0) return fail(ErrorCode::InvalidInput, "the vote patterns hold no voxel");
  if (settings.prior == StaplePrior::Fixed &&
      ratio(marked, votes) * settings.confidence_weight > 1) {
    return fail(ErrorCode::InvalidInput, "the confidence weight brings the prior above 1",
                fmt::format("{} times the share of marked votes, {}", settings.confidence_weight,
                            ratio(marked, votes)));
  }
  if (marked != 0 && marked != votes) return Estimation(patterns, settings).run(marked, votes);
  // All raters agree everywhere, and one of the two numbers of each has nothing to rest on.
  const bool full = marked != 0;
  StapleResult result{.prior = settings.prior, .foreground_prior = full ? 1.0 : 0.0};
  result.sensitivity.assign(patterns.rater_count, full ? std::optional(1.0) : std::nullopt);
  result.specificity.assign(patterns.rater_count, full ? std::nullopt : std::optional(1.0));
  result.foreground_probability.assign(patterns.pattern_count(), full ? 1.0 : 0.0);
  result.converged = true;
  return result;
}

Status write_probability(const VotePatterns& patterns, const StapleResult& result,
                         std::span<float> out, unsigned threads) {
  return write_scaled(patterns, result, out, 1, threads);
}

Status write_probability(const VotePatterns& patterns, const StapleResult& result,
                         std::span<std::uint8_t> out, unsigned threads) {
  return write_scaled(patterns, result, out, 255, threads);
}

Status write_probability(const VotePatterns& patterns, const StapleResult& result,
                         std::span<std::uint16_t> out, unsigned threads) {
  return write_scaled(patterns, result, out, 65'535, threads);
}

}  // namespace consilium
