#include "analysis/routing/drift.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "analysis/statistics/distributions.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "base/random.hpp"

namespace consilium::routing {
namespace {

// The Markov chain's mean time from 0 to `threshold`. From the top down a(s) = A + B a(s - 1): a
// state's own equation a(s) = 1 + right a(s - 1) + wrong a(s + step) holds only states above it
// once those are written down to a(s).
double mean_run_length(double right, std::int64_t step, std::int64_t threshold) {
  const double wrong = 1 - right;
  std::vector<std::pair<double, double>> down(static_cast<std::size_t>(threshold));
  for (std::int64_t s = threshold - 1; s >= 0; --s) {
    double constant = 0;
    double factor = 0;
    if (s + step < threshold) {
      factor = 1;
      for (std::int64_t above = s + step; above > s; --above) {
        const auto& [a, b] = down[static_cast<std::size_t>(above)];
        constant += factor * a;
        factor *= b;
      }
    }
    if (s == 0) return (1 + wrong * constant) / (wrong * (1 - factor));
    const double rest = 1 - wrong * factor;
    down[static_cast<std::size_t>(s)] = {(1 + wrong * constant) / rest, right / rest};
  }
  return 0;
}

double log_likelihood(double hits, double trials) {
  const double misses = trials - hits;
  return (hits > 0 ? hits * std::log(hits / trials) : 0) +
         (misses > 0 ? misses * std::log(misses / trials) : 0);
}

struct Split {
  std::size_t at = 0;  // events before
  double ratio = -1;
};

// The best split of right[] among those that `may_split` allows.
Split best_split(const std::vector<bool>& right, const std::vector<bool>& may_split) {
  double all = 0;
  for (const bool is_right : right) all += is_right ? 1 : 0;
  const auto count = static_cast<double>(right.size());
  const double together = log_likelihood(all, count);
  Split best;
  double hits = 0;
  for (std::size_t at = 1; at < right.size(); ++at) {
    hits += right[at - 1] ? 1 : 0;
    if (!may_split[at]) continue;
    const auto before = static_cast<double>(at);
    const double ratio =
        log_likelihood(hits, before) + log_likelihood(all - hits, count - before) - together;
    if (ratio > best.ratio) best = {at, ratio};
  }
  return best;
}

}  // namespace

Result<std::vector<EwmaPoint>> ewma_chart(std::span<const RatedEvent> events, double rate,
                                          double weight, double width) {
  if (!(rate > 0 && rate < 1) || !(weight > 0 && weight <= 1) || !(width > 0)) {
    return fail(ErrorCode::InvalidInput, "the chart's rate, weight or width is out of range", {},
                "give a rate between 0 and 1, a weight up to 1 and a width above 0");
  }
  std::vector<EwmaPoint> chart;
  double value = rate;
  double left = 1;  // (1 - w)^(2n)
  for (const RatedEvent& event : events) {
    value += weight * ((event.truth == event.label ? 1 : 0) - value);
    left *= (1 - weight) * (1 - weight);
    const double deviation = std::sqrt(rate * (1 - rate) * weight / (2 - weight) * (1 - left));
    const double limit = rate - width * deviation;
    chart.push_back({value, limit, value < limit});
  }
  return chart;
}

Result<CusumChart> make_cusum(double good, double bad, double run_length) {
  constexpr std::int64_t threshold_max = 100'000;
  if (!(0 < bad && bad < good && good < 1) || !(run_length >= 1 && run_length <= 1e7)) {
    return fail(ErrorCode::InvalidInput, "the chart's rates or run length are out of range",
                fmt::format("good {}, bad {}, run length {}", good, bad, run_length),
                "give 0 < bad < good < 1 and a run length from 1 to 10,000,000");
  }
  CusumChart chart;
  chart.wrong_step = std::max<std::int64_t>(
      1, std::llround(std::log((1 - bad) / (1 - good)) / std::log(good / bad)));
  if (static_cast<double>(chart.wrong_step) * (1 - good) >= good) {
    return fail(ErrorCode::InvalidInput, "the chart would rise while all is well",
                fmt::format("good {}, bad {}", good, bad),
                "watch a rate above one half, or one further from the bad one");
  }
  const auto long_enough = [&](std::int64_t threshold) {
    return mean_run_length(good, chart.wrong_step, threshold) >= run_length;
  };
  std::int64_t high = 1;
  while (high <= threshold_max && !long_enough(high)) high *= 2;
  if (high > threshold_max) {
    return fail(ErrorCode::TooLarge, "the chart's threshold is out of reach",
                fmt::format("good {}, bad {}, run length {}", good, bad, run_length),
                "set the bad rate further off, or allow more false alarms");
  }
  std::int64_t low = high / 2;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (long_enough(middle) ? high : low) = middle;
  }
  chart.threshold = high;
  chart.run_length_good = mean_run_length(good, chart.wrong_step, high);
  chart.run_length_bad = mean_run_length(bad, chart.wrong_step, high);
  return chart;
}

