// How far the raters' masks of one label overlap: Dice between each two who finished the item.
// Used inside this module.
//
// A rater's mask is all that they drew with the label on one grid. Dice is that of
// analysis/mask_metrics, 2 |A and B| / (|A| + |B|), counted on the bricks; so `consilium compare
// --kind masks` gives the same number on the exported masks. Who drew nothing where the other did
// has 0; where neither did there is nothing to compare.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "service/panel/unit_count.hpp"

namespace consilium::service {

struct MaskPair {
  RaterIndex first = 0;
  RaterIndex second = 0;  // greater than `first`
  double dice = 0;
};

struct MaskItem {
  std::uint32_t item = 0;       // of ProjectVotes::items
  std::vector<MaskPair> pairs;  // by raters; the mean where an item has several grids
  double dice = 0;              // the mean of the pairs
};

struct MaskRaterPair {
  RaterIndex first = 0;
  RaterIndex second = 0;
  double median = 0;
  std::size_t items = 0;
};

struct CountedMasks {
  // Of the items' Dice, with the 95 % percentile bootstrap over patients (1,000 replicates).
  PanelEstimate median;
  std::vector<MaskItem> items;  // lowest Dice first, equal ones by number
  std::vector<MaskRaterPair> pairs;
};

// Dice of masks that were compared before, by what was compared: who drew, on which grid, at which
// revision. Reading bricks is what costs.
using MaskDiceKept = Guarded<std::map<std::string, std::optional<double>>>;

// One for each voting unit of masks, by its id. Errors: those of reading masks. Cost: for each item
// and pair that is not kept, both masks' bricks.
[[nodiscard]] Result<std::map<std::string, CountedMasks>> count_masks(storage::Store& store,
                                                                      const storage::Reader& reader,
                                                                      const ProjectVotes& votes,
                                                                      MaskDiceKept& kept);

}  // namespace consilium::service
