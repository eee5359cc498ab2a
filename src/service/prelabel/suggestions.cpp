#include "service/prelabel/suggestions.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <map>
#include <set>

#include "base/sha256.hpp"
#include "service/access/named_id.hpp"
#include "service/annotation/annotation_view.hpp"
#include "service/annotation/annotation_write.hpp"
#include "service/annotation/blinding.hpp"
#include "service/annotation/mask_take.hpp"
#include "service/prelabel/keep_labels.hpp"
#include "storage/labels.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::AnnotationRow;
using storage::Transaction;

namespace {

using ByTool = std::map<RaterId, std::vector<AnnotationRow>>;

Result<std::vector<AnnotationRow>> all_of(const storage::Reader& reader, const ItemId& item,
                                          const std::optional<RaterId>& rater) {
  return storage::annotations_of_item(reader, item, rater, "",
                                      std::numeric_limits<std::int64_t>::max());
}

bool is_suggestion(const AnnotationRow& row) {
  return row.stage == suggest_stage && row.state == "submitted";
}

ShowSuggestion shown_when(const AssistPolicy& policy, RaterKind kind) {
  const auto source = std::ranges::find(policy.sources, kind, &AssistSource::kind);
  return source == policy.sources.end() ? policy.suggestions : source->show;
}

// What one person may do with the suggestions on one item.
struct Sight {
  bool sees_all = false;
  std::string task_state;  // of the person's own reading; "" without one

  [[nodiscard]] bool is_open() const {
    return task_state == "leased" || task_state == "assigned" || task_state == "expired";
  }
  [[nodiscard]] bool sees(ShowSuggestion show) const {
    if (sees_all) return true;
    if (show == ShowSuggestion::Before) return is_open() || task_state == "submitted";
    return show == ShowSuggestion::After && task_state == "submitted";
  }
};

Result<Sight> sight_of(const Access& access, const storage::Reader& reader,
                       ProtocolCache& protocols, const ProjectId& project, const ItemId& item) {
  Sight sight;
  sight.sees_all = may_see_all_labels(access, reader, protocols, project, item).has_value();
  const auto own = CSL_TRY(storage::task_of_rater(reader, item, access.rater()));
  if (own) sight.task_state = own->state;
  return sight;
}

std::string why_not_take(const Sight& sight, bool has_labels) {
  if (!sight.is_open()) return "take the item first";
  return has_labels ? "you have labels on this item already" : "";
}

json::array label_counts(const std::vector<AnnotationRow>& rows) {
  std::map<std::string, std::int64_t> counts;
  for (const AnnotationRow& row : rows) ++counts[row.label.empty() ? row.question : row.label];
  json::array labels;
  for (const auto& [label, count] : counts) {
    labels.push_back(json::object{{"label", label}, {"count", count}});
  }
  return labels;
}

}  // namespace

Result<bool> may_see_suggestions(const Access& access, const storage::Reader& reader,
                                 ProtocolCache& protocols, const ProjectId& project,
                                 const ItemId& item, RaterKind kind) {
  const Sight sight = CSL_TRY(sight_of(access, reader, protocols, project, item));
  if (sight.sees_all) return true;
  const auto protocol = CSL_TRY(protocols.of_project(reader, project));
  return sight.sees(shown_when(protocol->protocol.assist_policy, kind));
}

Result<json::object> Suggestions::list(const Access& access, const ProjectId& project,
                                       const ItemId& item) {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(store_.read());
  CSL_TRY(storage::find_item(*reader, project, item));
  const auto protocol = protocols_.of_project(*reader, project);
  const Sight sight = CSL_TRY(sight_of(access, *reader, protocols_, project, item));
  ByTool tools;
  for (AnnotationRow& row : CSL_TRY(all_of(*reader, item, std::nullopt))) {
    if (is_suggestion(row)) tools[row.rater].push_back(std::move(row));
  }
  const bool has_labels =
      !tools.empty() && CSL_TRY(storage::annotation_count(*reader, item, access.rater())) > 0;
  json::array items;
  for (const auto& [tool, rows] : tools) {
    const AnnotationRow& first = rows.front();
    const RaterKind kind = rater_kind_named(first.rater_kind).value_or(RaterKind::Import);
    if (!protocol || !sight.sees(shown_when((*protocol)->protocol.assist_policy, kind))) continue;
    const std::string why_not = why_not_take(sight, has_labels);
    items.push_back(json::object{{"rater", json::object{{"id", to_string(tool)},
                                                        {"kind", first.rater_kind},
                                                        {"display_name", first.rater_name}}},
                                 {"labels", label_counts(rows)},
                                 {"submitted_at", to_rfc3339(first.updated_at)},
                                 {"may_take", why_not.empty()},
                                 {"why_not", why_not}});
  }
  return json::object{{"items", std::move(items)}, {"next_cursor", nullptr}};
}

