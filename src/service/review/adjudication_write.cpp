#include "service/review/adjudication_write.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "service/annotation/mask_take.hpp"
#include "service/review/item_review.hpp"

namespace consilium::service {
using storage::EventDraft;
using storage::Transaction;

EventDraft task_event(std::string type, const storage::ItemRow& item, const TaskId& task,
                      const RaterId& rater) {
  EventDraft event = item_event(std::move(type), item);
  event.fields.set("task_id", task)
      .set("rater_id", rater)
      .set("stage", std::string(storage::adjudicate_stage));
  return event;
}

Result<std::vector<storage::AnnotationRow>> adjudicated_rows(const storage::Reader& reader,
                                                             const ItemId& item,
                                                             const RaterId& rater) {
  std::vector<storage::AnnotationRow> rows = CSL_TRY(storage::annotations_of_item(
      reader, item, rater, "", std::numeric_limits<std::int64_t>::max()));
  std::erase_if(rows, [](const storage::AnnotationRow& row) {
    return row.stage != storage::adjudicate_stage;
  });
  return rows;
}

Status replace_former(Transaction& transaction, const AdjudicatorWrite& write,
                      const storage::AdjudicationRow& former) {
  for (const storage::AnnotationRow& row :
       CSL_TRY(adjudicated_rows(transaction, write.item.id, former.rater))) {
    CSL_TRY(transaction.append(retraction_event(row.id, write.item, row.revision + 1)));
  }
  return transaction.append(task_event("task.released", write.item, former.task, former.rater));
}

Result<TaskId> open_own_task(Transaction& transaction, const AdjudicatorWrite& write,
                             const std::string& reason, std::optional<std::int64_t> place) {
  const RaterId rater = write.access.rater();
  const auto own =
      CSL_TRY(storage::task_of_rater(transaction, write.item.id, rater, storage::adjudicate_stage));
  const TaskId task = own ? own->id : write.new_task;
  const bool is_again = own && own->state == "submitted";
  EventDraft event =
      task_event(is_again ? "task.reopened" : "task.leased", write.item, task, rater);
  event.fields.set("lease_until", transaction.now().ms + write.lease_ms);
  if (is_again) {
    event.fields.set("reason", storage::PatientText{reason});
  } else {
    event.fields.set("place", place ? storage::FieldValue{*place} : storage::FieldValue{})
        .set("rater_name", write.access.display_name);
  }
  CSL_TRY(transaction.append(std::move(event)));
  return task;
}

Status write_labels(Transaction& transaction, const AdjudicatorWrite& write, const TaskId& task,
                    std::span<const PreparedAnnotation> labels) {
  const RaterId rater = write.access.rater();
  std::set<AnnotationId> standing;
  for (const PreparedAnnotation& label : labels) {
    standing.insert(label.body.id);
    const auto stored = CSL_TRY(storage::find_annotation(transaction, label.body.id));
    if (stored && stored->state != "retracted" &&
        CSL_TRY(transaction.open_sealed(stored->patient, stored->sealed_body)) == label.canonical) {
      continue;
    }
    CSL_TRY(transaction.append(
        revision_event(label, write.item, rater, task, stored ? stored->revision + 1 : 1)));
  }
  for (const storage::AnnotationRow& row :
       CSL_TRY(adjudicated_rows(transaction, write.item.id, rater))) {
    if (standing.contains(row.id)) continue;
    CSL_TRY(transaction.append(retraction_event(row.id, write.item, row.revision + 1)));
  }
  return {};
}

Status append_adjudicated(Transaction& transaction, const AdjudicatorWrite& write,
                          const TaskId& task, const Adjudicated& adjudicated) {
  const RaterId rater = write.access.rater();
  EventDraft submitted = task_event("task.submitted", write.item, task, rater);
  submitted.fields.set("place", std::int64_t{1})
      .set("duration_s", adjudicated.duration_s ? storage::FieldValue{*adjudicated.duration_s}
                                                : storage::FieldValue{});
  CSL_TRY(transaction.append(std::move(submitted)));
  EventDraft event = item_event("item.adjudicated", write.item);
  event.fields.set("task_id", task)
      .set("rater_id", rater)
      .set("revision", adjudicated.revision)
      .set("gold", adjudicated.gold)
      .set("reason", storage::PatientText{adjudicated.reason})
      .set("decisions", storage::PatientText{adjudicated.decisions})
      .set("rests_on", storage::JsonText{adjudicated.rests_on});
  return transaction.append(std::move(event));
}

Status no_draft_in_work(const storage::Reader& reader, const ItemId& item, const RaterId& rater) {
  const auto draft = CSL_TRY(storage::find_adjudication_draft(reader, item));
  if (!draft) return {};
  if (draft->rater == rater) {
    return fail(ErrorCode::Conflict, "you have a draft in work on this item", "",
                "go on with it, or discard it first");
  }
  return fail(ErrorCode::Conflict, draft->rater_name + " has a draft in work on this item", "",
              "wait until it is submitted or discarded");
}

Status opinions_unchanged(const storage::Reader& reader, const ItemId& item, const RaterId& rater,
                          const std::string& rests, std::span<const MaskCopy> masks) {
  bool is_same = CSL_TRY(rests_on(reader, item)) == rests;
  for (const MaskCopy& mask : masks) {
    const auto* grid = std::get_if<std::string>(mask.event.fields.find("grid_id"));
    is_same = is_same && grid != nullptr &&
              CSL_TRY(storage::mask_revision(reader, item, rater, *grid)) == mask.base_revision;
  }
  if (is_same) return {};
  return fail(ErrorCode::Conflict, "an opinion on the item changed meanwhile", "",
              "read the opinions again, then decide");
}

std::string path_of(const OutcomeLabel& label) {
  return label.decision ? fmt::format("/decisions/{}/annotation", *label.decision)
                        : std::string("/decisions");
}

Answer<std::vector<PreparedAnnotation>> prepare_labels(
    const AnnotationWriter& writer, const storage::Reader& reader, ProtocolCache& protocols,
    const Protocol& present, const std::vector<OutcomeLabel>& labels, Stage stage) {
  std::vector<PreparedAnnotation> prepared;
  std::vector<Annotation> bodies;
  std::vector<Violation> violations;
  for (const OutcomeLabel& label : labels) {
    auto one = writer.prepare({.id = label.body.id,
                               .body_json = CSL_TRY(canonical_annotation(label.body)),
                               .if_match = std::nullopt});
    if (!one && one.error().violations.empty()) return std::unexpected(std::move(one).error());
    std::vector<Violation> found;
    if (one) {
      const auto known = CSL_TRY(protocols.get(reader, one->protocol_hash));
      found = validate_annotation(known->protocol, writer.facts(), one->body, stage);
      bodies.push_back(one->body);
      prepared.push_back(std::move(*one));
    } else {
      found = std::move(one.error().violations);
    }
    for (Violation& violation : found) {
      violation.path.insert(0, path_of(label));
      violations.push_back(std::move(violation));
    }
  }
  if (violations.empty() && stage == Stage::Submission) {
    violations = validate_item(present, writer.facts(), bodies, Stage::Submission);
    for (Violation& violation : violations) {
      // "/3/target": the third label, as the check counts them.
      std::size_t index = labels.size();
      if (violation.path.size() > 1) {
        const std::size_t end = violation.path.find('/', 1);
        index = static_cast<std::size_t>(std::stoul(violation.path.substr(1, end - 1)));
        violation.path = end == std::string::npos ? "" : violation.path.substr(end);
      }
      const bool is_known = index < labels.size();
      violation.path.insert(0, is_known ? path_of(labels[index]) : std::string("/decisions"));
    }
  }
  if (!violations.empty()) return refuse(std::move(violations));
  return prepared;
}

Result<std::vector<MaskCopy>> copy_masks(storage::Store& store, const storage::Reader& reader,
                                         const storage::ItemRow& item, const RaterId& rater,
                                         std::span<const OutcomeLabel> labels,
                                         const std::optional<RaterId>& base, const Clock& clock,
                                         Random& random) {
  // A grid that nothing is decided on is emptied.
  std::map<std::string, std::vector<SegmentCopy>> grids;
  for (const storage::MaskRow& mask : CSL_TRY(storage::masks_of_item(reader, item.id, rater))) {
    grids[mask.grid_id];
  }
  if (base) {
    for (const storage::MaskRow& mask : CSL_TRY(storage::masks_of_item(reader, item.id, *base))) {
      grids[mask.grid_id];
    }
  }
  for (const OutcomeLabel& label : labels) {
    const auto* mask = std::get_if<MaskTarget>(&label.body.target);
    if (mask == nullptr || !label.voxels) continue;
    grids[mask->grid_id].push_back(
        {.from = label.voxels->rater, .segment = label.voxels->segment, .as = mask->segment});
  }
  std::vector<MaskCopy> masks;
  for (const auto& [grid_id, segments] : grids) {
    const auto patch = make_id<MaskPatchId>(clock, random);
    auto copy = base ? CSL_TRY(copy_mask(store, reader, item, *base, rater, grid_id, patch))
                     : CSL_TRY(copy_segments(store, reader, item, rater, grid_id, segments, patch));
    if (copy) masks.push_back(std::move(*copy));
  }
  return masks;
}

}  // namespace consilium::service
