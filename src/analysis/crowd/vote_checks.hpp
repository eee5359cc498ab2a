// What every model of this module asks of its votes, and how it looks them up by rater.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::crowd {

// Errors: InvalidInput without votes or with fewer than two classes; TooLarge when an item has more
// votes than the fixed-point sums hold.
[[nodiscard]] Status check_votes(const VoteTable& votes);

// Errors: InvalidInput unless empty or one number above 0 a class that sum to 1 within 1e-6.
[[nodiscard]] Status check_class_prior(std::span<const double> prior, std::uint32_t class_count);

// The votes by rater: vote numbers and their items, in the table's order.
struct VotesByRater {
  std::vector<std::uint64_t> first;  // rater_count + 1
  std::vector<std::uint64_t> vote;
  std::vector<ItemIndex> item;
};
[[nodiscard]] VotesByRater votes_by_rater(const VoteTable& votes);

}  // namespace consilium::crowd