namespace {

struct Taking {
  const Access& access;
  storage::ItemRow item;
  RaterId tool;
  std::vector<PreparedAnnotation> labels;
  std::vector<MaskCopy> masks;
};

// Of the label that a person takes over from a tool; the same every time.
AnnotationId own_id(const RaterId& person, const AnnotationId& suggested) {
  return id_of_digest<AnnotationId>(
      sha256(bytes_of("taken by " + to_string(person) + " " + to_string(suggested))));
}

// Each label under the project's present protocol; its id follows from what was taken, and so do
// those of the labels that it joins.
Result<std::vector<PreparedAnnotation>> own_labels(const storage::Reader& reader,
                                                   const KnownProtocol& protocol,
                                                   const Access& access,
                                                   const std::vector<AnnotationRow>& rows) {
  std::map<AnnotationId, AnnotationId> own;
  for (const AnnotationRow& row : rows) own[row.id] = own_id(access.rater(), row.id);
  std::vector<PreparedAnnotation> labels;
  for (const AnnotationRow& row : rows) {
    PreparedAnnotation label{
        .body =
            CSL_TRY(parse_annotation(CSL_TRY(reader.open_sealed(row.patient, row.sealed_body)))),
        .canonical = {},
        .protocol_hash = protocol.hash,
        .surface = std::nullopt,
        .if_match = std::nullopt};
    label.body.id = own.at(row.id);
    label.body.target = rejoined(std::move(label.body.target), own);
    // What the tool thought of it stays with the tool's label.
    label.body.comment = std::nullopt;
    label.body.measurements.erase(std::string(probability_measurement));
    label.body.protocol = {.id = protocol.protocol.id,
                           .version = to_string(protocol.protocol.version)};
    label.canonical = CSL_TRY(canonical_annotation(label.body));
    if (!row.sealed_surface.empty()) {
      label.surface = CSL_TRY(reader.open_sealed(row.patient, row.sealed_surface));
    }
    labels.push_back(std::move(label));
  }
  return labels;
}

Status apply(Transaction& transaction, const Taking& taking) {
  const RaterId own = taking.access.rater();
  const TaskId task =
      CSL_TRY(open_task(transaction, taking.access, taking.item.project, taking.item.id));
  for (const MaskCopy& mask : taking.masks) {
    const auto* grid = std::get_if<std::string>(mask.event.fields.find("grid_id"));
    if (grid == nullptr || CSL_TRY(storage::mask_revision(transaction, taking.item.id, own,
                                                          *grid)) != mask.base_revision) {
      return fail(ErrorCode::Conflict, "you have drawn on the item meanwhile", "",
                  "look at the item again");
    }
    CSL_TRY(transaction.append(mask.event));
  }
  for (const PreparedAnnotation& label : taking.labels) {
    const auto stored = CSL_TRY(storage::find_annotation(transaction, label.body.id));
    CSL_TRY(transaction.append(
        revision_event(label, taking.item, own, task, stored ? stored->revision + 1 : 1)));
  }
  storage::EventDraft taken{.type = "suggestion.taken",
                            .project = taking.item.project,
                            .item = taking.item.id,
                            .patient = taking.item.patient,
                            .fields = {}};
  taken.fields.set("rater_id", own)
      .set("tool_id", taking.tool)
      .set("annotations", static_cast<std::int64_t>(taking.labels.size()));
  return transaction.append(std::move(taken));
}

}  // namespace

