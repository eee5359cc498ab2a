// Who should read what next, by analysis/routing: what a further reading of an item would tell, and
// who would tell it for the least time. Used inside this module.
//
// The gain of a reading is the sum of the votes' expected gains (analysis/routing/gain.hpp) over
// the item's rows that are not settled, by the running panel's posteriors and the rater's rates. On
// an item that nobody read these are the questions on whole items at the shares of their classes;
// where places may be found there nobody knows before somebody looked.
#pragma once

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

// One an item: of the human raters in `may_read` who have not read it, the one with the greatest
// gain a minute; equal ones by their place among the raters. None when the item is settled, nobody
// read it, or nobody is left who would tell anything.
[[nodiscard]] std::vector<std::optional<NextReader>> next_readers(
    const ProjectVotes& votes, const std::vector<CountedUnit>& units,
    const std::vector<ItemState>& items, const std::vector<bool>& may_read);

// Items that a rater would tell most of.
struct ItemGain {
  ItemId item;
  double gain_nats = 0;
};

// Every item that is not settled, the greatest gain first, equal ones by number; `rater` none: of
// somebody who has not voted yet. Items that the rater finished are left out.
[[nodiscard]] std::vector<ItemGain> gains_of(const ProjectVotes& votes,
                                             const std::vector<CountedUnit>& units,
                                             const std::vector<ItemState>& items,
                                             const std::optional<RaterIndex>& rater);

}  // namespace consilium::service
