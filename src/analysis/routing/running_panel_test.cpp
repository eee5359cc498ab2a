#include "analysis/routing/running_panel.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/made_votes.hpp"

namespace consilium::routing {
namespace {

RunningPanel panel_of(const VoteTable& votes, PanelPrior prior = {}) {
  auto panel =
      RunningPanel::make(votes.item_count(), votes.rater_count, votes.class_count, prior).value();
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    for (std::uint64_t v = votes.first[i]; v < votes.first[i + 1]; ++v) {
      REQUIRE(panel.set_vote({i, votes.rater[v], votes.label[v]}).has_value());
    }
  }
  return panel;
}

// Batch EM of the same model, written apart and in plain floating point; one round from
// `posterior`.
std::vector<double> plain_round(const VoteTable& votes, const std::vector<double>& posterior,
                                PanelPrior prior) {
  const std::size_t k = votes.class_count;
  std::vector<double> said(votes.rater_count * k * k, prior.wrong);
  std::vector<double> shares(k, prior.of_class);
  for (std::size_t r = 0; r < votes.rater_count; ++r) {
    for (std::size_t t = 0; t < k; ++t) said[(r * k + t) * k + t] = prior.right;
  }
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    for (std::size_t t = 0; t < k; ++t) {
      shares[t] += posterior[i * k + t];
      for (std::uint64_t v = votes.first[i]; v < votes.first[i + 1]; ++v) {
        said[(votes.rater[v] * k + t) * k + votes.label[v]] += posterior[i * k + t];
      }
    }
  }
  std::vector<double> next(posterior.size());
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    double sum = 0;
    for (std::size_t t = 0; t < k; ++t) {
      double product = shares[t];
      for (std::uint64_t v = votes.first[i]; v < votes.first[i + 1]; ++v) {
        const double* row = &said[(votes.rater[v] * k + t) * k];
        double any = 0;
        for (std::size_t l = 0; l < k; ++l) any += row[l];
        product *= row[votes.label[v]] / any;
      }
      next[i * k + t] = product;
      sum += product;
    }
    for (std::size_t t = 0; t < k; ++t) next[i * k + t] /= sum;
  }
  return next;
}

// R1, R5: items come and go without a trace in the others.
TEST_CASE(
    "an item put in and taken out again leaves everything as it was, and the rest is renumbered") {
  SeededRandom random(8);
  auto panel = RunningPanel::make(12, 4, 3, {}).value();
  for (int step = 0; step < 60; ++step) {
    REQUIRE(panel
                .set_vote({static_cast<ItemIndex>(random.below(12)),
                           static_cast<RaterIndex>(random.below(4)),
                           static_cast<ClassIndex>(random.below(3))})
                .has_value());
  }
  const auto counts = [](const RunningPanel& of) {
    std::vector<std::vector<double>> all{of.class_shares()};
    for (RaterIndex r = 0; r < 4; ++r) all.push_back(of.counts(r));
    return all;
  };
  const auto before = counts(panel);
  const auto last = panel.posterior(11);
  for (const ItemIndex at : {0U, 5U, 12U}) {
    CAPTURE(at);
    REQUIRE(panel.insert_item(at).has_value());
    CHECK(panel.item_count() == 13);
    CHECK(panel.votes_on(at) == 0);
    CHECK(counts(panel) == before);
    CHECK(panel.posterior(at < 12 ? 12 : 11) == last);
    REQUIRE(panel.set_vote({at, 1, 2}).has_value());
    REQUIRE(panel.set_truth(at, ClassIndex{0}).has_value());
    CHECK(panel.truth_of(at) == ClassIndex{0});
    CHECK(counts(panel) != before);
    REQUIRE(panel.set_truth(at, std::nullopt).has_value());
    CHECK(!panel.truth_of(at));
    CHECK(panel.counts_are_exact());
    REQUIRE(panel.erase_item(at).has_value());
    CHECK(counts(panel) == before);
    CHECK(panel.posterior(11) == last);
  }
  CHECK(!panel.insert_item(13).has_value());
  CHECK(!panel.erase_item(12).has_value());
}

