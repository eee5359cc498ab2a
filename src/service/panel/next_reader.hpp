// Who should read what next, by analysis/routing: what a further reading of an item would tell, and
// who would tell it for the least time. Used inside this module.
//
// The gain of a reading is the sum of the votes' expected gains (analysis/routing/gain.hpp) over
// the item's rows that are not settled, by the running panel's posteriors and the rater's rates. On
// an item that nobody read these are the questions on whole items at the shares of their classes;
// where places may be found there nobody knows before somebody looked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "service/panel/item_count.hpp"

namespace consilium::service {

struct NextReader {
  RaterIndex rater = 0;
  double gain_bits = 0;
  double minutes = 0;  // of the rater's median reading, or of all readings' where it is not known
};

// Of each rater the median time of a reading, of all readings where theirs is not known.
[[nodiscard]] std::vector<double> minutes_of(const ProjectVotes& votes);

// One an item: of the human raters in `may_read` who have not read it, the one with the greatest
// gain a minute; equal ones by their place among the raters. None when the item is settled, nobody
// read it, or nobody is left who would tell anything.
[[nodiscard]] std::vector<std::optional<NextReader>> next_readers(
    const ProjectVotes& votes, const std::vector<CountedUnit>& units,
    const std::vector<ItemState>& items, const std::vector<bool>& may_read,
    const std::vector<double>& minutes);

// The same of one item. Cost: O(raters x (readings + rows of the item x classes^2)).
[[nodiscard]] std::optional<NextReader> next_reader_of(const ProjectVotes& votes,
                                                       const std::vector<CountedUnit>& units,
                                                       const std::vector<ItemState>& items,
                                                       const std::vector<bool>& may_read,
                                                       const std::vector<double>& minutes,
                                                       std::uint32_t item);

// Items that a rater would tell most of.
struct ItemGain {
  ItemId item;
  std::int64_t number = 0;
  double gain_nats = 0;
};

// Every item that is not settled, the greatest gain first, equal ones by number; `rater` none: of
// somebody who has not voted yet. Items that the rater finished are left out.
[[nodiscard]] std::vector<ItemGain> gains_of(const ProjectVotes& votes,
                                             const std::vector<CountedUnit>& units,
                                             const std::vector<ItemState>& items,
                                             const std::optional<RaterIndex>& rater);

// The item's entry in that list, if it has one.
[[nodiscard]] std::optional<ItemGain> gain_of(const ProjectVotes& votes,
                                              const std::vector<CountedUnit>& units,
                                              const std::vector<ItemState>& items,
                                              const std::optional<RaterIndex>& rater,
                                              std::uint32_t item);

}  // namespace consilium::service
