// One voting unit counted by the engines: agreement, consensus, and how sure each row is. All
// options are the engines' defaults, so that `consilium agree` and `consilium panel` give the same
// numbers on the exported votes. Used inside this module.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/consensus/consensus.hpp"
#include "analysis/routing/running_panel.hpp"
#include "analysis/routing/stopping.hpp"
#include "base/result.hpp"
#include "service/panel/project_votes.hpp"

namespace consilium::service {

// A figure with its interval. Without a value `undefined` says why; with a value and without an
// interval it says why there is no interval.
struct PanelEstimate {
  std::optional<double> value;
  std::optional<double> low;
  std::optional<double> high;
  std::optional<std::string> undefined;
  friend bool operator==(const PanelEstimate&, const PanelEstimate&) = default;
};

// Hits in trials with the exact 95 % interval of Clopper and Pearson.
[[nodiscard]] PanelEstimate rate_estimate(double hits, double trials);

struct RowState {
  routing::ItemEvidence evidence;
  bool settled = false;
  std::optional<int> votes_needed;  // further ones; none where `votes_needed_max` would not do
};

inline constexpr int votes_needed_max = 20;

struct CountedUnit {
  const VotingUnit* unit = nullptr;
  std::string level;        // "nominal" or "ordinal"
  std::string interval;     // how intervals were made, in words
  PanelEstimate agreement;  // Krippendorff's alpha
  std::vector<PanelEstimate> by_class;
  std::optional<double> target;  // of the quality plan
  ConsensusResult consensus;
  std::vector<RowState> rows;
  // What rows are weighed by; none for a unit of a single class.
  std::optional<routing::RunningPanel> running;
};

// The posterior at which an item is settled: the protocol's threshold of adjudication, or 0.95.
[[nodiscard]] double settled_at(const Protocol& protocol);

// Votes known up to `until` on the rows of a unit; nothing for a unit of a single class, which
// leaves nothing to be estimated.
[[nodiscard]] Result<std::optional<routing::RunningPanel>> running_panel(
    const VotingUnit& unit, std::optional<Timestamp> until);

// Whether rows [first, end) are settled and how many votes they still need, by the running panel as
// it is. Errors: those of the engine.
[[nodiscard]] Status weigh_rows(const ProjectVotes& votes, CountedUnit& counted, ItemIndex first,
                                ItemIndex end);

// Errors: those of the engines, which votes that were gathered never meet.
[[nodiscard]] Result<CountedUnit> count_unit(const ProjectVotes& votes, const VotingUnit& unit);

}  // namespace consilium::service
