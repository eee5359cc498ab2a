// The write path of an adjudication: decided, checked, then all in one transaction.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <map>
#include <set>

#include "base/canonical_json.hpp"
#include "service/annotation/annotation_write.hpp"
#include "service/annotation/blinding.hpp"
#include "service/annotation/mask_copy.hpp"
#include "service/item/items.hpp"
#include "service/review/item_review.hpp"
#include "service/review/outcome.hpp"
#include "service/review/review.hpp"
#include "service/review/review_state.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::EventDraft;
using storage::TaskRow;
using storage::Transaction;

namespace {

struct Write {
  const Access& access;
  storage::ItemRow item;
  std::string reason;
  bool gold = false;
  std::string decisions;  // canonical JSON
  std::string rests_on;
  std::vector<PreparedAnnotation> labels;
  std::vector<MaskCopy> masks;
  TaskId new_task;
};

EventDraft item_event(std::string type, const storage::ItemRow& item) {
  return {.type = std::move(type),
          .project = item.project,
          .item = item.id,
          .patient = item.patient,
          .fields = {}};
}

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

// Another adjudicator's word gives way: their labels are retracted, their place is free.
Status replace_former(Transaction& transaction, const Write& write,
                      const storage::AdjudicationRow& former) {
  for (const storage::AnnotationRow& row :
       CSL_TRY(adjudicated_rows(transaction, write.item.id, former.rater))) {
    CSL_TRY(transaction.append(retraction_event(row.id, write.item, row.revision + 1)));
  }
  return transaction.append(task_event("task.released", write.item, former.task, former.rater));
}

// The adjudicator's task, open for what follows.
Result<TaskId> open_own_task(Transaction& transaction, const Write& write) {
  const RaterId rater = write.access.rater();
  const auto own =
      CSL_TRY(storage::task_of_rater(transaction, write.item.id, rater, storage::adjudicate_stage));
  const TaskId task = own ? own->id : write.new_task;
  const bool is_again = own && own->state == "submitted";
  EventDraft event =
      task_event(is_again ? "task.reopened" : "task.leased", write.item, task, rater);
  event.fields.set("lease_until", transaction.now().ms);
  if (is_again) {
    event.fields.set("reason", storage::PatientText{write.reason});
  } else {
    event.fields.set("place", std::int64_t{1}).set("rater_name", write.access.display_name);
  }
  CSL_TRY(transaction.append(std::move(event)));
  return task;
}

Status write_labels(Transaction& transaction, const Write& write, const TaskId& task) {
  const RaterId rater = write.access.rater();
  std::set<AnnotationId> standing;
  for (const PreparedAnnotation& label : write.labels) {
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

Result<bool> is_repeat(const storage::Reader& reader, const Write& write,
                       const std::optional<storage::AdjudicationRow>& stored) {
  if (!stored || stored->rater != write.access.rater() || stored->gold != write.gold ||
      stored->rests_on_json != write.rests_on) {
    return false;
  }
  const PatientId& patient = write.item.patient;
  return CSL_TRY(storage::opened(reader, patient, stored->sealed_decisions)) == write.decisions &&
         CSL_TRY(storage::opened(reader, patient, stored->sealed_reason)) == write.reason;
}

Status apply(Transaction& transaction, const Write& write, ProtocolCache& protocols) {
  const RaterId rater = write.access.rater();
  const auto stored = CSL_TRY(storage::find_adjudication(transaction, write.item.id));
  if (CSL_TRY(is_repeat(transaction, write, stored))) return {};
  // What held before the writer was asked may hold no longer.
  CSL_TRY(
      may_see_all_labels(write.access, transaction, protocols, write.item.project, write.item.id));
  CSL_TRY(may_adjudicate(write.access, transaction, write.item.project, write.item.id));
  bool is_same = CSL_TRY(rests_on(transaction, write.item.id)) == write.rests_on;
  for (const MaskCopy& mask : write.masks) {
    const auto* grid = std::get_if<std::string>(mask.event.fields.find("grid_id"));
    is_same = is_same && grid != nullptr &&
              CSL_TRY(storage::mask_revision(transaction, write.item.id, rater, *grid)) ==
                  mask.base_revision;
  }
  if (!is_same) {
    return fail(ErrorCode::Conflict, "an opinion on the item changed meanwhile", "",
                "read the opinions again, then decide");
  }
  if (stored && stored->rater != rater) {
    CSL_TRY(replace_former(transaction, write, *stored));
  }
  const TaskId task = CSL_TRY(open_own_task(transaction, write));
  for (const MaskCopy& mask : write.masks) CSL_TRY(transaction.append(mask.event));
  CSL_TRY(write_labels(transaction, write, task));
  EventDraft submitted = task_event("task.submitted", write.item, task, rater);
  submitted.fields.set("place", std::int64_t{1}).set("duration_s", storage::FieldValue{});
  CSL_TRY(transaction.append(std::move(submitted)));
  EventDraft adjudicated = item_event("item.adjudicated", write.item);
  adjudicated.fields.set("task_id", task)
      .set("rater_id", rater)
      .set("revision", stored ? stored->revision + 1 : 1)
      .set("gold", write.gold)
      .set("reason", storage::PatientText{write.reason})
      .set("decisions", storage::PatientText{write.decisions})
      .set("rests_on", storage::JsonText{write.rests_on});
  return transaction.append(std::move(adjudicated));
}

// Where a label came from, for a violation's path.
std::string path_of(const OutcomeLabel& label) {
  return label.decision ? fmt::format("/decisions/{}/annotation", *label.decision)
                        : std::string("/decisions");
}

// Each label as one that may be submitted, and all of them together.
Answer<std::vector<PreparedAnnotation>> prepare_labels(const AnnotationWriter& writer,
                                                       const storage::Reader& reader,
                                                       ProtocolCache& protocols,
                                                       const Protocol& present,
                                                       const std::vector<OutcomeLabel>& labels) {
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
      found = validate_annotation(known->protocol, writer.facts(), one->body, Stage::Submission);
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
  if (violations.empty()) {
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

// The adjudicator's masks made what was decided, on every grid that has or had some.
Result<std::vector<MaskCopy>> copy_masks(storage::Store& store, const storage::Reader& reader,
                                         const storage::ItemRow& item, const RaterId& rater,
                                         const std::vector<OutcomeLabel>& labels,
                                         const Clock& clock, Random& random) {
  std::map<std::string, std::vector<SegmentCopy>> copies;
  for (const storage::MaskRow& mask : CSL_TRY(storage::masks_of_item(reader, item.id, rater))) {
    copies[mask.grid_id];
  }
  for (const OutcomeLabel& label : labels) {
    const auto* mask = std::get_if<MaskTarget>(&label.body.target);
    if (mask == nullptr || !label.voxels) continue;
    copies[mask->grid_id].push_back(
        {.from = label.voxels->rater, .segment = label.voxels->segment, .as = mask->segment});
  }
  std::vector<MaskCopy> masks;
  for (const auto& [grid_id, segments] : copies) {
    auto copy = CSL_TRY(copy_segments(store, reader, item, rater, grid_id, segments,
                                      make_id<MaskPatchId>(clock, random)));
    if (copy) masks.push_back(std::move(*copy));
  }
  return masks;
}

}  // namespace

Answer<json::object> Review::adjudicate(const Access& access, const ProjectId& project,
                                        const ItemId& item, const json::object& request) {
  CSL_TRY(require(access, project, Roles{Role::Adjudicator}));
  {
    const auto reader = CSL_TRY(store_.read());
    CSL_TRY(storage::find_item(*reader, project, item));
    CSL_TRY(may_see_all_labels(access, *reader, state_->protocols, project, item));
    CSL_TRY(may_adjudicate(access, *reader, project, item));
  }
  CSL_TRY(items_.record_read(access, project, item, purpose_review));
  const auto reader = CSL_TRY(store_.read());
  const ItemReview review =
      CSL_TRY(load_review(store_, *reader, state_->protocols, nullptr, access, project, item));
  const json::value* gold = request.if_contains("gold");
  Write write{.access = access,
              .item = review.read.row,
              .reason = std::string(request.at("reason").as_string()),
              .gold = gold != nullptr && gold->is_bool() && gold->as_bool(),
              .decisions = CSL_TRY(canonical_json(request.at("decisions"))),
              .rests_on = CSL_TRY(rests_on(*reader, item)),
              .labels = {},
              .masks = {},
              .new_task = make_id<TaskId>(clock_, random_)};
  if (!CSL_TRY(is_repeat(*reader, write, review.adjudication))) {
    if (review.adjudication && write.reason.empty()) {
      return fail(ErrorCode::InvalidInput, "the item is adjudicated already", "/reason",
                  "say why it is decided anew");
    }
    const auto decisions = CSL_TRY(read_decisions(request.at("decisions").as_array()));
    auto outcome = outcome_of({.item = item,
                               .adjudicator = access.rater(),
                               .opinions = review.opinions,
                               .keys = review.keys,
                               .differences = review.differences,
                               .decisions = decisions});
    if (!outcome) return refuse(std::move(outcome).error());
    AnnotationWriter writer(store_, state_->protocols, access, project, item);
    CSL_TRY(writer.open(Roles{Role::Adjudicator}));
    auto labels =
        prepare_labels(writer, *reader, state_->protocols, review.protocol->protocol, *outcome);
    if (!labels) return std::unexpected(std::move(labels).error());
    write.labels = std::move(*labels);
    write.masks = CSL_TRY(
        copy_masks(store_, *reader, review.read.row, access.rater(), *outcome, clock_, random_));
    CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) {
      return apply(transaction, write, state_->protocols);
    }));
  }
  const auto after = CSL_TRY(store_.read());
  const auto posteriors = CSL_TRY(state_->posteriors_of(*after, project));
  return CSL_TRY(opinions_json(*after, access, project,
                               CSL_TRY(load_review(store_, *after, state_->protocols,
                                                   posteriors.get(), access, project, item))));
}

}  // namespace consilium::service