Result<json::object> Suggestions::labels(const Access& access, const ProjectId& project,
                                         const ItemId& item, const RaterId& tool) {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(store_.read());
  CSL_TRY(storage::find_item(*reader, project, item));
  const auto protocol = CSL_TRY(protocols_.of_project(*reader, project));
  const Sight sight = CSL_TRY(sight_of(access, *reader, protocols_, project, item));
  json::array items;
  for (const AnnotationRow& row : CSL_TRY(all_of(*reader, item, tool))) {
    const RaterKind kind = rater_kind_named(row.rater_kind).value_or(RaterKind::Import);
    if (!is_suggestion(row) || !sight.sees(shown_when(protocol->protocol.assist_policy, kind))) {
      continue;
    }
    json::object annotation = CSL_TRY(annotation_view(*reader, row));
    if (annotation.at("target").at("type") == "mask") continue;
    const AnnotationId own = own_id(access.rater(), row.id);
    const auto taken = CSL_TRY(storage::find_annotation(*reader, own));
    json::value said;  // null: nothing yet
    if (taken) said = taken->state == "retracted" ? "rejected" : "accepted";
    items.push_back(json::object{{"annotation", std::move(annotation)},
                                 {"own_id", to_string(own)},
                                 {"said", std::move(said)}});
  }
  if (items.empty()) return fail(ErrorCode::NotFound, "there is no such suggestion");
  return json::object{{"items", std::move(items)}, {"next_cursor", nullptr}};
}

Result<json::object> Suggestions::take(const Access& access, const ProjectId& project,
                                       const ItemId& item, const RaterId& tool) {
  CSL_TRY(require(access, project, Roles{Role::Rater}));
  const auto reader = CSL_TRY(store_.read());
  Taking taking{.access = access,
                .item = CSL_TRY(storage::find_item(*reader, project, item)),
                .tool = tool,
                .labels = {},
                .masks = {}};
  const auto protocol = CSL_TRY(protocols_.of_project(*reader, project));
  std::vector<AnnotationRow> rows = CSL_TRY(all_of(*reader, item, tool));
  std::erase_if(rows, [](const AnnotationRow& row) { return !is_suggestion(row); });
  const Sight sight = CSL_TRY(sight_of(access, *reader, protocols_, project, item));
  const bool is_seen =
      !rows.empty() &&
      sight.sees(shown_when(protocol->protocol.assist_policy,
                            rater_kind_named(rows.front().rater_kind).value_or(RaterKind::Import)));
  if (!is_seen) return fail(ErrorCode::NotFound, "there is no such suggestion");
  CSL_TRY(open_task(*reader, access, project, item));
  taking.labels = CSL_TRY(own_labels(*reader, *protocol, access, rows));
  std::set<AnnotationId> taken;
  for (const PreparedAnnotation& label : taking.labels) taken.insert(label.body.id);
  std::size_t own_count = 0;
  std::size_t taken_count = 0;
  for (const AnnotationRow& row : CSL_TRY(all_of(*reader, item, access.rater()))) {
    ++(taken.contains(row.id) ? taken_count : own_count);
  }
  std::set<std::string> grids;
  for (const PreparedAnnotation& label : taking.labels) {
    if (const auto* mask = std::get_if<MaskTarget>(&label.body.target)) grids.insert(mask->grid_id);
  }
  const json::object answer{{"annotations", taking.labels.size()}, {"masks", grids.size()}};
  if (taken_count == taking.labels.size()) return answer;
  if (own_count + taken_count > 0) {
    return fail(ErrorCode::Conflict, "you have labels on this item already", "",
                "delete them to start from the suggestion");
  }
  for (const std::string& grid : grids) {
    auto copy = CSL_TRY(copy_mask(store_, *reader, taking.item, tool, access.rater(), grid,
                                  make_id<MaskPatchId>(clock_, random_)));
    if (copy) taking.masks.push_back(std::move(*copy));
  }
  CSL_TRY(store_.write(actor_of(access),
                       [&](Transaction& transaction) { return apply(transaction, taking); }));
  return answer;
}

}  // namespace consilium::service
