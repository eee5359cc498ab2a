#include "service/panel/project_votes.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "service/panel/opinions.hpp"
#include "service/panel/place_matching.hpp"
#include "service/panel/voting_units.hpp"
#include "storage/labels.hpp"

namespace consilium::service {
namespace {

struct SaidClass {
  ClassIndex label = 0;  // of the plan's classes
  std::optional<AnnotationId> annotation;
};

// One row while it is filled: what each opinion said, and the truth.
struct FilledRow {
  std::string place;
  std::vector<std::optional<SaidClass>> said;  // one an opinion of the item
  std::optional<SaidClass> truth;

  explicit FilledRow(std::string at, std::size_t opinion_count)
      : place(std::move(at)), said(opinion_count) {}
  [[nodiscard]] bool is_empty() const {
    return !truth && std::ranges::none_of(said, [](const auto& one) { return one.has_value(); });
  }
};

bool is_of_unit(const UnitPlan& plan, const Annotation& annotation) {
  return annotation.label && plan.has_label(*annotation.label) &&
         geometry_of(place_kind(annotation.target)) == plan.geometry;
}

// Answers stand on targets of their question's level: the server takes no others.
std::optional<SaidClass> whole_answer(const UnitPlan& plan, const Opinion& opinion) {
  for (const Annotation& annotation : opinion.annotations) {
    if (annotation.label) continue;
    if (const auto label = answered_class(plan, annotation)) {
      return SaidClass{.label = *label, .annotation = annotation.id};
    }
  }
  return std::nullopt;
}

// A row for each series, instance or frame that somebody answered about.
std::vector<FilledRow> part_rows(const UnitPlan& plan, const ReadItem& item) {
  std::map<std::string, FilledRow> rows;
  const auto add = [&](const Opinion& opinion, auto&& put) {
    for (const Annotation& annotation : opinion.annotations) {
      const std::string part = part_key(annotation.target);
      const auto label = answered_class(plan, annotation);
      if (part.empty() || !label) continue;
      FilledRow& row = rows.try_emplace(part, part, item.opinions.size()).first->second;
      put(row, SaidClass{.label = *label, .annotation = annotation.id});
    }
  };
  for (std::size_t o = 0; o < item.opinions.size(); ++o) {
    add(item.opinions[o], [o](FilledRow& row, const SaidClass& said) { row.said[o] = said; });
  }
  if (item.truth) {
    add(*item.truth, [](FilledRow& row, const SaidClass& said) { row.truth = said; });
  }
  std::vector<FilledRow> result;
  for (auto& [part, row] : rows) result.push_back(std::move(row));
  return result;
}

std::vector<FilledRow> question_rows(const UnitPlan& plan, const ReadItem& item) {
  if (plan.level > QuestionLevel::Study) return part_rows(plan, item);
  FilledRow row("", item.opinions.size());
  for (std::size_t o = 0; o < item.opinions.size(); ++o) {
    row.said[o] = whole_answer(plan, item.opinions[o]);
  }
  if (item.truth) row.truth = whole_answer(plan, *item.truth);
  return {std::move(row)};
}

// A person who finished an item has looked for all its labels; a tool only for those that it says
// something of, be it that they are absent.
bool looked_for(const UnitPlan& plan, const Opinion& opinion) {
  return opinion.rater.kind == RaterKind::Human ||
         std::ranges::any_of(opinion.annotations, [&](const Annotation& one) {
           return one.label && plan.has_label(*one.label);
         });
}

// Labels of whole items and of masks: there or not, of everyone who finished the item.
std::vector<FilledRow> presence_rows(const UnitPlan& plan, const ReadItem& item) {
  const ClassIndex absent = plan.class_of(value_absent).value_or(0);
  const auto presence = [&](const Opinion& opinion) {
    const auto found = std::ranges::find_if(
        opinion.annotations, [&](const Annotation& one) { return is_of_unit(plan, one); });
    if (found == opinion.annotations.end()) return SaidClass{.label = absent, .annotation = {}};
    return SaidClass{.label = plan.class_of(*found->label).value_or(absent),
                     .annotation = found->id};
  };
  FilledRow row("", item.opinions.size());
  for (std::size_t o = 0; o < item.opinions.size(); ++o) {
    if (looked_for(plan, item.opinions[o])) row.said[o] = presence(item.opinions[o]);
  }
  if (item.truth) row.truth = presence(*item.truth);
  return {std::move(row)};
}

Result<std::vector<FilledRow>> place_rows(const storage::Reader& reader, const UnitPlan& plan,
                                          const ReadItem& item) {
  const auto opinion_count = static_cast<std::uint32_t>(item.opinions.size());
  std::vector<Mark> marks;
  const auto add = [&](std::uint32_t rater, const Opinion& opinion) {
    for (const Annotation& annotation : opinion.annotations) {
      if (is_of_unit(plan, annotation)) marks.push_back({rater, &annotation});
    }
  };
  for (std::uint32_t o = 0; o < opinion_count; ++o) add(o, item.opinions[o]);
  // The adjudicator's places are matched with the others', as if of one reader more.
  if (item.truth) add(opinion_count, *item.truth);
  const ClassIndex absent = plan.class_of(value_absent).value_or(0);
  std::vector<FilledRow> rows;
  for (const MarkCluster& cluster : CSL_TRY(
           match_places(reader, item.row, plan, marks, opinion_count + (item.truth ? 1U : 0U)))) {
    FilledRow& row = rows.emplace_back(std::to_string(rows.size() + 1), opinion_count);
    for (std::uint32_t o = 0; o < opinion_count; ++o) {
      if (looked_for(plan, item.opinions[o])) {
        row.said[o] = SaidClass{.label = absent, .annotation = {}};
      }
    }
    if (item.truth) row.truth = SaidClass{.label = absent, .annotation = {}};
    for (const Mark& mark : cluster) {
      const SaidClass said{.label = plan.class_of(*mark.annotation->label).value_or(absent),
                           .annotation = mark.annotation->id};
      (mark.rater == opinion_count ? row.truth : row.said[mark.rater]) = said;
    }
  }
  return rows;
}

Result<std::vector<FilledRow>> rows_of(const storage::Reader& reader, const UnitPlan& plan,
                                       const ReadItem& item) {
  if (item.opinions.empty() && !item.truth) return std::vector<FilledRow>{};
  if (plan.kind == VotingKind::Question) return question_rows(plan, item);
  if (plan.geometry == PlaceGeometry::Whole || plan.geometry == PlaceGeometry::Mask) {
    return presence_rows(plan, item);
  }
  return place_rows(reader, plan, item);
}

using RaterNumbers = std::map<RaterId, RaterIndex>;

// The unit's votes while they are gathered, by the plan's classes.
class UnitFill {
 public:
  UnitFill(const UnitPlan& plan, const RaterNumbers& raters)
      : plan_(plan), raters_(raters), is_used_(plan.classes.size(), false) {}

