// One item's votes taken into a count that is kept. Used inside this module.
//
// The item's old rows are taken out of each unit's running panel, the present ones put in, and what
// follows for that item is found anew: its posteriors, whether it is settled, who should read it
// next. What is exact after any number of such updates:
//   - votes, truths, readings and the places of rows are those that a fresh `gather_votes` gives;
//   - each running panel's expected counts are, bit for bit, the sums of its posteriors over these
//     votes (analysis/routing, R1): nothing drifts;
//   - the item's figures are those that the running panel gives at these counts.
// What is not, until all is counted anew: other items' posteriors (they were found at the rates of
// before; incremental EM, R3), so the update's are near those of a fresh count and not equal to
// them; and agreement, consensus, reliability, drift, Dice and the curve, which stay as counted.
#pragma once

#include "base/result.hpp"
#include "service/panel/panel_json.hpp"
#include "service/panel/project_votes.hpp"

namespace consilium::service {

// `of_item` is the item alone, with all units that have rows. `panel` belongs to `votes`. False,
// and nothing is changed, when only a new count can take it in: an item, a rater, a class or a unit
// that was not there. Classes and raters that nobody uses any more stay until then.
// Errors: those of the engine. Cost: O(votes), moving memory; some 10 us for each 10,000.
[[nodiscard]] Result<bool> take_in_item(const ProjectVotes& of_item, ProjectVotes& votes,
                                        CountedPanel& panel);

}  // namespace consilium::service