std::optional<CusumAlarm> run_cusum(const CusumChart& chart, std::span<const RatedEvent> events,
                                    std::vector<std::int64_t>* sums) {
  std::optional<CusumAlarm> alarm;
  std::int64_t sum = 0;
  std::size_t since = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    sum = std::max<std::int64_t>(
        0, sum + (events[i].truth == events[i].label ? -1 : chart.wrong_step));
    if (sums != nullptr) sums->push_back(sum);
    if (sum >= chart.threshold && !alarm) alarm = CusumAlarm{i, since};
    if (sum == 0) since = i + 1;
  }
  return alarm;
}

Result<WindowTest> window_test(std::span<const RatedEvent> events, std::size_t window,
                               std::span<const double> rates, std::uint32_t class_count) {
  const auto last = events.last(std::min(window, events.size()));
  if (last.empty() || class_count < 2 || rates.size() != std::size_t{class_count} * class_count ||
      !std::ranges::all_of(rates, [](double rate) { return rate > 0 && rate <= 1; })) {
    return fail(ErrorCode::InvalidInput, "the window is empty or the rates are not above 0", {},
                "give at least one vote, and classes x classes rates with pseudo-counts");
  }
  std::vector<double> said(rates.size());
  std::vector<double> any(class_count);
  for (const RatedEvent& event : last) {
    if (event.truth >= class_count || event.label >= class_count) {
      return fail(ErrorCode::InvalidInput, "a vote's class is not among the rates' classes",
                  fmt::format("class {} said {}", event.truth, event.label),
                  "give rates for all classes");
    }
    said[std::size_t{event.truth} * class_count + event.label] += 1;
    any[event.truth] += 1;
  }
  WindowTest test;
  std::vector<double> terms;
  for (std::uint32_t t = 0; t < class_count; ++t) {
    if (any[t] > 0) test.freedom += class_count - 1;
    for (std::uint32_t l = 0; l < class_count; ++l) {
      const std::size_t at = std::size_t{t} * class_count + l;
      if (said[at] > 0) terms.push_back(2 * said[at] * std::log(said[at] / (any[t] * rates[at])));
    }
  }
  test.statistic = std::max(0.0, sorted_sum(terms));
  test.p_value = chi_square_upper_tail(test.statistic, test.freedom);
  return test;
}

Result<std::optional<SensitivityChange>> sensitivity_change(std::span<const RatedEvent> events,
                                                            ClassIndex of_class,
                                                            const ChangeOptions& options) {
  if (options.votes_min == 0 || options.orders == 0) {
    return fail(ErrorCode::InvalidInput, "a change needs votes on both sides and random orders", {},
                "give at least one of each");
  }
  std::vector<RatedEvent> votes;
  std::ranges::copy_if(events, std::back_inserter(votes),
                       [&](const RatedEvent& event) { return event.truth == of_class; });
  // Rights stand before wrongs of the same time: such an order is free of the events' order.
  std::ranges::sort(votes, {}, [](const RatedEvent& event) {
    return std::pair(event.time, event.label != event.truth);
  });
  std::vector<bool> right;
  std::vector<bool> may_split(votes.size());
  for (std::size_t i = 0; i < votes.size(); ++i) {
    right.push_back(votes[i].label == votes[i].truth);
    may_split[i] = i >= options.votes_min && votes.size() - i >= options.votes_min &&
                   votes[i].time != votes[i - 1].time;
  }
  const Split split = best_split(right, may_split);
  if (split.ratio < 0) return std::nullopt;
  SensitivityChange change;
  change.since = votes[split.at].time;
  change.votes_before = static_cast<std::uint32_t>(split.at);
  change.votes_after = static_cast<std::uint32_t>(votes.size() - split.at);
  const auto hits_before = static_cast<double>(
      std::count(right.begin(), right.begin() + static_cast<std::ptrdiff_t>(split.at), true));
  const auto hits = static_cast<double>(std::ranges::count(right, true));
  constexpr double one_sided = 0.975;
  change.before = CSL_TRY(rate_bounds(hits_before, change.votes_before, one_sided));
  change.after = CSL_TRY(rate_bounds(hits - hits_before, change.votes_after, one_sided));
  change.log_likelihood_ratio = split.ratio;
  SeededRandom random(options.seed);
  std::uint32_t as_great = 1;  // the order that came is one of them
  for (std::uint32_t order = 0; order < options.orders; ++order) {
    for (std::size_t i = right.size(); i > 1; --i) {
      const std::size_t j = random.below(i);
      const bool kept = right[i - 1];
      right[i - 1] = right[j];
      right[j] = kept;
    }
    if (best_split(right, may_split).ratio >= split.ratio - 1e-9) ++as_great;
  }
  change.p_value = static_cast<double>(as_great) / (options.orders + 1.0);
  return change;
}

}  // namespace consilium::routing
