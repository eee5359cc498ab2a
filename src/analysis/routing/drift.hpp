// Whether a rater reads as before: charts of the votes on items whose class is known (gold), or
// sure by the others' votes, in the order in which they were cast.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/routing/stopping.hpp"
#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::routing {

// One vote on an item of known class. `time` is whole numbers of the caller's unit (seconds, say).
struct RatedEvent {
  std::int64_t time = 0;
  ClassIndex truth = 0;
  ClassIndex label = 0;
};

// Exponentially weighted share of right votes: e_n = w x_n + (1 - w) e_(n-1), e_0 = rate (S.
// Roberts, Technometrics 1 (1959) 239-250), x_n = 1 for a right vote. Below the chart is rate -
// width sqrt(rate (1 - rate) w (1 - (1-w)^(2n)) / (2 - w)).
struct EwmaPoint {
  double value = 0;
  double limit = 0;  // the lower one
  bool below = false;
};
// Errors: InvalidInput unless 0 < rate < 1, 0 < weight <= 1 and width > 0. Cost: O(events).
[[nodiscard]] Result<std::vector<EwmaPoint>> ewma_chart(std::span<const RatedEvent> events,
                                                        double rate, double weight, double width);

// Cumulative sums of the log likelihood ratio "right with `bad`" against "with `good`" (E. Page,
// Biometrika 41 (1954) 100-115): each right vote takes 1 from the sum, each wrong one adds
// `wrong_step`, below 0 it does not fall, at `threshold` it alarms. Steps are whole numbers (the
// ratio is rounded, as in M. Reynolds, Z. Stoumbos, J. Qual. Technol. 31 (1999) 87-108), so the
// average run length is exact: the sum is a Markov chain on 0 .. threshold - 1 (D. Brook, D. Evans,
// Biometrika 59 (1972) 539-549).
struct CusumChart {
  std::int64_t wrong_step = 1;
  std::int64_t threshold = 1;
  double run_length_good = 0;  // votes to a false alarm on average, while the rate is `good`
  double run_length_bad = 0;   // votes to the alarm on average, once it is `bad`
};
// The lowest threshold whose run length while all is well is at least `run_length`.
// Errors: InvalidInput unless 0 < bad < good < 1, the chart falls while all is well (good rates
// under about 1/2 do not), and 1 <= run_length <= 10^7; TooLarge when the threshold passes 100,000.
// Cost: O(threshold x wrong_step x log threshold).
[[nodiscard]] Result<CusumChart> make_cusum(double good, double bad, double run_length);

struct CusumAlarm {
  std::size_t event_index = 0;  // the vote that raised it
  std::size_t since_index = 0;  // the first vote after the sum last stood at 0: where it began
};
// The first alarm, if there is one; `sums`, when given, gets the sum after each vote.
[[nodiscard]] std::optional<CusumAlarm> run_cusum(const CusumChart& chart,
                                                  std::span<const RatedEvent> events,
                                                  std::vector<std::int64_t>* sums = nullptr);

// The last `window` votes against the rater's long-run rates (classes x classes): the likelihood
// ratio statistic 2 sum n_tl log(n_tl / (n_t r_tl)), about chi-square with (classes - 1) degrees of
// freedom for each class that occurs. The approximation is rough below some five votes a cell.
struct WindowTest {
  double statistic = 0;
  double freedom = 0;
  double p_value = 1;
};
// Errors: InvalidInput when the window is empty, a class is not below the rates' count, or a rate
// is not above 0 (use pseudo-counts).
[[nodiscard]] Result<WindowTest> window_test(std::span<const RatedEvent> events, std::size_t window,
                                             std::span<const double> rates,
                                             std::uint32_t class_count);

// The change of one class's sensitivity that the votes tell most clearly of: the moment that splits
// them into two unlike parts, and the share of right votes before and after. Its p-value is that of
// the greatest split's likelihood ratio among random orders of the same votes (exact Monte Carlo
// test; it stands for having looked at every moment).
struct SensitivityChange {
  std::int64_t since = 0;  // time of the first vote after the change
  RateBounds before;       // bounds one-sided at 97.5 %: together a 95 % interval
  RateBounds after;
  std::uint32_t votes_before = 0;
  std::uint32_t votes_after = 0;
  double log_likelihood_ratio = 0;  // nats
  double p_value = 1;
};
struct ChangeOptions {
  std::uint32_t votes_min = 5;  // on either side
  std::uint32_t orders = 999;   // random orders for the p-value
  std::uint64_t seed = 1;
};
// Events need no order; those of one time are never split. No value when no split leaves votes_min
// on both sides. Errors: InvalidInput when votes_min or orders is 0.
// Cost: O(orders x votes of the class).
[[nodiscard]] Result<std::optional<SensitivityChange>> sensitivity_change(
    std::span<const RatedEvent> events, ClassIndex of_class, const ChangeOptions& options);

}  // namespace consilium::routing
