// The votes of a project: what its raters said of every voting unit, as tables that the engines of
// src/analysis take (DESIGN 6, "votes").
//
// A *unit* is what is voted on. A question with choices on the whole item is one, its rows are the
// items; asked of series, its rows are (item, series). Labels that are placed are one unit for each
// geometry and each set of labels that exclude one another: these compete for a place. The rows of
// such a unit are places, found by matching the places of all who finished the item (spans, beats,
// intervals and areas by span_consensus, points and lines by their distance in mm), within the
// labels' tolerance. Who finished the item and has nothing there votes `absent`. Of masks the
// presence of a segment with the label is the vote, one row an item.
//
// `unsure` is a class of its own, `not evaluable` is no vote. Only the latest submitted revision
// counts. What was said at the stage `adjudicate` is no vote but the row's truth.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/label/stored_annotation.hpp"
#include "domain/vote/vote_table.hpp"
#include "service/project/protocol_cache.hpp"
#include "storage/store.hpp"

namespace consilium::service {

enum class VotingKind { Question, Label, Mask };

struct VotingClass {
  std::string id;  // choice, label or a reserved answer ("unsure", "absent")
  std::string title;
  friend bool operator==(const VotingClass&, const VotingClass&) = default;
};

// Beside each vote of a table, in its order.
struct VoteSource {
  std::optional<AnnotationId> annotation;  // none: the rater put nothing, hence `absent`
  Timestamp at;                            // when the rater submitted the item
  friend bool operator==(const VoteSource&, const VoteSource&) = default;
};

// A row of a unit's table.
struct VotedRow {
  std::uint32_t item = 0;  // of ProjectVotes::items
  std::string place;       // "" for the whole item; else a series id or the place's number, from 1
  std::optional<ClassIndex> truth;               // as adjudicated
  std::optional<AnnotationId> truth_annotation;  // none: adjudicated as absent, or no truth
  friend bool operator==(const VotedRow&, const VotedRow&) = default;
};

struct VotingUnit {
  // The question's id, of several choices "question/choice"; else the labels' ids joined by +, with
  // "@point", "@line", "@whole" or "@mask" for these geometries.
  std::string id;
  VotingKind kind = VotingKind::Question;
  std::string title;
  bool ordinal = false;              // classes but the reserved ones are in order, least first
  std::vector<VotingClass> classes;  // those in use, in the protocol's order, reserved ones last
  std::vector<VotedRow> rows;        // by item, then place
  VoteTable table;                   // item i is rows[i]; rater r is ProjectVotes::raters[r]
  std::vector<VoteSource> sources;   // one a vote
};

struct VotedItem {
  ItemId id;
  PatientId patient;
  std::int64_t number = 0;
  std::string pseudonym;  // the patient's
  std::string title;
  std::uint32_t cluster = 0;  // the patient's number, from 0
  std::int64_t readers_wanted = 1;
  bool is_done = false;  // every reader's place is submitted
  bool is_adjudicated = false;
  bool is_gold = false;  // adjudicated, and marked to serve as gold
};

// A segment that a rater drew with the label of a unit of masks.
struct DrawnSegment {
  std::string unit;  // its id
  std::uint32_t item = 0;
  RaterIndex rater = 0;
  std::string grid_id;
  std::uint16_t segment = 1;
};

struct VotedReading {
  std::uint32_t item = 0;
  Timestamp submitted_at;
  std::optional<double> duration_s;
};

struct VotingRater {
  RaterRef rater;
  std::vector<VotedReading> readings;  // items finished at the stage `label`, oldest first
};

struct ProjectVotes {
  std::shared_ptr<const KnownProtocol> protocol;  // the project's present one: it says the units
  std::vector<VotedItem> items;                   // by number; all of them, with votes or without
  std::vector<VotingRater> raters;                // by their ids; those who finished anything
  std::vector<VotingUnit> units;       // in the protocol's order; without votes: left out
  std::vector<DrawnSegment> segments;  // by item, then rater
};

// Errors: Conflict when the project has no protocol; Corrupt and Internal from the store. Items of
// erased patients have no votes. Cost: one pass over the project's submitted annotations (about
// 10 us each), and the matching of each item's places.
[[nodiscard]] Result<ProjectVotes> gather_votes(const storage::Reader& reader,
                                                ProtocolCache& protocols, const ProjectId& project);

// A unit is in use when votes say more than that nothing is there.
enum class UnitsWanted { InUse, AllWithRows };

// The same of one item alone: `items` holds that one, units in the same order. What is absent here
// may be in use elsewhere: who joins this with other items' votes wants all units with rows.
[[nodiscard]] Result<ProjectVotes> gather_votes_of_item(const storage::Reader& reader,
                                                        ProtocolCache& protocols,
                                                        const ProjectId& project,
                                                        const ItemId& item,
                                                        UnitsWanted wanted = UnitsWanted::InUse);

// The unit's rows of the item: [first, second).
[[nodiscard]] std::pair<ItemIndex, ItemIndex> rows_of_item(const VotingUnit& unit,
                                                           std::uint32_t item);

// The number of the unit's row, as `consilium agree` and `panel` read it: the item's number, with
// the place where the unit has several an item: "17", "17/3".
[[nodiscard]] std::string row_name(const ProjectVotes& votes, const VotedRow& row);

}  // namespace consilium::service
