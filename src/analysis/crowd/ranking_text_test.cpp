#include <doctest/doctest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "analysis/crowd/bradley_terry.hpp"
#include "analysis/crowd/rover.hpp"
#include "tests/made_votes.hpp"

namespace consilium::crowd {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

TEST_CASE("crowd-kit's toy of ROVER, in either order") {
  const std::vector<std::vector<std::string>> texts = {words_of("a b c d"), words_of("b z d e"),
                                                       words_of("b c d e f")};
  for (const AlignmentOrder order : {AlignmentOrder::AsGiven, AlignmentOrder::CentralFirst}) {
    const auto text = align_texts(texts, order).value();
    CHECK(text.words == words_of("b c d e"));
    CHECK(text.support[0] == 1);
    CHECK(text.support[1] == doctest::Approx(2.0 / 3));
  }
}

TEST_CASE("central-first does not hang on who comes first; equal texts are kept whole") {
  const std::vector<std::vector<std::string>> texts = {
      words_of("no acute bleed seen"), words_of("no acute bleeding seen"), words_of("acute bleed"),
      words_of("no acute bleed was seen"), words_of("")};
  const auto text = align_texts(texts, AlignmentOrder::CentralFirst).value();
  SeededRandom random(3);
  for (int round = 0; round < 10; ++round) {
    std::vector<std::vector<std::string>> other;
    for (const std::uint32_t t : test::random_order(random, 5)) other.push_back(texts[t]);
    const auto again = align_texts(other, AlignmentOrder::CentralFirst).value();
    CHECK(again.words == text.words);
    CHECK(again.support == text.support);
  }
  CHECK(text.words == words_of("no acute bleed seen"));
  const std::vector<std::vector<std::string>> same(3, words_of("a a b a"));
  CHECK(align_texts(same, AlignmentOrder::CentralFirst).value().words == words_of("a a b a"));
  CHECK_FALSE(align_texts({}, AlignmentOrder::AsGiven).has_value());
  const std::vector<std::vector<std::string>> empty(2);
  CHECK(align_texts(empty, AlignmentOrder::AsGiven).value().words.empty());
  const std::vector<std::vector<std::string>> huge(1, std::vector<std::string>(20'001, "a"));
  CHECK(align_texts(huge, AlignmentOrder::AsGiven).error().code == ErrorCode::TooLarge);
}

TEST_CASE("a circle of preferences ranks all alike, an order without end has no maximum") {
  const std::vector<Comparison> circle = {{0, 1}, {1, 2}, {2, 0}};
  const std::vector<Comparison> chain = {{0, 1}, {1, 2}, {0, 2}};
  for (const RankingMethod method : {RankingMethod::Mm, RankingMethod::Newton}) {
    const auto equal = rank_by_comparisons(circle, 3, {.method = method, .prior_wins = 0}).value();
    for (const double share : equal.share) CHECK(share == doctest::Approx(1.0 / 3).epsilon(1e-9));
    const auto never = rank_by_comparisons(chain, 3, {.method = method, .prior_wins = 0});
    REQUIRE_FALSE(never.has_value());
    CHECK(never.error().where.find("things") == 0);
    const auto held = rank_by_comparisons(chain, 3, {.method = method}).value();
    CHECK(held.converged);
    CHECK(held.share[0] > held.share[1]);
    CHECK(held.share[1] > held.share[2]);
  }
}

// Hunter's (3) written out by hand for a > b, b > c, a > c from equal strengths, ten times, scaled
// to sum to 1: .93489704, .06510296, 0 (the reference's V13 prints .934 .065 0). The likelihood has
// no maximum, so a prior too small to be seen stands in for none.
TEST_CASE("ten steps of the MM algorithm on a chain are Hunter's") {
  const std::vector<Comparison> chain = {{0, 1}, {1, 2}, {0, 2}};
  const auto ranking =
      rank_by_comparisons(chain, 3,
                          {.method = RankingMethod::Mm, .prior_wins = 1e-12, .iterations_max = 10})
          .value();
  CHECK(ranking.iterations == 10);
  CHECK_FALSE(ranking.converged);
  CHECK(ranking.share[0] == doctest::Approx(0.9348970414207921).epsilon(1e-9));
  CHECK(ranking.share[1] == doctest::Approx(0.06510295857920784).epsilon(1e-9));
  CHECK(ranking.share[2] < 1e-9);
}

// choix 0.4.1 (PyPI), ilsr_pairwise with alpha 0 on the same comparisons, centred.
TEST_CASE("log strengths are choix's, by both methods") {
  const std::vector<Comparison> games = {{0, 1}, {0, 1}, {1, 0}, {1, 2}, {1, 2}, {2, 1},
                                         {2, 3}, {3, 0}, {0, 3}, {0, 2}, {2, 0}, {3, 1},
                                         {0, 2}, {4, 0}, {1, 4}, {0, 4}, {2, 4}, {3, 4}};
  const std::vector<double> expected = {0.3932784154, 0.1303953877, 0.1303953877, 0.4403634063,
                                        -1.0944325970};
  for (const RankingMethod method : {RankingMethod::Mm, RankingMethod::Newton}) {
    const auto ranking = rank_by_comparisons(games, 5, {.method = method, .prior_wins = 0}).value();
    for (std::size_t i = 0; i < 5; ++i) {
      CHECK(ranking.log_strength[i] == doctest::Approx(expected[i]).epsilon(1e-7));
    }
  }
}

TEST_CASE("both methods find the same strengths; renumbering changes no bit") {
  SeededRandom random(11);
  std::vector<Comparison> games;
  for (int g = 0; g < 400; ++g) {
    const auto a = static_cast<std::uint32_t>(random.below(20));
    const auto b = static_cast<std::uint32_t>((a + 1 + random.below(19)) % 20);
    const bool a_wins = random.uniform() < 1 / (1 + std::exp((a - 1.0 * b) / 6));
    games.push_back(a_wins ? Comparison{a, b} : Comparison{b, a});
  }
  const auto newton = rank_by_comparisons(games, 20, {}).value();
  const auto mm = rank_by_comparisons(games, 20, {.method = RankingMethod::Mm}).value();
  CHECK(newton.iterations < 12);
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(newton.log_strength[i] == doctest::Approx(mm.log_strength[i]).epsilon(1e-6));
  }
  for (int round = 0; round < 5; ++round) {
    const auto to = test::random_order(random, 20);
    std::vector<Comparison> other;
    for (const std::uint32_t g : test::random_order(random, 400)) {
      other.push_back({to[games[g].winner], to[games[g].loser]});
    }
    for (const RankingMethod method : {RankingMethod::Mm, RankingMethod::Newton}) {
      const auto again = rank_by_comparisons(other, 20, {.method = method}).value();
      const auto& first = method == RankingMethod::Mm ? mm : newton;
      bool same = again.log_likelihood == first.log_likelihood;
      for (std::size_t i = 0; i < 20; ++i) {
        same = same && again.log_strength[to[i]] == first.log_strength[i];
        same = same && again.share[to[i]] == first.share[i];
      }
      CHECK(same);
    }
  }
}

TEST_CASE("comparisons that cannot be are refused") {
  CHECK_FALSE(rank_by_comparisons({}, 3, {}).has_value());
  CHECK_FALSE(rank_by_comparisons(std::vector<Comparison>{{0, 0}}, 3, {}).has_value());
  CHECK_FALSE(rank_by_comparisons(std::vector<Comparison>{{0, 3}}, 3, {}).has_value());
  CHECK_FALSE(
      rank_by_comparisons(std::vector<Comparison>{{0, 1}}, 3, {.prior_wins = -1}).has_value());
}

}  // namespace
}  // namespace consilium::crowd
