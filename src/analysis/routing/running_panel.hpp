// A panel that is kept up to date vote by vote: Dawid and Skene's model (Appl. Statist. 28 (1979)
// 20-28) with pseudo-counts, held as expected counts: how often rater r said l where class t was
// true, and how many items are of class t. Rates are counts plus pseudo-counts over their sum.
//
// A change of one item is incremental expectation-maximisation (R. Neal, G. Hinton, in Learning in
// Graphical Models (1998) 355-368): the item's old share is taken out of the counts, its posterior
// is found anew, its new share put in. Posteriors are whole multiples of 2^-40 and counts their
// exact sums, so taking out leaves no trace: the counts are always, bit for bit, what a recount of
// all items gives, however long the history.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "analysis/statistics/exact_sum.hpp"
#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::routing {

struct PanelPrior {
  double right = 4;     // pseudo-count of each rate of saying the true class
  double wrong = 1;     // of each other rate
  double of_class = 1;  // of each class's share
};

// The panel's numbers of one rater: rates[t * classes + l] = P(says l | t is true).
using RateTable = std::vector<double>;

class RunningPanel {
 public:
  // No item has a vote and every posterior is the prior's: equal shares.
  // Errors: InvalidInput with fewer than two classes or pseudo-counts not in (0, 10,000]; TooLarge
  // when raters x classes^2 or items x classes is over 2^31.
  [[nodiscard]] static Result<RunningPanel> make(std::uint32_t item_count,
                                                 std::uint32_t rater_count,
                                                 std::uint32_t class_count, PanelPrior prior);

  // Adds the vote, or changes the rater's earlier one on the item, and refreshes the item.
  // Errors: InvalidInput when a number is not below its count.
  // Cost: O(votes of the item x classes).
  [[nodiscard]] Status set_vote(const Vote& vote);

  // Takes the vote back. Errors: NotFound when the rater has none on the item. Cost: the same.
  [[nodiscard]] Status remove_vote(ItemIndex item, RaterIndex rater);

  // The item's class is known from now on (gold, adjudicated), whatever is voted; none: no more.
  [[nodiscard]] Status set_truth(ItemIndex item, std::optional<ClassIndex> truth);

  // A new item without votes before item `at` (at the end: `item_count`), and an item taken out
  // with its votes. The later ones are renumbered; no count of theirs changes. Errors: InvalidInput
  // when there is no such place; TooLarge as make. Cost: O(items x classes).
  [[nodiscard]] Status insert_item(ItemIndex at);
  [[nodiscard]] Status erase_item(ItemIndex at);

  // Finds the item's posterior anew at the present rates: one step of incremental EM, which never
  // lowers the bound that it climbs. Returns the largest change of a posterior, in [0, 1].
  double refresh(ItemIndex item);

  // Whole rounds over all items, each at the rates of the round's begin (batch EM: the result of a
  // round does not depend on the items' order), until no posterior moves by more than `move_max`.
  // Returns the number of rounds, at most `rounds_max`.
  int settle(double move_max, int rounds_max, unsigned threads = 1);

  // log p(votes, rates, shares) at the present rates without constants, nats; EM's objective.
  [[nodiscard]] double log_posterior() const;

  [[nodiscard]] std::uint32_t item_count() const { return item_count_; }
  [[nodiscard]] std::uint32_t rater_count() const { return rater_count_; }
  [[nodiscard]] std::uint32_t class_count() const { return class_count_; }
  [[nodiscard]] PanelPrior prior() const { return prior_; }
  [[nodiscard]] std::vector<double> posterior(ItemIndex item) const;
  [[nodiscard]] RateTable rates(RaterIndex rater) const;
  [[nodiscard]] std::vector<double> class_shares() const;
  [[nodiscard]] std::uint32_t votes_on(ItemIndex item) const;
  [[nodiscard]] bool has_vote(ItemIndex item, RaterIndex rater) const;
  // The item's votes, by rater.
  [[nodiscard]] std::span<const std::pair<RaterIndex, ClassIndex>> votes_of(ItemIndex item) const {
    return votes_[item];
  }

  [[nodiscard]] std::optional<ClassIndex> truth_of(ItemIndex item) const {
    if (truth_[item] < 0) return std::nullopt;
    return static_cast<ClassIndex>(truth_[item]);
  }

  // Expected counts of a rater, classes x classes, without the share of `but` (an item's votes must
  // not testify to the rates by which they are weighed), and of the classes.
  [[nodiscard]] std::vector<double> counts(RaterIndex rater) const;
  [[nodiscard]] std::vector<double> counts_without(RaterIndex rater, ItemIndex but) const;
  [[nodiscard]] std::vector<double> class_counts_without(ItemIndex but) const;

  // The counts from nothing but posteriors and votes; equal to those kept (invariant R1).
  [[nodiscard]] bool counts_are_exact() const;

 private:
  RunningPanel() = default;
  [[nodiscard]] std::size_t cell(RaterIndex r, std::uint32_t t, std::uint32_t l) const {
    return (std::size_t{r} * class_count_ + t) * class_count_ + l;
  }
  // Adds sign times the item's share to the counts.
  void count(ItemIndex item, int sign);
  // The item's posterior at the present counts into `row`; returns the log of its evidence.
  double expect(ItemIndex item, std::vector<FixedPoint>& row) const;
  [[nodiscard]] Status check(ItemIndex item, RaterIndex rater, std::uint32_t label) const;

  std::uint32_t item_count_ = 0;
  std::uint32_t rater_count_ = 0;
  std::uint32_t class_count_ = 0;
  PanelPrior prior_;
  std::vector<std::vector<std::pair<RaterIndex, ClassIndex>>> votes_;  // by item, sorted by rater
  std::vector<std::int64_t> truth_;                                    // by item; below 0: unknown
  std::vector<FixedPoint> posterior_;                                  // items x classes
  std::vector<FixedPoint> said_;                                       // cell(r, t, l)
  std::vector<FixedPoint> said_any_;                                   // rater and t: over all l
  std::vector<FixedPoint> of_class_;                                   // items with votes, by class
};

}  // namespace consilium::routing