  void add(std::uint32_t item_index, const ReadItem& item, FilledRow filled) {
    if (filled.is_empty()) return;
    VotedRow row{
        .item = item_index, .place = std::move(filled.place), .truth = {}, .truth_annotation = {}};
    // An adjudicator who could not decide either leaves the row without a truth.
    if (filled.truth && plan_.classes[filled.truth->label].id != value_unsure) {
      row.truth = filled.truth->label;
      row.truth_annotation = filled.truth->annotation;
      is_used_[filled.truth->label] = true;
    }
    for (std::size_t o = 0; o < filled.said.size(); ++o) {
      if (!filled.said[o]) continue;
      columns_.item.push_back(static_cast<ItemIndex>(rows_.size()));
      columns_.rater.push_back(raters_.at(item.opinions[o].rater.id));
      columns_.label.push_back(filled.said[o]->label);
      sources_.push_back({.annotation = filled.said[o]->annotation, .at = item.opinions[o].at});
      is_used_[filled.said[o]->label] = true;
    }
    rows_.push_back(std::move(row));
  }

  [[nodiscard]] bool has_rows() const { return !rows_.empty(); }

  // Nothing but absences is no unit: the project does not use this geometry.
  [[nodiscard]] bool is_in_use() const {
    if (columns_.item.empty()) return false;
    if (plan_.kind == VotingKind::Question) return true;
    for (std::size_t c = 0; c < is_used_.size(); ++c) {
      if (is_used_[c] && plan_.classes[c].id != value_absent) return true;
    }
    return false;
  }

  Result<VotingUnit> finish() {
    VotingUnit unit{.id = plan_.id,
                    .kind = plan_.kind,
                    .title = plan_.title,
                    .ordinal = plan_.ordinal,
                    .classes = {},
                    .rows = std::move(rows_),
                    .table = {},
                    .sources = std::move(sources_)};
    std::vector<ClassIndex> number(plan_.classes.size(), 0);
    for (std::size_t c = 0; c < plan_.classes.size(); ++c) {
      if (!is_used_[c]) continue;
      number[c] = static_cast<ClassIndex>(unit.classes.size());
      unit.classes.push_back(plan_.classes[c]);
    }
    for (ClassIndex& label : columns_.label) label = number[label];
    for (VotedRow& row : unit.rows) {
      if (row.truth) row.truth = number[*row.truth];
    }
    unit.table =
        CSL_TRY(make_vote_table(std::move(columns_), static_cast<std::uint32_t>(unit.rows.size()),
                                static_cast<std::uint32_t>(raters_.size()),
                                static_cast<std::uint32_t>(unit.classes.size())));
    return unit;
  }