// R1: the counts are, bit for bit, those of a recount.
TEST_CASE("after any history of votes the counts are exactly those of a recount") {
  SeededRandom random(5);
  auto panel = RunningPanel::make(40, 7, 3, {}).value();
  for (int step = 0; step < 4000; ++step) {
    const auto item = static_cast<ItemIndex>(random.below(40));
    const auto rater = static_cast<RaterIndex>(random.below(7));
    const auto label = static_cast<ClassIndex>(random.below(3));
    const auto what = random.below(10);
    if (what < 6) {
      REQUIRE(panel.set_vote({item, rater, label}).has_value());
    } else if (what < 8 && panel.has_vote(item, rater)) {
      REQUIRE(panel.remove_vote(item, rater).has_value());
    } else if (what == 8) {
      panel.refresh(item);
    } else if (step % 100 == 9) {
      REQUIRE(panel.set_truth(item, label).has_value());
    }
    if (step % 97 == 0) CHECK(panel.counts_are_exact());
  }
  CHECK(panel.counts_are_exact());
}

// R2: what was taken back leaves nothing.
TEST_CASE("a panel whose votes are all taken back is as new") {
  const auto made = test::made_votes(3, 30, 3, {0.9, 0.8, 0.7, 0.6}, 3);
  auto panel = panel_of(made.table());
  for (const Vote& vote : made.votes) REQUIRE(panel.remove_vote(vote.item, vote.rater).has_value());
  for (RaterIndex r = 0; r < 4; ++r) {
    for (const double count : panel.counts(r)) CHECK(count == 0);
  }
  CHECK(panel.class_shares()[1] == 1.0 / 3);
  CHECK(panel.remove_vote(0, 0).error().code == ErrorCode::NotFound);
}

// R3: the fixed point is the batch's.
TEST_CASE("refreshing item by item reaches the fixed point of batch EM") {
  const auto made = test::made_votes(4, 200, 3, {0.9, 0.8, 0.7, 0.6, 0.85}, 4);
  const VoteTable votes = made.table();
  auto panel = panel_of(votes);
  double moved = 1;
  double bound = panel.log_posterior();
  for (int round = 0; round < 500 && moved > 1e-10; ++round) {
    moved = 0;
    for (ItemIndex i = 0; i < 200; ++i) moved = std::max(moved, panel.refresh(i));
    const double now = panel.log_posterior();
    CHECK(now >= bound - 1e-7);
    bound = now;
  }
  CHECK(moved <= 1e-10);
  CHECK(panel.counts_are_exact());
  std::vector<double> posterior;
  for (ItemIndex i = 0; i < 200; ++i) {
    const auto row = panel.posterior(i);
    posterior.insert(posterior.end(), row.begin(), row.end());
  }
  const auto next = plain_round(votes, posterior, {});
  for (std::size_t c = 0; c < next.size(); ++c) CHECK(std::fabs(next[c] - posterior[c]) < 1e-9);
  // And from the vote shares batch EM comes to the same place.
  std::vector<double> batch(posterior.size(), 0.0);
  for (const Vote& vote : made.votes) batch[vote.item * 3 + vote.label] += 0.25;
  for (int round = 0; round < 2000; ++round) batch = plain_round(votes, batch, {});
  for (std::size_t c = 0; c < batch.size(); ++c) CHECK(std::fabs(batch[c] - posterior[c]) < 1e-7);
}

