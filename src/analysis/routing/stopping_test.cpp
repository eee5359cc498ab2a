#include "analysis/routing/stopping.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "tests/made_votes.hpp"

namespace consilium::routing {
namespace {

bool full() { return std::getenv("CONSILIUM_FULL") != nullptr; }

struct Played {
  double stopped = 0;
  double wrong = 0;
  double votes = 0;
  double forecast = 0;  // by the first look
};

// Raters of unlike skill, each known by `gold` items; then items are voted on in random order of
// raters until the rule stops or all have voted.
Played play(std::uint64_t seed, std::uint32_t gold, std::uint32_t class_count, bool lower_bounds,
            std::uint32_t items, double error_max) {
  SeededRandom random(seed);
  constexpr std::uint32_t rater_count = 25;
  std::vector<double> right(rater_count);
  for (double& rate : right) rate = 0.6 + 0.35 * random.uniform();
  auto panel = RunningPanel::make(gold + items, rater_count, class_count,
                                  {.right = 1, .wrong = 1.0 / (class_count - 1)})
                   .value();
  const auto vote = [&](ItemIndex item, RaterIndex r, ClassIndex truth) {
    const bool is_right = random.uniform() < right[r];
    const auto other =
        static_cast<ClassIndex>((truth + 1 + random.below(class_count - 1)) % class_count);
    REQUIRE(panel.set_vote({item, r, is_right ? truth : other}).has_value());
  };
  for (ItemIndex i = 0; i < gold; ++i) {
    const auto truth = static_cast<ClassIndex>(i % class_count);
    REQUIRE(panel.set_truth(i, truth).has_value());
    for (RaterIndex r = 0; r < rater_count; ++r) vote(i, r, truth);
  }
  const StopRule rule{error_max, lower_bounds ? 0.95 : 0.5, 1};
  std::vector<RaterIndex> all(rater_count);
  std::iota(all.begin(), all.end(), 0U);
  Played played;
  for (ItemIndex i = gold; i < gold + items; ++i) {
    const auto truth = static_cast<ClassIndex>(random.below(class_count));
    const std::vector<ItemIndex> open = {i};
    if (i == gold) played.forecast = forecast_votes(panel, open, all, 25, rule).value().votes;
    for (const RaterIndex r : test::random_order(random, rater_count)) {
      vote(i, r, truth);
      played.votes += 1;
      const auto evidence = weigh_item(panel, i, rule).value();
      if (!evidence.stop) continue;
      played.stopped += 1;
      if (evidence.leader != truth) played.wrong += 1;
      break;
    }
  }
  return played;
}

// S1: what stops is wrong no more often than allowed, also when raters are little known.
TEST_CASE("of the items that stop at most the allowed share is wrong") {
  const std::uint64_t rounds = full() ? 200 : 8;
  for (const std::uint32_t class_count : {2U, 3U}) {
    for (const std::uint32_t gold : {12U, 60U}) {
      for (const double error_max : {0.1, 0.05}) {
        double stopped = 0;
        double wrong = 0;
        for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
          const Played played = play(seed, gold, class_count, true, 60, error_max);
          stopped += played.stopped;
          wrong += played.wrong;
        }
        CAPTURE(class_count);
        CAPTURE(gold);
        CAPTURE(error_max);
        const double rate = wrong / stopped;
        CAPTURE(stopped);
        CHECK(stopped > 0.5 * 60 * static_cast<double>(rounds) * (gold > 20 ? 1 : 0));
        CHECK(rate <= error_max + 2.33 * std::sqrt(error_max * (1 - error_max) / stopped) *
                                      (full() ? 0 : 1));
      }
    }
  }
}

TEST_CASE("the lower bounds ask for more votes than the estimates, fewer as raters get known") {
  double plug_in = 0;
  double bound = 0;
  double known = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    plug_in += play(seed, 20, 2, false, 40, 0.05).votes;
    bound += play(seed, 20, 2, true, 40, 0.05).votes;
    known += play(seed, 200, 2, true, 40, 0.05).votes;
  }
  CHECK(bound > plug_in);
  CHECK(known < bound);
}

TEST_CASE("the forecast is near the votes that it took") {
  double forecast = 0;
  double votes = 0;
  for (std::uint64_t seed = 1; seed <= (full() ? 40U : 6U); ++seed) {
    const Played played = play(seed, 60, 2, true, 60, 0.02);
    forecast += played.forecast * 60;
    votes += played.votes;
  }
  CAPTURE(forecast);
  CAPTURE(votes);
  CHECK(forecast > 0.7 * votes);
  CHECK(forecast < 1.4 * votes);
}

TEST_CASE("random raters can decide nothing, and the forecast says so") {
  auto panel = RunningPanel::make(101, 1, 2, {.right = 1, .wrong = 1}).value();
  for (ItemIndex i = 0; i < 100; ++i) {
    REQUIRE(panel.set_truth(i, static_cast<ClassIndex>(i % 2)).has_value());
    REQUIRE(panel.set_vote({i, 0, static_cast<ClassIndex>(i / 2 % 2)}).has_value());
  }
  const std::vector<ItemIndex> open = {100};
  const std::vector<RaterIndex> raters = {0};
  const auto forecast = forecast_votes(panel, open, raters, 50, {}).value();
  CHECK(forecast.unreachable_count == 1);
  CHECK_FALSE(forecast.reachable[0]);
  CHECK(forecast.votes == 0);
}

TEST_CASE("an item's own votes do not vouch for their raters") {
  // Two raters agree on one item and nothing else is known: however sure the running posterior,
  // the evidence is that of raters unknown.
  auto panel = RunningPanel::make(1, 2, 2, {.right = 1, .wrong = 1}).value();
  REQUIRE(panel.set_vote({0, 0, 1}).has_value());
  REQUIRE(panel.set_vote({0, 1, 1}).has_value());
  CHECK(weigh_item(panel, 0, {.error_max = 0.05, .confidence = 0.5}).value().error_bound ==
        doctest::Approx(0.5).epsilon(1e-6));
}

// Clopper and Pearson's bounds: scipy's beta.ppf.
TEST_CASE("exact bounds of a rate") {
  const auto bounds = rate_bounds(8, 10, 0.975).value();
  CHECK(bounds.lower == doctest::Approx(0.4439045376923585).epsilon(1e-9));
  CHECK(bounds.upper == doctest::Approx(0.9747892736731666).epsilon(1e-9));
  CHECK(rate_bounds(0, 10, 0.95).value().lower == 0);
  CHECK(rate_bounds(0, 10, 0.95).value().upper ==
        doctest::Approx(0.2588655508930522).epsilon(1e-9));
  CHECK(rate_bounds(10, 10, 0.95).value().upper == 1);
  CHECK_FALSE(rate_bounds(1, 0, 0.95).has_value());
  CHECK_FALSE(rate_bounds(3, 2, 0.95).has_value());
}

TEST_CASE("rules out of range are refused") {
  const auto panel = RunningPanel::make(1, 1, 2, {}).value();
  CHECK_FALSE(weigh_item(panel, 1, {}).has_value());
  CHECK_FALSE(weigh_item(panel, 0, {.error_max = 0}).has_value());
  CHECK_FALSE(weigh_item(panel, 0, {.error_max = 0.1, .confidence = 1}).has_value());
  CHECK_FALSE(forecast_votes(panel, {}, {}, 5, {}).has_value());
}

}  // namespace
}  // namespace consilium::routing
