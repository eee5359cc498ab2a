// How far the project's items are: which are settled, how doubtful the others, and what is left to
// do. Used inside this module.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "service/panel/unit_count.hpp"

namespace consilium::service {

struct ItemState {
  bool has_votes = false;
  bool settled = false;  // every row of the item is
  // The row with the greatest entropy.
  std::size_t unit = 0;  // of the counted units
  ItemIndex row = 0;
  double entropy_bits = 0;
  std::optional<int> votes_needed;  // of the row that needs most; none: no number of votes will do
};

// One an item of ProjectVotes.
[[nodiscard]] std::vector<ItemState> count_items(const ProjectVotes& votes,
                                                 const std::vector<CountedUnit>& units);

struct Effort {
  double settled_share = 0;  // of all items
  std::int64_t votes_more = 0;
  PanelEstimate hours;
  std::vector<std::pair<double, double>> curve;  // hours read so far, share settled then
};

// `votes_more` sums the readings that items still need: those forecast for items with votes (the
// open places where no forecast helps), and the wanted ones of items without. Hours are these
// readings at the mean time of those so far, with the 95 % interval of that mean. The curve replays
// the readings in their order of submission.
[[nodiscard]] Result<Effort> count_effort(const ProjectVotes& votes,
                                          const std::vector<ItemState>& items);

// All of it but the curve, which stays as it is. Cost: O(readings x log).
void recount_work(const ProjectVotes& votes, const std::vector<ItemState>& items, Effort& effort);

}  // namespace consilium::service
