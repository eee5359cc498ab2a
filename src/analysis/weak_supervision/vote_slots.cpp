#include "analysis/weak_supervision/vote_slots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace consilium::weak {
namespace {

constexpr std::uint64_t direct_max = std::uint64_t{1} << 24;

Status check_once(const VoteTable& votes) {
  std::vector<std::uint64_t> last(votes.rater_count, 0);
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    for (const RaterIndex function : votes.raters_of(i)) {
      if (last[function] == std::uint64_t{i} + 1) {
        return fail(ErrorCode::InvalidInput, "a labelling function votes twice on one item",
                    fmt::format("function {}, item {}", function, i),
                    "leave one of the votes out, or make them two functions");
      }
      last[function] = std::uint64_t{i} + 1;
    }
  }
  return {};
}

std::uint64_t key_of(const VoteTable& votes, std::uint64_t vote) {
  return std::uint64_t{votes.rater[vote]} * votes.class_count + votes.label[vote];
}

// The keys that occur, ascending.
std::vector<std::uint64_t> occurring_keys(const VoteTable& votes) {
  const std::uint64_t all = std::uint64_t{votes.rater_count} * votes.class_count;
  std::vector<std::uint64_t> keys;
  if (all <= direct_max) {
    std::vector<std::uint8_t> occurs(all, 0);
    for (std::uint64_t v = 0; v < votes.vote_count(); ++v) occurs[key_of(votes, v)] = 1;
    for (std::uint64_t key = 0; key < all; ++key) {
      if (occurs[key] != 0) keys.push_back(key);
    }
    return keys;
  }
  keys.resize(votes.vote_count());
  for (std::uint64_t v = 0; v < votes.vote_count(); ++v) keys[v] = key_of(votes, v);
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  return keys;
}

}  // namespace

Result<VoteSlots> slots_of(const VoteTable& votes) {
  CSL_TRY(check_once(votes));
  const std::vector<std::uint64_t> keys = occurring_keys(votes);
  VoteSlots slots{.first = std::vector<std::uint32_t>(std::size_t{votes.rater_count} + 1, 0)};
  for (const std::uint64_t key : keys) {
    ++slots.first[key / votes.class_count + 1];
    slots.label.push_back(static_cast<ClassIndex>(key % votes.class_count));
  }
  std::partial_sum(slots.first.begin(), slots.first.end(), slots.first.begin());
  slots.votes.assign(keys.size(), 0);
  slots.of_vote.resize(votes.vote_count());
  const std::uint64_t all = std::uint64_t{votes.rater_count} * votes.class_count;
  std::vector<std::uint32_t> direct;
  if (all <= direct_max) {
    direct.resize(all);
    for (std::uint32_t s = 0; s < keys.size(); ++s) direct[keys[s]] = s;
  }
  for (std::uint64_t v = 0; v < votes.vote_count(); ++v) {
    const std::uint64_t key = key_of(votes, v);
    const std::uint32_t slot =
        direct.empty()
            ? static_cast<std::uint32_t>(std::ranges::lower_bound(keys, key) - keys.begin())
            : direct[key];
    slots.of_vote[v] = slot;
    ++slots.votes[slot];
  }
  return slots;
}

}  // namespace consilium::weak
