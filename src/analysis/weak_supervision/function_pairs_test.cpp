#include "analysis/weak_supervision/function_pairs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <initializer_list>
#include <optional>

#include "analysis/weak_supervision/made_votes.hpp"

namespace consilium {
namespace {

using test::coin_votes;
using test::made_votes;
using test::MadeVotes;

TEST_CASE("pairs are counted over items, whichever is named first") {
  const std::vector<Vote> votes = {{0, 0, 1}, {0, 2, 1}, {1, 2, 0}, {1, 0, 1}, {2, 1, 0}};
  const auto pairs = count_pairs(make_vote_table(votes, 3, 3, 2).value());
  REQUIRE(pairs.has_value());
  CHECK(pairs->together[pairs->index_of(0, 2)] == 2);
  CHECK(pairs->agreeing[pairs->index_of(2, 0)] == 1);
  CHECK(pairs->together[pairs->index_of(0, 1)] == 0);
  CHECK(count_pairs(make_vote_table(std::vector<Vote>{}, 1, 9000, 2).value()).error().code ==
        ErrorCode::TooLarge);
}

TEST_CASE("triplets give back the accuracies, for two classes and for many") {
  SeededRandom random(4);
  const std::vector<double> accuracy = {.9, .8, .7, .6, .75, .85};
  for (const std::uint32_t classes : {2U, 5U, 300U}) {
    const MadeVotes made = coin_votes(random, 20'000, accuracy, classes, 0.6);
    const auto found = triplet_accuracies(made.table());
    REQUIRE(found.has_value());
    for (std::size_t j = 0; j < accuracy.size(); ++j) {
      CHECK((*found)[j].state == TripletState::Estimated);
      CHECK(std::abs((*found)[j].accuracy - accuracy[j]) < 0.02);
    }
  }
}

TEST_CASE("a function that is mostly wrong is known as such") {
  SeededRandom random(14);
  const MadeVotes made = coin_votes(random, 20'000, {.9, .8, .85, .2, .75}, 2, 0.6);
  const auto found = triplet_accuracies(made.table());
  REQUIRE(found.has_value());
  CHECK(std::abs((*found)[3].accuracy - 0.2) < 0.02);
}

TEST_CASE("impossible accuracies are clamped and those without triplets are assumed, and flagged") {
  // Functions 0 and 1 always agree, each agrees with 2 by chance or less: b^2 > 1 or < 0.
  std::vector<Vote> votes;
  for (ItemIndex i = 0; i < 100; ++i) {
    const auto label = static_cast<ClassIndex>(i % 2);
    const auto other = static_cast<ClassIndex>(i % 10 < 7 ? label : 1 - label);
    const auto third = static_cast<ClassIndex>(i % 10 < 2 || i % 10 > 5 ? label : 1 - label);
    votes.push_back({i, 0, label});
    votes.push_back({i, 1, other});
    votes.push_back({i, 2, third});
    if (i < 5) votes.push_back({i, 3, label});
  }
  const auto found =
      triplet_accuracies(make_vote_table(votes, 100, 4, 2).value(), {.assumed_accuracy = 0.65});
  REQUIRE(found.has_value());
  CHECK((*found)[3].state == TripletState::NotEstimable);
  CHECK((*found)[3].accuracy == 0.65);
  CHECK(std::ranges::any_of(
      *found, [](const TripletAccuracy& own) { return own.state == TripletState::Clamped; }));
  for (const TripletAccuracy& own : *found) {
    CHECK(own.accuracy > 0);
    CHECK(own.accuracy < 1);
  }
}

TEST_CASE("renumbering functions and classes renumbers triplets and pairs, to the bit") {
  SeededRandom random(19);
  const MadeVotes made = made_votes(random, 2000, 6, 3);
  constexpr RaterIndex function_to[] = {4, 2, 0, 5, 1, 3};
  std::vector<Vote> turned;
  for (const Vote& vote : made.votes) {
    turned.push_back(
        {vote.item, function_to[vote.rater], static_cast<ClassIndex>((vote.label + 1) % 3)});
  }
  const VoteTable other = make_vote_table(turned, 2000, 6, 3).value();
  for (const std::uint32_t partners : {64U, 3U}) {
    const auto a = triplet_accuracies(made.table(), {.partners_max = partners});
    const auto b = triplet_accuracies(other, {.partners_max = partners});
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    for (RaterIndex j = 0; j < 6; ++j) CHECK((*a)[j] == (*b)[function_to[j]]);
  }
}

// Function 9 copies function 1 on four votes of five.
MadeVotes with_copy(SeededRandom& random) {
  MadeVotes made = coin_votes(random, 4000, {.8, .7, .75, .7, .8, .75, .7, .8, .7}, 2, 0.7);
  const std::vector<Vote> original = made.votes;
  made.functions = 10;
  for (const Vote& vote : original) {
    if (vote.rater != 1) continue;
    const bool copies = random.uniform() < 0.8;
    const bool right = random.uniform() < 0.7;
    const ClassIndex truth = made.truth[vote.item];
    const auto own = static_cast<ClassIndex>(right ? truth : 1 - truth);
    made.votes.push_back({vote.item, 9, copies ? vote.label : own});
  }
  return made;
}

TEST_CASE("a copied function is found, and it alone") {
  SeededRandom random(23);
  const int rounds = std::getenv("CONSILIUM_FULL") != nullptr ? 200 : 10;
  for (int round = 0; round < rounds; ++round) {
    const VoteTable table = with_copy(random).table();
    const auto accuracies = triplet_accuracies(table);
    REQUIRE(accuracies.has_value());
    const auto pairs = find_dependent_pairs(table, *accuracies);
    REQUIRE(pairs.has_value());
    REQUIRE(pairs->size() == 1);
    CHECK((*pairs)[0].first == 1);
    CHECK((*pairs)[0].second == 9);
    CHECK((*pairs)[0].agreement > (*pairs)[0].expected + 0.2);
  }
}

TEST_CASE("a fitted one-coin model, too, tells of a copied function") {
  SeededRandom random(23);
  const VoteTable table = with_copy(random).table();
  const auto model = fit_label_model(table, {.model = FunctionModel::OneCoin});
  REQUIRE(model.has_value());
  const auto pairs = find_dependent_pairs(table, *model);
  REQUIRE(pairs.has_value());
  REQUIRE_FALSE(pairs->empty());
  CHECK((*pairs)[0].first == 1);
  CHECK((*pairs)[0].second == 9);
}

// Panels with at least one pair found at level .05 among 28 independent pairs; `kind` empty: by
// triplets.
int false_panels(SeededRandom& random, int rounds, std::optional<FunctionModel> kind,
                 bool by_class) {
  int found = 0;
  for (int round = 0; round < rounds; ++round) {
    const MadeVotes made =
        by_class ? made_votes(random, 500, 8, 2)
                 : coin_votes(random, 500, {.8, .7, .75, .6, .85, .65, .7, .8}, 2, 0.6);
    const VoteTable table = made.table();
    const DependenceOptions options{.level = 0.05, .excess_min = 0};
    if (kind.has_value()) {
      const auto model = fit_label_model(table, {.model = *kind});
      REQUIRE(model.has_value());
      found += find_dependent_pairs(table, *model, options).value().empty() ? 0 : 1;
    } else {
      const auto accuracies = triplet_accuracies(table);
      REQUIRE(accuracies.has_value());
      found += find_dependent_pairs(table, *accuracies, options).value().empty() ? 0 : 1;
    }
  }
  return found;
}

TEST_CASE("independent functions are rarely taken for dependent") {
  SeededRandom random(29);
  const int rounds = std::getenv("CONSILIUM_FULL") != nullptr ? 1000 : 40;
  const int coins = false_panels(random, rounds, std::nullopt, false);
  const int by_class = false_panels(random, rounds, std::nullopt, true);
  const int one_coin = false_panels(random, rounds, FunctionModel::OneCoin, false);
  const int confusion = false_panels(random, rounds, FunctionModel::ConfusionWithAbstention, false);
  const int hit_rates = false_panels(random, rounds, FunctionModel::HitRates, true);
  MESSAGE("of ", rounds, " panels: triplets ", coins, ", triplets with class-wise rates ", by_class,
          ", one-coin ", one_coin, ", confusion ", confusion, ", hit rates ", hit_rates);
  for (const int found : {coins, by_class, one_coin, confusion, hit_rates}) {
    CHECK(found <= rounds / 10);
  }
}

TEST_CASE("a model of other votes is refused") {
  SeededRandom random(1);
  const MadeVotes made = made_votes(random, 100, 4, 2);
  const VoteTable table = made.table();
  const auto model = fit_label_model(table);
  REQUIRE(model.has_value());
  const VoteTable other = make_vote_table(made.votes, 100, 5, 2).value();
  CHECK_FALSE(find_dependent_pairs(other, *model).has_value());
  CHECK_FALSE(find_dependent_pairs(other, std::vector<TripletAccuracy>(4)).has_value());
  CHECK_FALSE(find_dependent_pairs(table, *model, {.level = 0}).has_value());
}

}  // namespace
}  // namespace consilium
