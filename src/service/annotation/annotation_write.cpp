#include "service/annotation/annotation_write.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/canonical_json.hpp"
#include "service/annotation/submission.hpp"
#include "storage/work.hpp"

namespace consilium::service {
using storage::AnnotationRow;
using storage::Fields;
using storage::PatientText;
using storage::Transaction;

Result<TaskId> open_task(const storage::Reader& reader, const Access& access,
                         const ProjectId& project, const ItemId& item) {
  const Roles roles = roles_in(access, project);
  if (roles.has(Role::Adjudicator)) {
    const auto draft =
        CSL_TRY(storage::task_of_rater(reader, item, access.rater(), storage::adjudicate_stage));
    if (draft && draft->state == "leased") return draft->id;
    if (!roles.has(Role::Rater)) {
      return fail(ErrorCode::Conflict, "you have no draft of an adjudication on this item", "",
                  "begin to edit in Review, then send your labels");
    }
  }
  CSL_TRY(require(access, project, Roles{Role::Rater}));
  const auto task = CSL_TRY(storage::task_of_rater(reader, item, access.rater()));
  if (!task || task->state == "released" || task->state == "skipped" || task->state == "assigned") {
    return fail(ErrorCode::Conflict, "you hold no task on this item", "",
                "take the item, then send your labels");
  }
  if (task->state == "submitted") {
    return fail(ErrorCode::Conflict, "you have submitted this item", "",
                "reopen it with a reason, then send your labels");
  }
  return task->id;
}

Status AnnotationWriter::open(Roles roles) {
  CSL_TRY(require(access_, project_, roles));
  reader_ = CSL_TRY(store_.read());
  item_ = CSL_TRY(storage::find_item(*reader_, project_, item_id_));
  facts_ = CSL_TRY(item_facts(*reader_, item_));
  if (item_.kind == "text") {
    const storage::NoteRow note =
        CSL_TRY(storage::find_note(*reader_, CSL_TRY(parse_id<NoteId>(item_.source_id))));
    const Bytes bytes = CSL_TRY(store_.objects().get(note.patient, note.object));
    text_ = CSL_TRY(CanonicalText::from_utf8(std::string(text_of(bytes))));
  }
  return {};
}

Status AnnotationWriter::check_image(const SeriesId& series, const std::string& instance_uid,
                                     std::uint32_t frame_index) const {
  const auto instance = CSL_TRY(storage::instance_of_uid(*reader_, instance_uid));
  if (!instance || instance->series != series) {
    return fail(ErrorCode::InvalidInput, "the series has no such image", "/target/instance_uid",
                "send the instance_uid of a slice of the series");
  }
  if (instance->frame_count > 0 && frame_index >= instance->frame_count) {
    return fail(ErrorCode::InvalidInput, "the image has no such frame", "/target/frame",
                fmt::format("frames count from 0; it has {}", instance->frame_count));
  }
  return {};
}

Status AnnotationWriter::check_places(const Annotation& body) const {
  if (const auto* region = std::get_if<RegionTarget>(&body.target)) {
    CSL_TRY(check_image(region->series_id, region->instance_uid, region->frame_index));
  }
  if (const auto* instance = std::get_if<InstanceTarget>(&body.target)) {
    CSL_TRY(check_image(instance->series_id, instance->instance_uid, 0));
  }
  if (const auto* frame = std::get_if<FrameTarget>(&body.target)) {
    CSL_TRY(check_image(frame->series_id, frame->instance_uid, frame->frame_index));
  }
  if (const auto* mask = std::get_if<MaskTarget>(&body.target)) {
    if (item_.kind != "image" ||
        CSL_TRY(storage::series_of_grid(*reader_, CSL_TRY(parse_id<StudyId>(item_.source_id)),
                                        mask->grid_id))
            .empty()) {
      return fail(ErrorCode::InvalidInput, "the item has no such grid", "/target/grid_id",
                  "send the grid_id of a volume of the item");
    }
  }
  return {};
}

Answer<PreparedAnnotation> AnnotationWriter::prepare(const PutAnnotation& put) const {
  PreparedAnnotation prepared;
  prepared.body = CSL_TRY(parse_annotation(put.body_json));
  prepared.if_match = put.if_match;
  if (prepared.body.id != put.id || prepared.body.item_id != item_id_) {
    return fail(ErrorCode::InvalidInput, "the body names another annotation or item than the URL",
                prepared.body.id != put.id ? "/id" : "/item_id", "send the ids of the URL");
  }
  const auto known = CSL_TRY(protocols_.of_version(*reader_, project_, prepared.body.protocol));
  prepared.protocol_hash = known->hash;
  std::vector<Violation> violations =
      validate_annotation(known->protocol, facts_, prepared.body, Stage::Draft);
  if (violations.empty() && check_) {
    violations = CSL_TRY(check_(known->protocol, prepared.body));
  }
  if (!violations.empty()) return refuse(std::move(violations));
  CSL_TRY(check_places(prepared.body));
  if (const auto* spans = std::get_if<SpansTarget>(&prepared.body.target); spans && text_) {
    // The surface stays the patient's: it goes from here into a sealed field.
    prepared.surface =
        CSL_TRY(quoted_surface(*spans, *text_)).reveal(AuditedAccess::event_recorded());
  }
  prepared.canonical = CSL_TRY(canonical_annotation(prepared.body));
  return prepared;
}

namespace {

std::string type_of(const Target& target) {
  return std::string(target_json(target).at("type").as_string());
}

}  // namespace

storage::EventDraft item_event(std::string type, const storage::ItemRow& item) {
  return {.type = std::move(type),
          .project = item.project,
          .item = item.id,
          .patient = item.patient,
          .fields = {}};
}

storage::EventDraft revision_event(const PreparedAnnotation& prepared, const storage::ItemRow& item,
                                   const RaterId& rater, const TaskId& task,
                                   std::int64_t revision) {
  storage::EventDraft event = item_event("annotation.revised", item);
  event.fields.set("annotation_id", prepared.body.id)
      .set("revision", revision)
      .set("rater_id", rater)
      .set("task_id", task)
      .set("target_type", type_of(prepared.body.target))
      .set("protocol_hash", prepared.protocol_hash)
      .set("body", PatientText{prepared.canonical});
  if (prepared.surface) event.fields.set("surface", PatientText{*prepared.surface});
  if (prepared.body.label) event.fields.set("label", *prepared.body.label);
  if (prepared.body.question) event.fields.set("question", *prepared.body.question);
  if (const auto* mask = std::get_if<MaskTarget>(&prepared.body.target)) {
    event.fields.set("grid_id", mask->grid_id).set("segment", std::int64_t{mask->segment});
  }
  return event;
}

storage::EventDraft retraction_event(const AnnotationId& id, const storage::ItemRow& item,
                                     std::int64_t revision) {
  storage::EventDraft event{.type = "annotation.retracted",
                            .project = item.project,
                            .item = item.id,
                            .patient = item.patient,
                            .fields = {}};
  event.fields.set("annotation_id", id).set("revision", revision);
  return event;
}

Result<WriteOutcome> AnnotationWriter::apply(Transaction& transaction,
                                             const PreparedAnnotation& prepared) const {
  const std::optional<AnnotationRow> stored =
      CSL_TRY(storage::find_annotation(transaction, prepared.body.id));
  if (stored && (stored->rater != access_.rater() || stored->item != item_id_)) {
    return fail(ErrorCode::Conflict, "this id is that of another annotation", "/id",
                "use a new id");
  }
  if (stored && stored->state != "retracted") {
    const std::string body = CSL_TRY(transaction.open_sealed(stored->patient, stored->sealed_body));
    const bool may_be_repeat = !prepared.if_match || *prepared.if_match == stored->revision ||
                               *prepared.if_match + 1 == stored->revision;
    if (body == prepared.canonical && may_be_repeat) return WriteOutcome::Unchanged;
  }
  if (stored ? prepared.if_match != stored->revision : prepared.if_match.has_value()) {
    return WriteOutcome::LostRace;
  }
  const TaskId task = CSL_TRY(open_task(transaction, access_, project_, item_id_));
  CSL_TRY(transaction.append(
      revision_event(prepared, item_, access_.rater(), task, stored ? stored->revision + 1 : 1)));
  return stored ? WriteOutcome::Replaced : WriteOutcome::Created;
}

Result<WriteOutcome> AnnotationWriter::retract(Transaction& transaction, const AnnotationId& id,
                                               std::optional<std::int64_t> if_match) const {
  const std::optional<AnnotationRow> stored = CSL_TRY(storage::find_annotation(transaction, id));
  if (!stored || stored->rater != access_.rater() || stored->item != item_id_) {
    return fail(ErrorCode::NotFound, "there is no such annotation");
  }
  if (stored->state == "retracted") return WriteOutcome::Unchanged;
  if (if_match != stored->revision) return WriteOutcome::LostRace;
  CSL_TRY(open_task(transaction, access_, project_, item_id_));
  CSL_TRY(transaction.append(retraction_event(id, item_, stored->revision + 1)));
  return WriteOutcome::Replaced;
}

}  // namespace consilium::service
