#include "analysis/routing/drift.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "base/random.hpp"

namespace consilium::routing {
namespace {

bool full() { return std::getenv("CONSILIUM_FULL") != nullptr; }

std::vector<RatedEvent> reads(SeededRandom& random, std::size_t before, double good,
                              std::size_t after, double bad) {
  std::vector<RatedEvent> events;
  for (std::size_t i = 0; i < before + after; ++i) {
    const bool right = random.uniform() < (i < before ? good : bad);
    events.push_back({static_cast<std::int64_t>(i) * 100, 1, static_cast<ClassIndex>(right)});
  }
  return events;
}

// D1: the run length that is told is the one that happens.
TEST_CASE("the chart's run lengths are those of a simulation") {
  const auto chart = make_cusum(0.91, 0.78, 500).value();
  CHECK(chart.run_length_good >= 500);
  CHECK(chart.run_length_bad < 60);
  SeededRandom random(4);
  const int rounds = full() ? 20'000 : 1500;
  for (const bool bad : {false, true}) {
    double sum = 0;
    for (int round = 0; round < rounds; ++round) {
      std::int64_t at = 0;
      std::int64_t length = 0;
      while (at < chart.threshold) {
        const bool right = random.uniform() < (bad ? 0.78 : 0.91);
        at = std::max<std::int64_t>(0, at + (right ? -1 : chart.wrong_step));
        ++length;
      }
      sum += static_cast<double>(length);
    }
    const double told = bad ? chart.run_length_bad : chart.run_length_good;
    // Run lengths are near exponential: their deviation is about their mean.
    CHECK(std::fabs(sum / rounds - told) < 3.5 * told / std::sqrt(rounds));
  }
}

TEST_CASE("the lowest threshold is taken: one lower runs too short") {
  for (const double run_length : {50.0, 1000.0, 50'000.0}) {
    const auto chart = make_cusum(0.9, 0.75, run_length).value();
    CHECK(chart.run_length_good >= run_length);
    const auto shorter = make_cusum(0.9, 0.75, 1).value();
    CHECK(shorter.threshold <= chart.threshold);
  }
  // By hand: with threshold 1 any wrong vote alarms, so the run length is 1 / (1 - good).
  const auto first = make_cusum(0.9, 0.75, 10).value();
  CHECK(first.threshold == 1);
  CHECK(first.run_length_good == doctest::Approx(10));
  // By hand: up 1, down 1, threshold 2, right .8: a0 = 1 + .8 a0 + .2 a1, a1 = 1 + .8 a0: a0 = 30.
  const auto even = make_cusum(0.8, 0.2, 30).value();
  CHECK(even.wrong_step == 1);
  CHECK(even.threshold == 2);
  CHECK(even.run_length_good == doctest::Approx(30));
}

TEST_CASE("a fall is found and its begin told") {
  SeededRandom random(6);
  const auto chart = make_cusum(0.91, 0.7, 1000).value();
  int found = 0;
  int near_begin = 0;
  int early = 0;
  const int rounds = 200;
  for (int round = 0; round < rounds; ++round) {
    const auto events = reads(random, 150, 0.91, 200, 0.7);
    const auto alarm = run_cusum(chart, events);
    if (!alarm) continue;
    if (alarm->event_index < 150) {
      ++early;
      continue;
    }
    ++found;
    if (alarm->since_index > 120 && alarm->since_index < 190) ++near_begin;
  }
  CHECK(early < 0.25 * rounds);  // 150 votes at a run length of 1000: about 14 %
  CHECK(found + early > 0.99 * rounds);
  CHECK(near_begin > 0.75 * found);
}

// scipy 1.x: scipy.stats.chi2.sf; the statistic by hand.
TEST_CASE("the window's statistic and p-value") {
  std::vector<RatedEvent> events;
  for (int i = 0; i < 30; ++i) events.push_back({i, 0, static_cast<ClassIndex>(i % 3 == 0)});
  const std::vector<double> rates = {0.9, 0.1, 0.2, 0.8};
  const auto test = window_test(events, 30, rates, 2).value();
  const double by_hand = 2 * (20 * std::log(20 / 27.0) + 10 * std::log(10 / 3.0));
  CHECK(test.statistic == doctest::Approx(by_hand));
  CHECK(test.freedom == 1);
  CHECK(test.p_value == doctest::Approx(std::erfc(std::sqrt(by_hand / 2))).epsilon(1e-9));
  CHECK_FALSE(window_test({}, 5, rates, 2).has_value());
  CHECK_FALSE(window_test(events, 5, std::vector<double>{1, 0, 0, 1}, 2).has_value());
}

TEST_CASE("the window's false alarms are about as many as said") {
  SeededRandom random(9);
  const std::vector<double> rates = {0.9, 0.1, 0.2, 0.8};
  const int rounds = 4000;
  int alarms = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<RatedEvent> events;
    for (int i = 0; i < 120; ++i) {
      const auto truth = static_cast<ClassIndex>(random.below(2));
      const bool one = random.uniform() < rates[truth * 2 + 1];
      events.push_back({i, truth, static_cast<ClassIndex>(one)});
    }
    if (window_test(events, 120, rates, 2).value().p_value < 0.05) ++alarms;
  }
  CHECK(alarms > 0.03 * rounds);
  CHECK(alarms < 0.075 * rounds);
}

// The form of the report: since then sensitivity for the class fell .91 -> .78.
TEST_CASE("a change of sensitivity is told with its moment, rates and bounds") {
  SeededRandom random(12);
  auto events = reads(random, 400, 0.91, 300, 0.70);
  for (int i = 0; i < 300; ++i) events.push_back({i * 200, 0, 0});  // another class: not concerned
  const auto change = sensitivity_change(events, 1, {}).value();
  REQUIRE(change.has_value());
  CHECK(change->p_value <= 0.002);
  CHECK(std::llabs(change->since - 40'000) < 6'000);
  CHECK(change->before.estimate == doctest::Approx(0.91).epsilon(0.05));
  CHECK(change->after.estimate == doctest::Approx(0.70).epsilon(0.09));
  CHECK(change->before.lower > change->after.upper);
  CHECK(change->votes_before + change->votes_after == 700);
  // The events' order does not matter, their times do.
  std::ranges::reverse(events);
  const auto again = sensitivity_change(events, 1, {}).value();
  CHECK(again->since == change->since);
  CHECK(again->p_value == change->p_value);
}

// D2: without a change small p-values are no more frequent than they say.
TEST_CASE("the change's p-value holds its level, and finds real falls") {
  SeededRandom random(21);
  const int rounds = full() ? 2000 : 200;
  int alarms = 0;
  int found = 0;
  ChangeOptions options;
  options.orders = 99;
  for (int round = 0; round < rounds; ++round) {
    options.seed = static_cast<std::uint64_t>(round) + 1;
    const auto same = sensitivity_change(reads(random, 80, 0.85, 0, 0), 1, options).value();
    if (same->p_value <= 0.05) ++alarms;
    const auto fell = sensitivity_change(reads(random, 80, 0.91, 80, 0.65), 1, options).value();
    if (fell->p_value <= 0.05) ++found;
  }
  CHECK(alarms <= rounds * 0.05 + 3 * std::sqrt(rounds * 0.05 * 0.95));
  CHECK(found > 0.8 * rounds);
}

TEST_CASE("votes of one time are never split, and too few give no answer") {
  std::vector<RatedEvent> events(20, RatedEvent{7, 1, 1});
  CHECK_FALSE(sensitivity_change(events, 1, {}).value().has_value());
  CHECK_FALSE(sensitivity_change({}, 1, {}).value().has_value());
  CHECK_FALSE(sensitivity_change(events, 1, {.votes_min = 0}).has_value());
}

TEST_CASE("the moving share falls below its limit after a fall, seldom before") {
  SeededRandom random(3);
  const auto events = reads(random, 300, 0.9, 200, 0.6);
  const auto chart = ewma_chart(events, 0.9, 0.1, 3).value();
  REQUIRE(chart.size() == 500);
  // By hand: the first limit is rate - 3 w sqrt(rate (1 - rate)).
  CHECK(chart[0].limit == doctest::Approx(0.9 - 3 * 0.1 * 0.3));
  const auto below = [](const EwmaPoint& point) { return point.below; };
  CHECK(std::count_if(chart.begin(), chart.begin() + 300, below) < 15);
  CHECK(std::count_if(chart.begin() + 300, chart.end(), below) > 100);
  CHECK_FALSE(ewma_chart(events, 1, 0.1, 3).has_value());
}

TEST_CASE("charts that cannot be are refused") {
  CHECK_FALSE(make_cusum(0.8, 0.9, 100).has_value());
  CHECK_FALSE(make_cusum(0.3, 0.2, 100).has_value());
  CHECK_FALSE(make_cusum(0.9, 0.8, 0).has_value());
}

}  // namespace
}  // namespace consilium::routing
