#include "analysis/routing/stopping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/statistics/distributions.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "analysis/statistics/special_functions.hpp"

namespace consilium::routing {
namespace {

Status check_rule(const StopRule& rule) {
  if (!(rule.error_max > 0 && rule.error_max < 0.5) ||
      !(rule.confidence >= 0.5 && rule.confidence < 1)) {
    return fail(ErrorCode::InvalidInput, "the stopping rule is out of range", {},
                "allow an error between 0 and 1/2, at a confidence from 1/2 to below 1");
  }
  return {};
}

// Mean and variance of log(rate) for every rate of one rater: classes x classes.
struct LogRates {
  std::vector<double> mean;
  std::vector<double> variance;
};

double total_of(std::span<const double> row) {
  FixedPoint sum = 0;
  for (const double count : row) sum += to_fixed(count);
  return from_fixed(sum);
}

// The log of one rate of a Dirichlet row.
void log_rate(double count, double total, double& mean, double& variance) {
  mean = digamma(count) - digamma(total);
  variance = std::max(0.0, trigamma(count) - trigamma(total));
}

std::vector<double> with_prior(std::vector<double> counts, std::size_t class_count,
                               const PanelPrior& prior) {
  for (std::size_t t = 0; t < class_count; ++t) {
    for (std::size_t l = 0; l < class_count; ++l) {
      counts[t * class_count + l] += t == l ? prior.right : prior.wrong;
    }
  }
  return counts;
}

// For each class the mean and variance of its log score: prior share and all votes of the item.
struct Scores {
  std::vector<double> mean;
  std::vector<double> variance;
};

Scores scores_of(const RunningPanel& panel, ItemIndex item) {
  const std::size_t class_count = panel.class_count();
  std::vector<FixedPoint> mean(class_count);
  std::vector<FixedPoint> variance(class_count);
  const std::vector<double> of_class = panel.class_counts_without(item);
  // Two shares' ratio does not know their sum, so the sum adds neither mean nor variance.
  for (std::size_t t = 0; t < class_count; ++t) {
    const double count = of_class[t] + panel.prior().of_class;
    mean[t] = to_fixed(digamma(count));
    variance[t] = to_fixed(trigamma(count));
  }
  for (const auto& [rater, label] : panel.votes_of(item)) {
    const auto counts = with_prior(panel.counts_without(rater, item), class_count, panel.prior());
    for (std::size_t t = 0; t < class_count; ++t) {
      const auto row = std::span(counts).subspan(t * class_count, class_count);
      double of_mean = 0;
      double of_variance = 0;
      log_rate(row[label], total_of(row), of_mean, of_variance);
      mean[t] += to_fixed(of_mean);
      variance[t] += to_fixed(of_variance);
    }
  }
  Scores scores;
  for (std::size_t t = 0; t < class_count; ++t) {
    scores.mean.push_back(from_fixed(mean[t]));
    scores.variance.push_back(from_fixed(variance[t]));
  }
  return scores;
}

// All alternatives' bounds are to hold together (Bonferroni).
double deviations(const StopRule& rule, std::size_t class_count) {
  return normal_quantile(1 - (1 - rule.confidence) / static_cast<double>(class_count - 1));
}

// 1 - posterior of class c when every log odds against another is lowered by z deviations; `moved`
// votes more are told by their drift from a class and its spread, both classes x classes.
double error_at(const Scores& scores, std::size_t c, double z, double moved,
                std::span<const double> drift, std::span<const double> spread) {
  const std::size_t class_count = scores.mean.size();
  // Odds against of millions are as good as lost; held there, their sum stays in its range.
  const double lost = std::log(4e6 / static_cast<double>(class_count));
  FixedPoint against = 0;
  for (std::size_t u = 0; u < class_count; ++u) {
    if (u == c) continue;
    double mean = scores.mean[c] - scores.mean[u];
    double variance = scores.variance[c] + scores.variance[u];
    if (moved > 0) {
      mean += moved * drift[c * class_count + u];
      variance += moved * spread[c * class_count + u];
    }
    const double bound = mean - z * std::sqrt(variance);
    against += to_fixed(std::exp(std::min(-bound, lost)));
  }
  const double odds = from_fixed(against);
  return odds / (1 + odds);
}

// What one vote adds on average over the raters: to the log odds of t against u where t is true,
// and to their variance.
struct Drift {
  std::vector<double> mean;
  std::vector<double> variance;
};

Drift drift_of(const RunningPanel& panel, std::span<const RaterIndex> raters) {
  const std::size_t class_count = panel.class_count();
  std::vector<FixedPoint> mean(class_count * class_count);
  std::vector<FixedPoint> variance(class_count * class_count);
  for (const RaterIndex rater : raters) {
    const auto counts = with_prior(panel.counts(rater), class_count, panel.prior());
    LogRates log_rates{std::vector<double>(counts.size()), std::vector<double>(counts.size())};
    std::vector<double> total(class_count);
    for (std::size_t t = 0; t < class_count; ++t) {
      total[t] = total_of(std::span(counts).subspan(t * class_count, class_count));
      for (std::size_t l = 0; l < class_count; ++l) {
        const std::size_t at = t * class_count + l;
        log_rate(counts[at], total[t], log_rates.mean[at], log_rates.variance[at]);
      }
    }
    for (std::size_t t = 0; t < class_count; ++t) {
      for (std::size_t u = 0; u < class_count; ++u) {
        for (std::size_t l = 0; l < class_count; ++l) {
          const std::size_t tl = t * class_count + l;
          const std::size_t ul = u * class_count + l;
          const double share = counts[tl] / total[t];
          mean[t * class_count + u] += to_fixed(share * (log_rates.mean[tl] - log_rates.mean[ul]));
          variance[t * class_count + u] +=
              to_fixed(share * (log_rates.variance[tl] + log_rates.variance[ul]));
        }
      }
    }
  }
  Drift drift;
  const auto count = static_cast<double>(raters.size());
  for (std::size_t at = 0; at < mean.size(); ++at) {
    drift.mean.push_back(from_fixed(mean[at]) / count);
    drift.variance.push_back(from_fixed(variance[at]) / count);
  }
  return drift;
}

// The fewest further votes, from 1, at which class c would stop; none up to votes_max: nullopt.
// Once the odds grow faster than the bound widens they go on doing so: halving finds the place.
std::optional<std::uint32_t> votes_until(const Scores& scores, std::size_t c, double z,
                                         const Drift& drift, std::uint32_t votes_max,
                                         double error_max) {
  const auto enough = [&](std::uint32_t votes) {
    return error_at(scores, c, z, votes, drift.mean, drift.variance) <= error_max;
  };
  if (!enough(votes_max)) return std::nullopt;
  std::uint32_t low = 0;
  std::uint32_t high = votes_max;
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace

Result<ItemEvidence> weigh_item(const RunningPanel& panel, ItemIndex item, const StopRule& rule) {
  CSL_TRY(check_rule(rule));
  if (item >= panel.item_count()) {
    return fail(ErrorCode::InvalidInput, "the item is not in the panel",
                fmt::format("item {}", item), "make the panel anew with all items");
  }
  const std::vector<double> posterior = panel.posterior(item);
  const auto leader = std::ranges::max_element(posterior);
  ItemEvidence evidence;
  evidence.leader = static_cast<ClassIndex>(leader - posterior.begin());
  evidence.error = std::clamp(1 - *leader, 0.0, 1.0);
  evidence.error_bound = error_at(scores_of(panel, item), evidence.leader,
                                  deviations(rule, panel.class_count()), 0, {}, {});
  evidence.stop = evidence.error_bound <= rule.error_max && panel.votes_on(item) >= rule.votes_min;
  return evidence;
}

Result<VotesForecast> forecast_votes(const RunningPanel& panel, std::span<const ItemIndex> open,
                                     std::span<const RaterIndex> raters, std::uint32_t votes_max,
                                     const StopRule& rule) {
  CSL_TRY(check_rule(rule));
  const auto in_panel = [&](RaterIndex r) { return r < panel.rater_count(); };
  if (raters.empty() || !std::ranges::all_of(raters, in_panel) || votes_max == 0) {
    return fail(ErrorCode::InvalidInput, "there is nobody to vote, or no further vote is allowed",
                {}, "give raters of the panel and at least one vote");
  }
  constexpr double likely = 0.01;  // classes less likely than that do not make an item hopeless
  const double z = deviations(rule, panel.class_count());
  const Drift drift = drift_of(panel, raters);
  VotesForecast forecast;
  ExactSum all;
  for (const ItemIndex item : open) {
    const ItemEvidence evidence = CSL_TRY(weigh_item(panel, item, rule));
    bool reachable = true;
    FixedPoint votes = 0;
    if (!evidence.stop) {
      const Scores scores = scores_of(panel, item);
      const std::vector<double> posterior = panel.posterior(item);
      for (std::size_t t = 0; t < posterior.size(); ++t) {
        const auto needed = votes_until(scores, t, z, drift, votes_max, rule.error_max);
        if (!needed && posterior[t] > likely) reachable = false;
        votes += to_fixed(posterior[t] * needed.value_or(votes_max));
      }
    }
    forecast.of_item.push_back(reachable ? from_fixed(votes) : votes_max);
    forecast.reachable.push_back(reachable);
    if (reachable) all.add(votes);
    if (!reachable) ++forecast.unreachable_count;
  }
  forecast.votes = all.value();
  return forecast;
}

Result<RateBounds> rate_bounds(double hits, double trials, double confidence) {
  if (!(hits >= 0 && hits <= trials && trials > 0) || !std::isfinite(trials) ||
      !(confidence >= 0.5 && confidence < 1)) {
    return fail(ErrorCode::InvalidInput, "a rate's counts or confidence are out of range",
                fmt::format("{} of {}", hits, trials),
                "count at least one trial, at a confidence from 1/2 to below 1");
  }
  RateBounds bounds;
  bounds.estimate = hits / trials;
  if (hits > 0) bounds.lower = beta_quantile(hits, trials - hits + 1, 1 - confidence);
  if (hits < trials) bounds.upper = beta_quantile(hits + 1, trials - hits, confidence);
  return bounds;
}

}  // namespace consilium::routing
