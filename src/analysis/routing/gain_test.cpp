#include "analysis/routing/gain.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/made_votes.hpp"

namespace consilium::routing {
namespace {

TEST_CASE("entropy and gain have their closed forms") {
  CHECK(entropy(std::vector<double>{0.25, 0.25, 0.25, 0.25}) ==
        doctest::Approx(std::log(4)).epsilon(1e-11));
  CHECK(entropy(std::vector<double>{1, 0}) == 0);
  // A binary symmetric channel from an even prior: log 2 - h(0.9).
  const double h = -0.9 * std::log(0.9) - 0.1 * std::log(0.1);
  const std::vector<double> rates = {0.9, 0.1, 0.1, 0.9};
  CHECK(expected_gain(std::vector<double>{0.5, 0.5}, rates) ==
        doctest::Approx(std::log(2) - h).epsilon(1e-10));
  // One who always knows tells all there is.
  CHECK(expected_gain(std::vector<double>{0.3, 0.7}, std::vector<double>{1, 0, 0, 1}) ==
        doctest::Approx(entropy(std::vector<double>{0.3, 0.7})).epsilon(1e-10));
}

TEST_CASE("the gain is the mean fall of entropy, never below 0, and 0 for a random rater") {
  SeededRandom random(2);
  for (int round = 0; round < 500; ++round) {
    const std::size_t k = 2 + random.below(4);
    const auto row = [&] {
      std::vector<double> shares(k);
      double sum = 0;
      for (double& share : shares) sum += share = 0.01 + random.uniform();
      for (double& share : shares) share /= sum;
      return shares;
    };
    const std::vector<double> shares = row();
    std::vector<double> rates;
    for (std::size_t t = 0; t < k; ++t) {
      const auto of = row();
      rates.insert(rates.end(), of.begin(), of.end());
    }
    double after = 0;
    for (std::size_t l = 0; l < k; ++l) {
      std::vector<double> posterior(k);
      double said = 0;
      for (std::size_t t = 0; t < k; ++t) said += posterior[t] = shares[t] * rates[t * k + l];
      for (double& p : posterior) p /= said;
      after += said * entropy(posterior);
    }
    const double gain = expected_gain(shares, rates);
    CHECK(gain >= 0);
    CHECK(std::fabs(gain - (entropy(shares) - after)) < 1e-9);
    const auto same = row();
    std::vector<double> blind;
    for (std::size_t t = 0; t < k; ++t) blind.insert(blind.end(), same.begin(), same.end());
    CHECK(expected_gain(shares, blind) == 0);
  }
}

TEST_CASE("renumbering the classes changes no bit of the gain") {
  SeededRandom random(8);
  const std::vector<double> shares = {0.1, 0.2, 0.3, 0.4};
  std::vector<double> rates(16);
  for (double& rate : rates) rate = random.uniform() / 4;
  const auto to = test::random_order(random, 4);
  std::vector<double> other_shares(4);
  std::vector<double> other_rates(16);
  for (std::size_t t = 0; t < 4; ++t) {
    other_shares[to[t]] = shares[t];
    for (std::size_t l = 0; l < 4; ++l) other_rates[to[t] * 4 + to[l]] = rates[t * 4 + l];
  }
  CHECK(expected_gain(shares, rates) == expected_gain(other_shares, other_rates));
  CHECK(entropy(shares) == entropy(other_shares));
}

RunningPanel taught_panel() {
  // Rater 0 is good, 1 fair, 2 random: taught by 200 items of known truth; items 200.. are open.
  auto panel = RunningPanel::make(204, 3, 2, {.right = 1, .wrong = 1}).value();
  for (ItemIndex i = 0; i < 200; ++i) {
    const auto truth = static_cast<ClassIndex>(i % 2);
    REQUIRE(panel.set_truth(i, truth).has_value());
    const auto unless = [&](bool wrong) {
      return static_cast<ClassIndex>(wrong ? 1 - truth : truth);
    };
    REQUIRE(panel.set_vote({i, 0, unless(i % 20 < 2)}).has_value());
    REQUIRE(panel.set_vote({i, 1, unless(i % 10 < 4)}).has_value());
    REQUIRE(panel.set_vote({i, 2, unless(i % 4 < 2)}).has_value());
  }
  return panel;
}

TEST_CASE("who tells most a minute is asked first, and of the items the least sure") {
  auto panel = taught_panel();
  REQUIRE(panel.set_vote({200, 1, 0}).has_value());
  const std::vector<ItemIndex> open = {200, 201, 202};
  const std::vector<Candidate> all = {{0, 1, 1}, {1, 1, 5}, {2, 1, 5}};
  const auto next = suggest_next(panel, open, all, 10).value();
  REQUIRE(next.size() == 2);  // rater 1 has voted on 200; the random rater is never asked
  CHECK(next[0].rater == 0);
  CHECK(next[0].item == 201);
  CHECK(next[1].rater == 1);
  CHECK(next[1].item == 202);
  CHECK(next[0].gain_a_minute >= next[1].gain_a_minute);
  // The consultant costs thirty times as much: then the resident tells more a minute.
  const std::vector<Candidate> dear = {{0, 30, 5}, {1, 1, 5}};
  CHECK(suggest_next(panel, open, dear, 1).value()[0].rater == 1);
  for (const unsigned threads : {2U, 8U}) {
    const auto again = suggest_next(panel, open, all, 10, threads).value();
    REQUIRE(again.size() == next.size());
    CHECK(again[0].gain == next[0].gain);
    CHECK(again[1].item == next[1].item);
  }
}

TEST_CASE("strangers and free votes are refused") {
  const auto panel = taught_panel();
  CHECK_FALSE(suggest_next(panel, std::vector<ItemIndex>{204}, {}, 1).has_value());
  const std::vector<Candidate> stranger = {{3, 1, 1}};
  CHECK_FALSE(suggest_next(panel, std::vector<ItemIndex>{1}, stranger, 1).has_value());
  const std::vector<Candidate> free_of_cost = {{0, 0, 1}};
  CHECK_FALSE(suggest_next(panel, std::vector<ItemIndex>{1}, free_of_cost, 1).has_value());
}

}  // namespace
}  // namespace consilium::routing
