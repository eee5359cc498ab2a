// Consensus on spans and events: units of different raters are aligned, and each aligned cluster is
// voted on: is there a unit at all, of which category, from where to where.
//
// A rater who finished the continuum and has no unit in the cluster votes that it is absent; one
// who has no reading of the continuum has no vote.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/matching/closeness.hpp"
#include "analysis/matching/unit.hpp"
#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium {

struct SpanConsensusOptions {
  // Which units may be the same one. Categories are mostly left to the vote, so by default they do
  // not keep units apart.
  Closeness closeness{.kind = ClosenessKind::Iou, .iou_min = 0.5, .same_category = false};
  // One a rater, 0 to 1000, rounded to multiples of 2^-20; empty: all 1. A weight of 0 takes a
  // rater's vote away and leaves his or her units in the alignment.
  std::vector<double> rater_weight{};
};

struct ClusterVote {
  std::uint32_t rater = 0;
  std::optional<std::uint32_t> unit;  // the place in `study.units`; empty: absent
  friend bool operator==(const ClusterVote&, const ClusterVote&) = default;
};

struct CategoryShare {
  std::uint32_t category = 0;
  double share = 0.0;
  friend bool operator==(const CategoryShare&, const CategoryShare&) = default;
};

struct ConsensusUnit {
  std::uint32_t continuum = 0;
  // Begin and end are weighted medians of the members' ones (the lower one where two do); when a
  // member is discontinuous, the positions that more than half of the members' weight covers
  // (where none has so much, those of the greatest weight). Members who weigh 0 count as equals
  // where all of them do.
  std::vector<Part> parts;
  // The share of the readers' weight that is present: the posterior when a reader is as likely to
  // be right as the weights say in proportion. For posteriors from estimated reliabilities run
  // Dawid-Skene on `votes`. 0 where all who are present weigh 0.
  double existence = 0.0;
  // Of those present; categories with weight, by falling share, then by number.
  std::vector<CategoryShare> categories;
  // The one of the greatest share; empty when two have it: a tie is for adjudication.
  std::optional<std::uint32_t> category;
  std::vector<ClusterVote> votes;  // one a reader of the continuum, by rater: all that made it
};

struct SpanConsensus {
  std::vector<ConsensusUnit> units;  // by continuum, then by place, then by what was marked
  // Item i is units[i]; class 0 is absent, class k + 1 is category k.
  VoteTable votes;
  // Whether the alignment is proved to be the best one everywhere.
  bool exact = true;
};

// Aligns and votes. A cluster holds at most one unit of each rater, and each two of its units are
// close (closeness.hpp), so being the same is transitive within it. Of all such clusterings the one
// with the greatest sum of closeness over pairs is taken; by exact packing (packing.hpp) where
// chains of close units leave a choice. Ties go to what comes first along the axis, then to
// raters by what they marked; renumbering raters changes nothing but their numbers. Units that are
// close to nobody's are clusters of one.
//
// Errors: those of order_units and check_closeness; InvalidInput when weights are neither none nor
// one a rater, or out of range, or when all readers of a continuum with units weigh 0 (there is
// then no vote); TooLarge past 65,534 categories or 2^26 close pairs. Cost: O(units log units +
// close pairs) where clusters are clear.
[[nodiscard]] Result<SpanConsensus> span_consensus(const UnitStudy& study,
                                                   const SpanConsensusOptions& options);

}  // namespace consilium
