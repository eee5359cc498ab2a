// What the counted units say of each rater: reliability, gold, drift. Used inside this module.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/panel/unit_count.hpp"

namespace consilium::service {

struct RaterDrift {
  std::vector<double> values;  // share of votes on the others' class, in windows, oldest first
  std::optional<Timestamp> since;
  bool flagged = false;
  std::string words;  // empty when nothing changed
};

struct GoldScore {
  int right = 0;
  int of = 0;
};

struct CountedRater {
  std::uint64_t votes = 0;
  // Expected votes on the true class by all: of the consensus' expected counts.
  PanelEstimate reliability;
  std::optional<GoldScore> gold;  // none when the rater met no gold
  std::optional<double> median_s;
  RaterDrift drift;
};

// `is_gold` has one entry an item. Drift: every vote on a row whose class is known (adjudicated),
// or sure by the others' votes (posterior without the rater's own of at least 0.95), counts as
// right or wrong. The moment that splits them into the two most unlike parts is a change when its
// exact test stands at 5 % after Bonferroni's correction over the classes looked at; a fall is
// flagged. Times are those of submission.
[[nodiscard]] Result<CountedRater> count_rater(const ProjectVotes& votes,
                                               const std::vector<CountedUnit>& units,
                                               const std::vector<bool>& is_gold, RaterIndex rater);

}  // namespace consilium::service
