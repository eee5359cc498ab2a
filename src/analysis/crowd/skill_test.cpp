#include "analysis/crowd/skill.hpp"

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

#include "tests/made_votes.hpp"

namespace consilium::crowd {
namespace {

// crowd-kit's toy: five raters on tasks t1..t5; n = 0, y = 1, - = none.
VoteTable toy() {
  const std::vector<std::string_view> said = {"nyyyy", "yynyn", "-ynyn", "ynyyn", "nnnyn"};
  std::vector<Vote> votes;
  for (RaterIndex r = 0; r < 5; ++r) {
    for (ItemIndex i = 0; i < 5; ++i) {
      if (said[r][i] != '-') votes.push_back({i, r, static_cast<ClassIndex>(said[r][i] == 'y')});
    }
  }
  return make_vote_table(votes, 5, 5, 2).value();
}

TEST_CASE("crowd-kit's toy: skills and shares of Wawa and Zero-Based-Skill") {
  const std::vector<double> skills = {0.6, 0.8, 1, 0.4, 0.8};
  const std::vector<double> yes = {0.461538, 0.666667, 0.277778, 1, 0.166667};
  const auto wawa = fit_wawa(toy(), EqualVotes::Lowest).value();
  const auto zero = fit_zero_based_skill(toy(), {.equal_votes = EqualVotes::Lowest}).value();
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(wawa.skill[i] == doctest::Approx(skills[i]).epsilon(1e-9));
    CHECK(zero.skill[i] == doctest::Approx(skills[i]).epsilon(1e-9));
    CHECK(wawa.posterior[i * 2 + 1] == doctest::Approx(yes[i]).epsilon(2e-6));
  }
  CHECK(zero.iterations < 100);
}

TEST_CASE("shared credit for equal votes does not hang on the classes' numbers") {
  const auto made = test::made_votes(2, 80, 3, {0.9, 0.5, 0.6, 0.7}, 2);
  const VoteTable votes = made.table();
  const auto wawa = fit_wawa(votes, EqualVotes::Shared).value();
  const auto zero = fit_zero_based_skill(votes, {}).value();
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    const auto [other, to] = test::renumbered(votes, seed);
    const auto wawa_again = fit_wawa(other, EqualVotes::Shared).value();
    const auto zero_again = fit_zero_based_skill(other, {}).value();
    for (std::uint32_t r = 0; r < 4; ++r) {
      CHECK(wawa_again.skill[to.rater[r]] == wawa.skill[r]);
      CHECK(zero_again.skill[to.rater[r]] == zero.skill[r]);
    }
    CHECK(zero_again.posterior[to.item[5] * 3 + to.class_of[1]] == zero.posterior[5 * 3 + 1]);
  }
}

TEST_CASE("weights are checked and an item of weight 0 has equal shares") {
  const auto table = make_vote_table(std::vector<Vote>{{0, 0, 1}, {1, 1, 0}}, 3, 2, 2).value();
  CHECK_FALSE(weighted_majority(table, std::vector<double>{1}).has_value());
  CHECK_FALSE(weighted_majority(table, std::vector<double>{1, -1}).has_value());
  const auto shares = weighted_majority(table, std::vector<double>{0, 5}).value();
  CHECK(shares == std::vector<double>{0.5, 0.5, 1, 0, 0.5, 0.5});
}

}  // namespace
}  // namespace consilium::crowd
