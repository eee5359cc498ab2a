#include "analysis/crowd/vote_checks.hpp"

#include <fmt/format.h>

#include <cmath>

namespace consilium::crowd {

Status check_votes(const VoteTable& votes) {
  constexpr std::uint64_t votes_of_item_max = 60'000;
  if (votes.class_count < 2) {
    return fail(ErrorCode::InvalidInput, "there are fewer than two classes", {},
                "give the question's whole set of answers");
  }
  if (votes.vote_count() == 0) {
    return fail(ErrorCode::InvalidInput, "there are no votes", {}, "wait for the first label");
  }
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    if (votes.first[i + 1] - votes.first[i] > votes_of_item_max) {
      return fail(ErrorCode::TooLarge, "an item has over 60,000 votes", fmt::format("item {}", i),
                  "leave out repeated votes");
    }
  }
  return {};
}

Status check_class_prior(std::span<const double> prior, std::uint32_t class_count) {
  if (prior.empty()) return {};
  double sum = 0;
  bool good = prior.size() == class_count;
  for (const double share : prior) {
    good = good && share > 0 && std::isfinite(share);
    sum += share;
  }
  if (!good || std::fabs(sum - 1) > 1e-6) {
    return fail(ErrorCode::InvalidInput, "the class prior is not one share above 0 a class", {},
                "give shares that sum to 1, or none for equal ones");
  }
  return {};
}

VotesByRater votes_by_rater(const VoteTable& votes) {
  VotesByRater by{std::vector<std::uint64_t>(votes.rater_count + 1),
                  std::vector<std::uint64_t>(votes.vote_count()),
                  std::vector<ItemIndex>(votes.vote_count())};
  for (const RaterIndex r : votes.rater) ++by.first[r + 1];
  for (std::uint32_t r = 0; r < votes.rater_count; ++r) by.first[r + 1] += by.first[r];
  std::vector<std::uint64_t> next(by.first.begin(), by.first.end() - 1);
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    for (std::uint64_t v = votes.first[i]; v < votes.first[i + 1]; ++v) {
      const std::uint64_t place = next[votes.rater[v]]++;
      by.vote[place] = v;
      by.item[place] = i;
    }
  }
  return by;
}

}  // namespace consilium::crowd
