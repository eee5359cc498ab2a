// Votes made from known raters and truth, and the same votes under other numbers.
#pragma once

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::test {

struct MadeVotes {
  std::vector<Vote> votes;
  std::vector<ClassIndex> truth;
  std::uint32_t item_count = 0;
  std::uint32_t rater_count = 0;
  std::uint32_t class_count = 0;

  [[nodiscard]] VoteTable table() const {
    return make_vote_table(votes, item_count, rater_count, class_count).value();
  }
};

// Every item gets `votes_each` votes of different raters; rater r is right with probability
// right[r], else any other class.
inline MadeVotes made_votes(std::uint64_t seed, std::uint32_t item_count, std::uint32_t class_count,
                            const std::vector<double>& right, std::uint32_t votes_each) {
  SeededRandom random(seed);
  MadeVotes made{{}, {}, item_count, static_cast<std::uint32_t>(right.size()), class_count};
  std::vector<RaterIndex> raters(right.size());
  std::iota(raters.begin(), raters.end(), 0U);
  for (ItemIndex i = 0; i < item_count; ++i) {
    const auto truth = static_cast<ClassIndex>(random.below(class_count));
    made.truth.push_back(truth);
    for (std::uint32_t v = 0; v < votes_each; ++v) {
      std::swap(raters[v], raters[v + random.below(raters.size() - v)]);
      const bool is_right = random.uniform() < right[raters[v]];
      const auto other =
          static_cast<ClassIndex>((truth + 1 + random.below(class_count - 1)) % class_count);
      made.votes.push_back({i, raters[v], is_right ? truth : other});
    }
  }
  return made;
}

inline std::vector<std::uint32_t> random_order(SeededRandom& random, std::uint32_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  for (std::uint32_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

// Item i becomes item[i] and so on; the votes come in another order, too.
struct Renumbering {
  std::vector<std::uint32_t> item;
  std::vector<std::uint32_t> rater;
  std::vector<std::uint32_t> class_of;
};
inline std::pair<VoteTable, Renumbering> renumbered(const VoteTable& table, std::uint64_t seed) {
  SeededRandom random(seed);
  Renumbering to{random_order(random, table.item_count()), random_order(random, table.rater_count),
                 random_order(random, table.class_count)};
  std::vector<Vote> votes;
  for (ItemIndex i = 0; i < table.item_count(); ++i) {
    for (std::uint64_t v = table.first[i]; v < table.first[i + 1]; ++v) {
      votes.push_back({to.item[i], to.rater[table.rater[v]],
                       static_cast<ClassIndex>(to.class_of[table.label[v]])});
    }
  }
  std::vector<Vote> shuffled;
  for (const std::uint32_t v : random_order(random, static_cast<std::uint32_t>(votes.size()))) {
    shuffled.push_back(votes[v]);
  }
  auto result = make_vote_table(shuffled, table.item_count(), table.rater_count, table.class_count);
  return {std::move(*result), std::move(to)};
}

}  // namespace consilium::test
