#include <fmt/format.h>

#include <algorithm>

#include "analysis/consensus/em_step.hpp"
#include "analysis/statistics/exact_sum.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t cell_max = std::uint64_t{1} << 27;

// Gold by item, `no_label` where there is none; empty without gold.
Result<std::vector<ClassIndex>> gold_by_item(const VoteTable& votes,
                                             std::span<const GoldLabel> gold) {
  std::vector<ClassIndex> by_item;
  if (gold.empty()) return by_item;
  by_item.assign(votes.item_count(), no_label);
  for (std::size_t row = 0; row < gold.size(); ++row) {
    const auto [item, label] = gold[row];
    if (item >= votes.item_count() || label >= votes.class_count) {
      return fail(ErrorCode::InvalidInput, "a gold label names an item or class that is not there",
                  fmt::format("gold row {} (item {}, class {}; {} items, {} classes)", row, item,
                              label, votes.item_count(), votes.class_count),
                  "give gold for items and classes of the votes only");
    }
    if (by_item[item] != no_label && by_item[item] != label) {
      return fail(
          ErrorCode::InvalidInput, "an item has two different gold labels",
          fmt::format("gold row {} (item {}: classes {} and {})", row, item, by_item[item], label),
          "keep the right one");
    }
    by_item[item] = label;
  }
  return by_item;
}

}  // namespace

Result<EmProblem> make_em_problem(const VoteTable& votes, std::span<const GoldLabel> gold,
                                  unsigned threads) {
  if (votes.class_count == 0 || votes.vote_count() == 0) {
    return fail(ErrorCode::InvalidInput, "there is no vote to make a consensus of",
                fmt::format("{} votes, {} classes", votes.vote_count(), votes.class_count),
                "import votes first");
  }
  EmProblem problem;
  problem.class_count = votes.class_count;
  problem.lane_count = votes.class_count <= 2 ? 2 : (votes.class_count + 3) / 4 * 4;
  problem.rater_count = votes.rater_count;
  problem.threads = std::max(1U, threads);
  if (problem.cell_count() > cell_max / problem.lane_count) {
    return fail(ErrorCode::TooLarge, "the raters' confusion matrices do not fit",
                fmt::format("{} raters x {} classes squared, limit {} cells", votes.rater_count,
                            votes.class_count, cell_max),
                "merge classes that nobody confuses, or split the label set");
  }
  const std::vector<ClassIndex> by_item = CSL_TRY(gold_by_item(votes, gold));

  problem.first = {0};
  problem.first.reserve(votes.first.size());
  problem.item.reserve(votes.item_count());
  problem.cell.resize(votes.vote_count() + cell_padding);
  std::uint64_t written = 0;
  problem.rater_votes.assign(votes.rater_count, 0);
  for (ItemIndex item = 0; item < votes.item_count(); ++item) {
    const auto raters = votes.raters_of(item);
    const auto labels = votes.labels_of(item);
    if (raters.empty()) continue;
    for (std::size_t v = 0; v < raters.size(); ++v) {
      problem.cell[written++] = raters[v] * votes.class_count + labels[v];
      ++problem.rater_votes[raters[v]];
    }
    problem.row_votes_max = std::max<std::uint64_t>(problem.row_votes_max, raters.size());
    problem.item.push_back(item);
    problem.first.push_back(written);
    if (!by_item.empty()) problem.gold.push_back(by_item[item]);
  }

  // A score is a sum of row_votes_max + 1 logs of at most 1024 nats and must stay below 2^51
  // units; a cell's count is at most its rater's votes; the prevalence is summed in 63 bits.
  const std::uint64_t rater_votes_max = *std::ranges::max_element(problem.rater_votes);
  problem.log_bits = std::min(40, 41 - bits_above(problem.row_votes_max + 1));
  problem.share_bits =
      std::min({46, 51 - bits_above(rater_votes_max), 61 - bits_above(problem.row_count())});
  return problem;
}

}  // namespace consilium