TEST_CASE("whole rounds do as the plain batch does, for any number of threads") {
  const auto made = test::made_votes(6, 150, 4, {0.9, 0.8, 0.7, 0.5}, 3);
  const VoteTable votes = made.table();
  const auto start = panel_of(votes);
  std::vector<double> batch;
  for (ItemIndex i = 0; i < 150; ++i) {
    const auto row = start.posterior(i);
    batch.insert(batch.end(), row.begin(), row.end());
  }
  for (int round = 0; round < 7; ++round) batch = plain_round(votes, batch, {});
  auto one = start;
  one.settle(0, 7);
  for (const unsigned threads : {2U, 8U}) {
    auto many = start;
    many.settle(0, 7, threads);
    for (ItemIndex i = 0; i < 150; ++i) CHECK(many.posterior(i) == one.posterior(i));
  }
  for (ItemIndex i = 0; i < 150; ++i) {
    for (std::size_t t = 0; t < 4; ++t) {
      CHECK(one.posterior(i)[t] == doctest::Approx(batch[i * 4 + t]).epsilon(1e-7));
    }
  }
  CHECK(one.counts_are_exact());
}

// R4: other numbers for the same things, the same history: the same bits under the other numbers.
TEST_CASE("renumbering items, raters and classes changes no bit") {
  const auto made = test::made_votes(7, 60, 3, {0.9, 0.8, 0.7, 0.5, 0.6}, 3);
  const VoteTable votes = made.table();
  const auto [unused, to] = test::renumbered(votes, 3);
  auto first = RunningPanel::make(60, 5, 3, {}).value();
  auto other = first;
  for (const Vote& vote : made.votes) {
    REQUIRE(first.set_vote(vote).has_value());
    REQUIRE(other
                .set_vote({to.item[vote.item], to.rater[vote.rater],
                           static_cast<ClassIndex>(to.class_of[vote.label])})
                .has_value());
  }
  first.settle(1e-9, 500);
  other.settle(1e-9, 500);
  CHECK(first.log_posterior() == other.log_posterior());
  for (ItemIndex i = 0; i < 60; ++i) {
    for (std::uint32_t t = 0; t < 3; ++t) {
      CHECK(first.posterior(i)[t] == other.posterior(to.item[i])[to.class_of[t]]);
    }
  }
  CHECK(first.rates(2)[1] == other.rates(to.rater[2])[to.class_of[0] * 3 + to.class_of[1]]);
}

TEST_CASE("known truth fixes its item and teaches the raters' rates") {
  auto panel = RunningPanel::make(20, 2, 2, {}).value();
  for (ItemIndex i = 0; i < 20; ++i) {
    const auto truth = static_cast<ClassIndex>(i % 2);
    REQUIRE(panel.set_truth(i, truth).has_value());
    REQUIRE(panel.set_vote({i, 0, truth}).has_value());
    REQUIRE(panel.set_vote({i, 1, static_cast<ClassIndex>(1 - truth)}).has_value());
  }
  CHECK(panel.posterior(3) == std::vector<double>{0, 1});
  CHECK(panel.rates(0)[0] == doctest::Approx(14.0 / 15));
  CHECK(panel.rates(1)[0] == doctest::Approx(4.0 / 15));
  CHECK(panel.counts_without(0, 2)[0] == 9);
  CHECK(panel.counts_without(0, 3)[0] == 10);
}

TEST_CASE("what is not in the panel is refused") {
  auto panel = RunningPanel::make(2, 2, 2, {}).value();
  CHECK_FALSE(panel.set_vote({2, 0, 0}).has_value());
  CHECK_FALSE(panel.set_vote({0, 2, 0}).has_value());
  CHECK_FALSE(panel.set_vote({0, 0, 2}).has_value());
  CHECK_FALSE(panel.set_truth(0, 2).has_value());
  CHECK_FALSE(RunningPanel::make(1, 1, 1, {}).has_value());
  CHECK_FALSE(RunningPanel::make(1, 1, 2, {.right = 0}).has_value());
  CHECK(RunningPanel::make(1, 4'000'000, 60'000, {}).error().code == ErrorCode::TooLarge);
}

}  // namespace
}  // namespace consilium::routing
