#include "domain/vote/vote_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "base/random.hpp"

namespace consilium {
namespace {

TEST_CASE("votes of one item stand together, in the order in which they came") {
  const std::vector<Vote> votes = {{2, 0, 1}, {0, 1, 0}, {2, 1, 0}, {2, 0, 0}};
  const auto table = make_vote_table(votes, 4, 2, 2);
  REQUIRE(table.has_value());
  CHECK(table->first == std::vector<std::uint64_t>{0, 1, 1, 4, 4});
  CHECK(table->rater == std::vector<RaterIndex>{1, 0, 1, 0});
  CHECK(table->label == std::vector<ClassIndex>{0, 1, 0, 0});
  CHECK(table->raters_of(1).empty());
  CHECK(table->labels_of(2).size() == 3);
}

TEST_CASE("the table holds exactly the votes it was made from, whatever their order") {
  SeededRandom random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<Vote> votes(random.below(200));
    for (Vote& vote : votes) {
      vote = {static_cast<ItemIndex>(random.below(30)), static_cast<RaterIndex>(random.below(9)),
              static_cast<ClassIndex>(random.below(4))};
    }
    const auto table = make_vote_table(votes, 30, 9, 4);
    REQUIRE(table.has_value());
    std::vector<Vote> back;
    for (ItemIndex i = 0; i < table->item_count(); ++i) {
      for (std::uint64_t v = table->first[i]; v < table->first[i + 1]; ++v) {
        back.push_back({i, table->rater[v], table->label[v]});
      }
    }
    std::ranges::stable_sort(votes, {}, &Vote::item);
    CHECK(back == votes);
  }
}

TEST_CASE("an index that is not below its count is refused and its vote is named") {
  const auto table = make_vote_table(std::vector<Vote>{{0, 0, 0}, {0, 3, 0}}, 1, 3, 1);
  REQUIRE_FALSE(table.has_value());
  CHECK(table.error().code == ErrorCode::InvalidInput);
  CHECK(table.error().where == "vote 1");
}

TEST_CASE("columns of unequal length and too many classes are refused") {
  CHECK_FALSE(make_vote_table(VoteColumns{{0, 0}, {0, 0}, {0}}, 1, 1, 1).has_value());
  CHECK_FALSE(make_vote_table(VoteColumns{}, 0, 0, 65'536).has_value());
  CHECK(make_vote_table(VoteColumns{}, 0, 0, 65'535).has_value());
}

}  // namespace
}  // namespace consilium
