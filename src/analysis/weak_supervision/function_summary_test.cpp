#include "analysis/weak_supervision/function_summary.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace consilium {
namespace {

// The label matrix of Snorkel's own test of its analysis (test_analysis.py): six items, six
// functions, -1 abstains.
VoteTable snorkel_votes() {
  constexpr int matrix[6][6] = {{-1, -1, 0, -1, -1, 0},   {-1, -1, -1, 2, -1, -1},
                                {2, -1, -1, -1, -1, 0},   {1, -1, 2, -1, 0, 0},
                                {-1, -1, -1, -1, -1, -1}, {1, -1, 0, 2, 1, 0}};
  std::vector<Vote> votes;
  for (ItemIndex i = 0; i < 6; ++i) {
    for (RaterIndex j = 0; j < 6; ++j) {
      if (matrix[i][j] >= 0) votes.push_back({i, j, static_cast<ClassIndex>(matrix[i][j])});
    }
  }
  return make_vote_table(votes, 6, 6, 3).value();
}

TEST_CASE("Snorkel's worked example: polarity, coverage, overlap, conflict, accuracy") {
  const std::vector<ClassIndex> known = {0, 1, 2, 0, 1, 2};
  const auto summary = summarise_functions(snorkel_votes(), known);
  REQUIRE(summary.has_value());
  CHECK(summary->item_count == 6);
  CHECK(summary->covered == 5);
  CHECK(summary->overlapping == 4);
  CHECK(summary->conflicting == 3);
  const std::vector<std::vector<ClassIndex>> polarity = {{1, 2}, {}, {0, 2}, {2}, {0, 1}, {0}};
  constexpr std::uint64_t covered[] = {3, 0, 3, 2, 2, 4};
  constexpr std::uint64_t overlapping[] = {3, 0, 3, 1, 2, 4};
  constexpr std::uint64_t conflicting[] = {3, 0, 2, 1, 2, 3};
  // Snorkel gives 0 to the function that never votes; its accuracy is not known.
  constexpr double accuracy[] = {1.0 / 3, 0, 1.0 / 3, 0.5, 0.5, 0.5};
  for (std::size_t j = 0; j < 6; ++j) {
    CAPTURE(j);
    CHECK(summary->functions[j].polarity == polarity[j]);
    CHECK(summary->functions[j].covered == covered[j]);
    CHECK(summary->functions[j].overlapping == overlapping[j]);
    CHECK(summary->functions[j].conflicting == conflicting[j]);
    CHECK(summary->functions[j].accuracy().has_value() == (j != 1));
    CHECK(summary->functions[j].accuracy().value_or(0) == doctest::Approx(accuracy[j]));
  }
}

TEST_CASE("items of unknown class judge nobody") {
  const std::vector<ClassIndex> known = {unknown_class, unknown_class, 2, 1, unknown_class, 2};
  const auto summary = summarise_functions(snorkel_votes(), known);
  REQUIRE(summary.has_value());
  CHECK(summary->functions[0].judged == 3);
  CHECK(summary->functions[0].correct == 2);
  const auto blind = summarise_functions(snorkel_votes());
  REQUIRE(blind.has_value());
  CHECK_FALSE(blind->functions[0].accuracy().has_value());
}

TEST_CASE("a second vote on an item and known classes that do not fit are refused") {
  const std::vector<Vote> twice = {{0, 0, 0}, {1, 2, 0}, {1, 0, 1}, {1, 2, 1}};
  const auto refused = summarise_functions(make_vote_table(twice, 2, 3, 2).value());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "function 2, item 1");
  CHECK_FALSE(summarise_functions(snorkel_votes(), std::vector<ClassIndex>{0}).has_value());
  const std::vector<ClassIndex> far = {0, 1, 2, 3, 1, 2};
  CHECK(summarise_functions(snorkel_votes(), far).error().where == "item 3");
}

}  // namespace
}  // namespace consilium