 private:
  const UnitPlan& plan_;
  const RaterNumbers& raters_;
  std::vector<bool> is_used_;
  std::vector<VotedRow> rows_;
  VoteColumns columns_;
  std::vector<VoteSource> sources_;
};

std::vector<VotedItem> voted_items(const std::vector<ReadItem>& items,
                                   const std::set<ItemId>& gold) {
  std::map<PatientId, std::uint32_t> clusters;
  std::vector<VotedItem> voted;
  voted.reserve(items.size());
  for (const ReadItem& item : items) {
    const auto next = static_cast<std::uint32_t>(clusters.size());
    voted.push_back({.id = item.row.id,
                     .patient = item.row.patient,
                     .number = item.row.number,
                     .pseudonym = item.row.pseudonym,
                     .title = item.row.title,
                     .cluster = clusters.emplace(item.row.patient, next).first->second,
                     .readers_wanted = item.row.readers_wanted,
                     .is_done = item.row.state == "done",
                     .is_adjudicated = item.truth.has_value(),
                     .is_gold = gold.contains(item.row.id)});
  }
  return voted;
}

std::vector<VotingRater> voting_raters(const std::vector<ReadItem>& items) {
  std::map<RaterId, VotingRater> raters;
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    for (const Opinion& opinion : items[i].opinions) {
      VotingRater& rater = raters[opinion.rater.id];
      rater.rater = opinion.rater;
      rater.readings.push_back(
          {.item = i, .submitted_at = opinion.at, .duration_s = opinion.duration_s});
    }
  }
  std::vector<VotingRater> sorted;
  for (auto& [id, rater] : raters) {
    std::ranges::stable_sort(rater.readings, {}, &VotedReading::submitted_at);
    sorted.push_back(std::move(rater));
  }
  return sorted;
}

std::vector<DrawnSegment> drawn_segments(const std::vector<ReadItem>& items,
                                         const std::vector<UnitPlan>& plans,
                                         const RaterNumbers& raters) {
  std::vector<DrawnSegment> segments;
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    for (const Opinion& opinion : items[i].opinions) {
      for (const Annotation& annotation : opinion.annotations) {
        const auto* mask = std::get_if<MaskTarget>(&annotation.target);
        if (mask == nullptr) continue;
        for (const UnitPlan& plan : plans) {
          if (plan.kind != VotingKind::Mask || !is_of_unit(plan, annotation)) continue;
          segments.push_back({.unit = plan.id,
                              .item = i,
                              .rater = raters.at(opinion.rater.id),
                              .grid_id = mask->grid_id,
                              .segment = mask->segment});
        }
      }
    }
  }
  return segments;
}

Result<ProjectVotes> votes_of(const storage::Reader& reader, ProtocolCache& protocols,
                              const ProjectId& project, const std::optional<ItemId>& only,
                              UnitsWanted wanted) {
  ProjectVotes votes;
  votes.protocol = CSL_TRY(protocols.of_project(reader, project));
  const std::vector<ReadItem> items = CSL_TRY(read_opinions(reader, project, only));
  const std::vector<ItemId> gold = CSL_TRY(storage::gold_items(reader, project));
  votes.items = voted_items(items, {gold.begin(), gold.end()});
  votes.raters = voting_raters(items);
  RaterNumbers numbers;
  for (const VotingRater& rater : votes.raters) {
    numbers.emplace(rater.rater.id, static_cast<RaterIndex>(numbers.size()));
  }
  const std::vector<UnitPlan> plans = plan_units(votes.protocol->protocol);
  votes.segments = drawn_segments(items, plans, numbers);
  for (const UnitPlan& plan : plans) {
    UnitFill fill(plan, numbers);
    for (std::uint32_t i = 0; i < items.size(); ++i) {
      for (FilledRow& row : CSL_TRY(rows_of(reader, plan, items[i]))) {
        fill.add(i, items[i], std::move(row));
      }
    }
    const bool is_wanted = wanted == UnitsWanted::AllWithRows ? fill.has_rows() : fill.is_in_use();
    if (is_wanted) votes.units.push_back(CSL_TRY(fill.finish()));
  }
  return votes;
}

}  // namespace

Result<ProjectVotes> gather_votes(const storage::Reader& reader, ProtocolCache& protocols,
                                  const ProjectId& project) {
  return votes_of(reader, protocols, project, std::nullopt, UnitsWanted::InUse);
}

Result<ProjectVotes> gather_votes_of_item(const storage::Reader& reader, ProtocolCache& protocols,
                                          const ProjectId& project, const ItemId& item,
                                          UnitsWanted wanted) {
  return votes_of(reader, protocols, project, item, wanted);
}

std::pair<ItemIndex, ItemIndex> rows_of_item(const VotingUnit& unit, std::uint32_t item) {
  const auto found = std::ranges::equal_range(unit.rows, item, {}, &VotedRow::item);
  const auto index = [&](auto at) { return static_cast<ItemIndex>(at - unit.rows.begin()); };
  return {index(found.begin()), index(found.end())};
}

std::string row_name(const ProjectVotes& votes, const VotedRow& row) {
  const std::string number = std::to_string(votes.items[row.item].number);
  return row.place.empty() ? number : number + "/" + row.place;
}

}  // namespace consilium::service
