#include "analysis/routing/running_panel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "analysis/parallel/parallel.hpp"
#include "analysis/statistics/exact_sum.hpp"

namespace consilium::routing {
namespace {
constexpr std::uint64_t cells_max = std::uint64_t{1} << 31U;
}  // namespace

Result<RunningPanel> RunningPanel::make(std::uint32_t item_count, std::uint32_t rater_count,
                                        std::uint32_t class_count, PanelPrior prior) {
  const auto in_range = [](double count) { return count > 0 && count <= 10'000; };
  if (class_count < 2 || class_count > vote_class_count_max || !in_range(prior.right) ||
      !in_range(prior.wrong) || !in_range(prior.of_class)) {
    return fail(ErrorCode::InvalidInput, "the panel's classes or pseudo-counts are out of range",
                {}, "give at least two classes and pseudo-counts above 0, at most 10,000");
  }
  const std::uint64_t square = std::uint64_t{class_count} * class_count;
  if (rater_count > cells_max / square || item_count > cells_max / class_count) {
    return fail(
        ErrorCode::TooLarge, "the panel has too many raters, items or classes",
        fmt::format("{} raters, {} items, {} classes", rater_count, item_count, class_count),
        "split the project by question");
  }
  RunningPanel panel;
  panel.item_count_ = item_count;
  panel.rater_count_ = rater_count;
  panel.class_count_ = class_count;
  panel.prior_ = prior;
  panel.votes_.resize(item_count);
  panel.truth_.assign(item_count, -1);
  panel.posterior_.assign(std::size_t{item_count} * class_count, to_fixed(1.0 / class_count));
  panel.said_.resize(std::size_t{rater_count} * square);
  panel.said_any_.resize(std::size_t{rater_count} * class_count);
  panel.of_class_.resize(class_count);
  return panel;
}

Status RunningPanel::check(ItemIndex item, RaterIndex rater, std::uint32_t label) const {
  if (item >= item_count_ || rater >= rater_count_ || label >= class_count_) {
    return fail(ErrorCode::InvalidInput, "a vote's item, rater or class is not in the panel",
                fmt::format("item {}, rater {}, class {}", item, rater, label),
                "make the panel anew with all of them");
  }
  return {};
}

// Only what was seen counts: an item without votes or known truth says nothing of the classes.
void RunningPanel::count(ItemIndex item, int sign) {
  if (votes_[item].empty() && truth_[item] < 0) return;
  const FixedPoint* row = &posterior_[std::size_t{item} * class_count_];
  for (std::uint32_t t = 0; t < class_count_; ++t) {
    const FixedPoint share = sign * row[t];
    of_class_[t] += share;
    if (share == 0) continue;
    for (const auto& [rater, label] : votes_[item]) {
      said_[cell(rater, t, label)] += share;
      said_any_[std::size_t{rater} * class_count_ + t] += share;
    }
  }
}

double RunningPanel::expect(ItemIndex item, std::vector<FixedPoint>& row) const {
  row.assign(class_count_, 0);
  if (truth_[item] >= 0) {
    row[static_cast<std::size_t>(truth_[item])] = to_fixed(1);
  } else if (votes_[item].empty()) {
    std::ranges::fill(row, to_fixed(1.0 / class_count_));
    return 0;
  }
  FixedPoint seen = 0;
  for (const FixedPoint share : of_class_) seen += share;
  const double all_shares = from_fixed(seen) + prior_.of_class * class_count_;
  const double all_rates = prior_.right + prior_.wrong * (class_count_ - 1);
  std::vector<FixedPoint> scores(class_count_);
  for (std::uint32_t t = 0; t < class_count_; ++t) {
    scores[t] = to_fixed(std::log((from_fixed(of_class_[t]) + prior_.of_class) / all_shares));
    for (const auto& [rater, label] : votes_[item]) {
      const double said =
          from_fixed(said_[cell(rater, t, label)]) + (label == t ? prior_.right : prior_.wrong);
      const double any = from_fixed(said_any_[std::size_t{rater} * class_count_ + t]) + all_rates;
      scores[t] += to_fixed(std::log(said / any));
    }
  }
  if (truth_[item] >= 0) return from_fixed(scores[static_cast<std::size_t>(truth_[item])]);
  const FixedPoint top = *std::ranges::max_element(scores);
  FixedPoint sum = 0;
  for (std::uint32_t t = 0; t < class_count_; ++t) {
    row[t] = to_fixed(std::exp(from_fixed(scores[t] - top)));
    sum += row[t];
  }
  const double total = from_fixed(sum);
  for (FixedPoint& share : row) share = to_fixed(from_fixed(share) / total);
  return from_fixed(top) + std::log(total);
}

double RunningPanel::refresh(ItemIndex item) {
  std::vector<FixedPoint> row;
  expect(item, row);
  count(item, -1);
  FixedPoint moved = 0;
  for (std::uint32_t t = 0; t < class_count_; ++t) {
    FixedPoint& share = posterior_[std::size_t{item} * class_count_ + t];
    moved = std::max(moved, std::abs(row[t] - share));
    share = row[t];
  }
  count(item, 1);
  return from_fixed(moved);
}

Status RunningPanel::set_vote(const Vote& vote) {
  CSL_TRY(check(vote.item, vote.rater, vote.label));
  count(vote.item, -1);
  auto& votes = votes_[vote.item];
  const auto at =
      std::ranges::lower_bound(votes, vote.rater, {}, &std::pair<RaterIndex, ClassIndex>::first);
  if (at != votes.end() && at->first == vote.rater) {
    at->second = vote.label;
  } else {
    votes.emplace(at, vote.rater, vote.label);
  }
  count(vote.item, 1);
  refresh(vote.item);
  return {};
}

Status RunningPanel::remove_vote(ItemIndex item, RaterIndex rater) {
  CSL_TRY(check(item, rater, 0));
  auto& votes = votes_[item];
  const auto at =
      std::ranges::lower_bound(votes, rater, {}, &std::pair<RaterIndex, ClassIndex>::first);
  if (at == votes.end() || at->first != rater) {
    return fail(ErrorCode::NotFound, "the rater has no vote on the item",
                fmt::format("item {}, rater {}", item, rater), "take back a vote that was cast");
  }
  count(item, -1);
  votes.erase(at);
  count(item, 1);
  refresh(item);
  return {};
}

Status RunningPanel::set_truth(ItemIndex item, std::optional<ClassIndex> truth) {
  CSL_TRY(check(item, 0, truth.value_or(0)));
  count(item, -1);
  truth_[item] = truth ? static_cast<std::int64_t>(*truth) : -1;
  count(item, 1);
  refresh(item);
  return {};
}

Status RunningPanel::insert_item(ItemIndex at) {
  if (at > item_count_) {
    return fail(ErrorCode::InvalidInput, "the panel has no such place for an item",
                fmt::format("item {} of {}", at, item_count_));
  }
  if (item_count_ >= cells_max / class_count_) {
    return fail(ErrorCode::TooLarge, "the panel has too many items", fmt::format("{}", item_count_),
                "split the project by question");
  }
  votes_.emplace(votes_.begin() + at);
  truth_.insert(truth_.begin() + at, -1);
  posterior_.insert(posterior_.begin() + static_cast<std::ptrdiff_t>(at) * class_count_,
                    class_count_, to_fixed(1.0 / class_count_));
  ++item_count_;
  return {};
}

Status RunningPanel::erase_item(ItemIndex at) {
  if (at >= item_count_) {
    return fail(ErrorCode::InvalidInput, "the panel has no such item",
                fmt::format("item {} of {}", at, item_count_));
  }
  count(at, -1);
  votes_.erase(votes_.begin() + at);
  truth_.erase(truth_.begin() + at);
  const auto row = posterior_.begin() + static_cast<std::ptrdiff_t>(at) * class_count_;
  posterior_.erase(row, row + class_count_);
  --item_count_;
  return {};
}

int RunningPanel::settle(double move_max, int rounds_max, unsigned threads) {
  for (int round = 1; round <= rounds_max; ++round) {
    std::vector<FixedPoint> next(posterior_.size());
    std::vector<FixedPoint> moved(std::max(1U, threads));
    split_work(threads, item_count_,
               [&](std::uint64_t begin, std::uint64_t end, std::uint64_t part) {
                 std::vector<FixedPoint> row;
                 for (std::uint64_t i = begin; i < end; ++i) {
                   expect(static_cast<ItemIndex>(i), row);
                   for (std::uint32_t t = 0; t < class_count_; ++t) {
                     const std::size_t at = i * class_count_ + t;
                     next[at] = row[t];
                     moved[part] = std::max(moved[part], std::abs(row[t] - posterior_[at]));
                   }
                 }
               });
    for (ItemIndex i = 0; i < item_count_; ++i) count(i, -1);
    posterior_.swap(next);
    for (ItemIndex i = 0; i < item_count_; ++i) count(i, 1);
    if (from_fixed(*std::ranges::max_element(moved)) <= move_max) return round;
  }
  return rounds_max;
}

double RunningPanel::log_posterior() const {
  ExactSum sum;
  std::vector<FixedPoint> row;
  for (ItemIndex i = 0; i < item_count_; ++i) sum.add(expect(i, row));
  for (const double share : class_shares()) sum.add(prior_.of_class * std::log(share));
  for (RaterIndex r = 0; r < rater_count_; ++r) {
    const RateTable table = rates(r);
    for (std::uint32_t t = 0; t < class_count_; ++t) {
      for (std::uint32_t l = 0; l < class_count_; ++l) {
        sum.add((t == l ? prior_.right : prior_.wrong) * std::log(table[t * class_count_ + l]));
      }
    }
  }
  return sum.value();
}

std::vector<double> RunningPanel::posterior(ItemIndex item) const {
  std::vector<double> row(class_count_);
  for (std::uint32_t t = 0; t < class_count_; ++t) {
    row[t] = from_fixed(posterior_[std::size_t{item} * class_count_ + t]);
  }
  return row;
}

RateTable RunningPanel::rates(RaterIndex rater) const {
  RateTable table(std::size_t{class_count_} * class_count_);
  const double all_rates = prior_.right + prior_.wrong * (class_count_ - 1);
  for (std::uint32_t t = 0; t < class_count_; ++t) {
    const double any = from_fixed(said_any_[std::size_t{rater} * class_count_ + t]) + all_rates;
    for (std::uint32_t l = 0; l < class_count_; ++l) {
      table[t * class_count_ + l] =
          (from_fixed(said_[cell(rater, t, l)]) + (l == t ? prior_.right : prior_.wrong)) / any;
    }
  }
  return table;
}

std::vector<double> RunningPanel::class_shares() const {
  FixedPoint seen = 0;
  for (const FixedPoint share : of_class_) seen += share;
  const double all = from_fixed(seen) + prior_.of_class * class_count_;
  std::vector<double> shares(class_count_);
  for (std::uint32_t t = 0; t < class_count_; ++t) {
    shares[t] = (from_fixed(of_class_[t]) + prior_.of_class) / all;
  }
  return shares;
}

std::uint32_t RunningPanel::votes_on(ItemIndex item) const {
  return static_cast<std::uint32_t>(votes_[item].size());
}

bool RunningPanel::has_vote(ItemIndex item, RaterIndex rater) const {
  return std::ranges::binary_search(votes_[item], rater, {},
                                    &std::pair<RaterIndex, ClassIndex>::first);
}

std::vector<double> RunningPanel::counts(RaterIndex rater) const {
  std::vector<double> result(std::size_t{class_count_} * class_count_);
  for (std::size_t c = 0; c < result.size(); ++c) {
    result[c] = from_fixed(said_[cell(rater, 0, 0) + c]);
  }
  return result;
}

std::vector<double> RunningPanel::counts_without(RaterIndex rater, ItemIndex but) const {
  std::vector<double> result(std::size_t{class_count_} * class_count_);
  const auto& votes = votes_[but];
  const auto at =
      std::ranges::lower_bound(votes, rater, {}, &std::pair<RaterIndex, ClassIndex>::first);
  const bool voted = at != votes.end() && at->first == rater;
  for (std::uint32_t t = 0; t < class_count_; ++t) {
    for (std::uint32_t l = 0; l < class_count_; ++l) {
      FixedPoint said = said_[cell(rater, t, l)];
      if (voted && at->second == l) said -= posterior_[std::size_t{but} * class_count_ + t];
      result[t * class_count_ + l] = from_fixed(said);
    }
  }
  return result;
}

std::vector<double> RunningPanel::class_counts_without(ItemIndex but) const {
  std::vector<double> result(class_count_);
  const bool counted = !votes_[but].empty() || truth_[but] >= 0;
  for (std::uint32_t t = 0; t < class_count_; ++t) {
    result[t] = from_fixed(
        of_class_[t] - (counted ? posterior_[std::size_t{but} * class_count_ + t] : FixedPoint{0}));
  }
  return result;
}

bool RunningPanel::counts_are_exact() const {
  RunningPanel again = *this;
  std::ranges::fill(again.said_, 0);
  std::ranges::fill(again.said_any_, 0);
  std::ranges::fill(again.of_class_, 0);
  for (ItemIndex i = 0; i < item_count_; ++i) again.count(i, 1);
  return again.said_ == said_ && again.said_any_ == said_any_ && again.of_class_ == of_class_;
}

}  // namespace consilium::routing
