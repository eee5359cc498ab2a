#include "domain/vote/vote_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace consilium {
namespace {

Status check(const VoteColumns& columns, std::uint32_t item_count, std::uint32_t rater_count,
             std::uint32_t class_count) {
  const std::size_t count = columns.item.size();
  if (columns.rater.size() != count || columns.label.size() != count) {
    return fail(ErrorCode::InvalidInput, "the columns of the votes differ in length");
  }
  if (class_count > vote_class_count_max) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} classes are more than {}", class_count, vote_class_count_max));
  }
  const auto is_outside = [&](std::size_t v) {
    return (columns.item[v] >= item_count) | (columns.rater[v] >= rater_count) |
           (columns.label[v] >= class_count);
  };
  unsigned any_outside = 0;  // without a branch a vote: nearly always none is
  for (std::size_t v = 0; v < count; ++v) any_outside |= is_outside(v) ? 1U : 0U;
  for (std::size_t v = 0; any_outside != 0 && v < count; ++v) {
    if (is_outside(v)) {
      return fail(ErrorCode::InvalidInput, "a vote names an item, rater or class that is not there",
                  fmt::format("vote {}", v));
    }
  }
  return {};
}

// Votes by item, item i's at i + 1; true when the items never fall. Votes of one item mostly stand
// together, so a run is counted before it is written.
bool count_items(const std::vector<ItemIndex>& items, std::vector<std::uint64_t>& count) {
  bool is_sorted = true;
  for (std::size_t v = 0; v < items.size();) {
    const ItemIndex item = items[v];
    std::size_t end = v + 1;
    while (end < items.size() && items[end] == item) ++end;
    count[std::size_t{item} + 1] += end - v;
    is_sorted = is_sorted && (end == items.size() || items[end] > item);
    v = end;
  }
  return is_sorted;
}

}  // namespace

Result<VoteTable> make_vote_table(VoteColumns columns, std::uint32_t item_count,
                                  std::uint32_t rater_count, std::uint32_t class_count) {
  CSL_TRY(check(columns, item_count, rater_count, class_count));
  VoteTable table{.rater_count = rater_count,
                  .class_count = class_count,
                  .first = std::vector<std::uint64_t>(std::size_t{item_count} + 1, 0),
                  .rater = {},
                  .label = {}};
  const std::size_t count = columns.item.size();
  const bool is_sorted = count_items(columns.item, table.first);
  for (std::size_t i = 0; i < item_count; ++i) table.first[i + 1] += table.first[i];
  if (is_sorted) {  // files are mostly written item by item
    table.rater = std::move(columns.rater);
    table.label = std::move(columns.label);
    return table;
  }
  std::vector<std::uint64_t> next(table.first.begin(), table.first.end() - 1);
  table.rater.resize(count);
  for (std::size_t v = 0; v < count; ++v) table.rater[next[columns.item[v]]++] = columns.rater[v];
  columns.rater = {};  // gives its memory back before the labels are placed
  std::copy(table.first.begin(), table.first.end() - 1, next.begin());
  table.label.resize(count);
  for (std::size_t v = 0; v < count; ++v) table.label[next[columns.item[v]]++] = columns.label[v];
  return table;
}

Result<VoteTable> make_vote_table(std::span<const Vote> votes, std::uint32_t item_count,
                                  std::uint32_t rater_count, std::uint32_t class_count) {
  VoteColumns columns;
  columns.item.reserve(votes.size());
  columns.rater.reserve(votes.size());
  columns.label.reserve(votes.size());
  for (const Vote& vote : votes) {
    columns.item.push_back(vote.item);
    columns.rater.push_back(vote.rater);
    columns.label.push_back(vote.label);
  }
  return make_vote_table(std::move(columns), item_count, rater_count, class_count);
}

}  // namespace consilium
