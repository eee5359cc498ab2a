// An adjudication that is drawn: begun as a copy, edited in the workspace as every draft is, then
// submitted with a reason, or given up.
#include <boost/json.hpp>
#include <map>

#include "base/canonical_json.hpp"
#include "service/annotation/blinding.hpp"
#include "service/annotation/submission.hpp"
#include "service/assignment/assignment.hpp"
#include "service/item/items.hpp"
#include "service/review/adjudication_write.hpp"
#include "service/review/draft_seed.hpp"
#include "service/review/item_review.hpp"
#include "service/review/review.hpp"
#include "service/review/review_state.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::EventDraft;
using storage::Transaction;

namespace {

Status may_draw(const Access& access, const storage::Reader& reader, ProtocolCache& protocols,
                const ProjectId& project, const ItemId& item) {
  CSL_TRY(storage::find_item(reader, project, item));
  CSL_TRY(may_see_all_labels(access, reader, protocols, project, item));
  return may_adjudicate(access, reader, project, item);
}

struct Begin {
  AdjudicatorWrite by;
  std::string seed;
  std::string rests_on;
  std::vector<PreparedAnnotation> labels;
  std::vector<MaskCopy> masks;
};

Status begin(Transaction& transaction, const Begin& write, ProtocolCache& protocols) {
  const RaterId rater = write.by.access.rater();
  const ItemId& item = write.by.item.id;
  CSL_TRY(may_draw(write.by.access, transaction, protocols, write.by.item.project, item));
  CSL_TRY(no_draft_in_work(transaction, item, rater));
  CSL_TRY(opinions_unchanged(transaction, item, rater, write.rests_on, write.masks));
  // Another's word stands until this one is submitted: the draft holds no place beside it.
  const TaskId task =
      CSL_TRY(open_own_task(transaction, write.by, "edited in the workspace", std::nullopt));
  EventDraft begun = item_event("item.adjudication_begun", write.by.item);
  begun.fields.set("task_id", task)
      .set("rater_id", rater)
      .set("seed", write.seed)
      .set("rests_on", storage::JsonText{write.rests_on});
  CSL_TRY(transaction.append(std::move(begun)));
  for (const MaskCopy& mask : write.masks) CSL_TRY(transaction.append(mask.event));
  return write_labels(transaction, write.by, task, write.labels);
}

// The draft's person's labels made again what they were before it.
Status restore_labels(Transaction& transaction, ProtocolCache& protocols,
                      const storage::ItemRow& item, const storage::AdjudicationDraftRow& draft) {
  for (const storage::DraftAnnotationRow& row :
       CSL_TRY(storage::draft_annotations(transaction, item.id, draft))) {
    if (row.revision == row.kept_revision) continue;
    if (row.kept_revision == 0 || row.kept_state == "retracted") {
      if (row.state == "retracted") continue;
      CSL_TRY(transaction.append(retraction_event(row.id, item, row.revision + 1)));
      continue;
    }
    PreparedAnnotation kept;
    kept.canonical = CSL_TRY(transaction.open_sealed(item.patient, row.kept_body));
    kept.body = CSL_TRY(parse_annotation(kept.canonical));
    kept.protocol_hash =
        CSL_TRY(protocols.of_version(transaction, item.project, kept.body.protocol))->hash;
    if (!row.kept_surface.empty()) {
      kept.surface = CSL_TRY(transaction.open_sealed(item.patient, row.kept_surface));
    }
    CSL_TRY(
        transaction.append(revision_event(kept, item, draft.rater, draft.task, row.revision + 1)));
  }
  return {};
}

Status discard(Transaction& transaction, const Access& access, ProtocolCache& protocols,
               const storage::ItemRow& item) {
  const auto draft = CSL_TRY(storage::find_adjudication_draft(transaction, item.id));
  if (!draft) return {};
  const storage::TaskRow task = CSL_TRY(storage::find_task(transaction, item.project, draft->task));
  if (draft->rater != access.rater() && transaction.now() <= task.lease_until) {
    return fail(ErrorCode::Conflict, draft->rater_name + " is at work on this draft", "",
                "ask them, or wait: half an hour after their last sign it may be discarded");
  }
  CSL_TRY(restore_labels(transaction, protocols, item, *draft));
  EventDraft discarded = item_event("item.adjudication_discarded", item);
  discarded.fields.set("task_id", draft->task).set("rater_id", draft->rater);
  CSL_TRY(transaction.append(std::move(discarded)));
  const auto stored = CSL_TRY(storage::find_adjudication(transaction, item.id));
  if (!stored || stored->rater != draft->rater) {
    return transaction.append(task_event("task.released", item, draft->task, draft->rater));
  }
  EventDraft submitted = task_event("task.submitted", item, draft->task, draft->rater);
  submitted.fields.set("place", std::int64_t{1}).set("duration_s", storage::FieldValue{});
  return transaction.append(std::move(submitted));
}

// What the log keeps as decided: of every difference that was not agreed, the copy as it now
// stands.
Result<std::string> drawn_decisions(const storage::Reader& reader, const ItemReview& review,
                                    const RaterId& adjudicator) {
  std::map<AnnotationId, json::object> bodies;
  for (const storage::AnnotationRow& row :
       CSL_TRY(adjudicated_rows(reader, review.read.row.id, adjudicator))) {
    bodies.emplace(row.id, annotation_json(CSL_TRY(parse_annotation(
                               CSL_TRY(reader.open_sealed(row.patient, row.sealed_body))))));
  }
  json::array decisions;
  for (const Difference& difference : review.differences) {
    if (difference.agreed) continue;
    json::object decision{
        {"difference_id", difference.id}, {"take", "drawn"}, {"annotation", nullptr}};
    const auto body = bodies.find(outcome_id(review.read.row.id, adjudicator, difference.id));
    if (body != bodies.end()) decision["annotation"] = body->second;
    decisions.push_back(std::move(decision));
  }
  return canonical_json(decisions);
}

struct Submission {
  AdjudicatorWrite by;
  std::string opinions_revision;
  Adjudicated adjudicated;
};

Status submit(Transaction& transaction, Submission& write, ProtocolCache& protocols) {
  const ItemId& item = write.by.item.id;
  const RaterId rater = write.by.access.rater();
  CSL_TRY(may_draw(write.by.access, transaction, protocols, write.by.item.project, item));
  const auto draft = CSL_TRY(storage::find_adjudication_draft(transaction, item));
  if (!draft || draft->rater != rater) {
    return fail(ErrorCode::Conflict, "you have no draft in work on this item", "",
                "open the item in Review and begin to edit");
  }
  if (opinions_revision(CSL_TRY(rests_on(transaction, item))) != write.opinions_revision) {
    return fail(ErrorCode::Conflict, "a reader has submitted this item again since you looked", "",
                "compare what they say now with your draft, then submit it");
  }
  const auto stored = CSL_TRY(storage::find_adjudication(transaction, item));
  if (stored && stored->rater != rater) CSL_TRY(replace_former(transaction, write.by, *stored));
  write.adjudicated.revision = stored ? stored->revision + 1 : 1;
  return append_adjudicated(transaction, write.by, draft->task, write.adjudicated);
}

// The same submission again, after its answer was lost.
Result<bool> is_done(const storage::Reader& reader, const ItemReview& review, const RaterId& rater,
                     const Adjudicated& asked) {
  const auto& stored = review.adjudication;
  if (review.draft || !stored || stored->rater != rater || stored->gold != asked.gold) return false;
  return CSL_TRY(storage::opened(reader, review.read.row.patient, stored->sealed_reason)) ==
         asked.reason;
}

Adjudicated read_submission(const json::object& request) {
  Adjudicated asked;
  asked.reason = std::string(request.at("reason").as_string());
  const json::value* gold = request.if_contains("gold");
  asked.gold = gold != nullptr && gold->is_bool() && gold->as_bool();
  const json::value* duration = request.if_contains("duration_s");
  if (duration != nullptr && duration->is_number()) {
    asked.duration_s = duration->to_number<double>();
  }
  return asked;
}

}  // namespace

Answer<json::object> Review::begin_draft(const Access& access, const ProjectId& project,
                                         const ItemId& item, const json::object& request) {
  CSL_TRY(require(access, project, Roles{Role::Adjudicator}));
  CSL_TRY(may_draw(access, *CSL_TRY(store_.read()), state_->protocols, project, item));
  CSL_TRY(items_.record_read(access, project, item, purpose_review));
  const auto reader = CSL_TRY(store_.read());
  const ItemReview review =
      CSL_TRY(load_review(store_, *reader, state_->protocols, nullptr, access, project, item));
  const std::string name = CSL_TRY(seed_name(request));
  const bool is_same =
      review.draft && review.draft->rater == access.rater() && review.draft->seed == name;
  if (!is_same) {
    CSL_TRY(no_draft_in_work(*reader, item, access.rater()));
    auto seed = read_seed(request, review, access.rater());
    if (!seed) return std::unexpected(std::move(seed).error());
    AnnotationWriter writer(store_, state_->protocols, access, project, item);
    CSL_TRY(writer.open(Roles{Role::Adjudicator}));
    auto labels = prepare_labels(writer, *reader, state_->protocols, review.protocol->protocol,
                                 seed->labels, Stage::Draft);
    if (!labels) return std::unexpected(std::move(labels).error());
    auto masks = CSL_TRY(copy_masks(store_, *reader, review.read.row, access.rater(), seed->labels,
                                    seed->base, clock_, random_));
    const Begin write{.by = {.access = access,
                             .item = review.read.row,
                             .new_task = make_id<TaskId>(clock_, random_),
                             .lease_ms = lease_ms},
                      .seed = name,
                      .rests_on = CSL_TRY(rests_on(*reader, item)),
                      .labels = std::move(*labels),
                      .masks = std::move(masks)};
    CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) {
      return begin(transaction, write, state_->protocols);
    }));
  }
  const auto after = CSL_TRY(store_.read());
  json::value draft = CSL_TRY(draft_json(
      *after, access, project,
      CSL_TRY(load_review(store_, *after, state_->protocols, nullptr, access, project, item))));
  if (!draft.is_object()) {
    return fail(ErrorCode::Conflict, "the draft was discarded meanwhile", "", "begin it anew");
  }
  return std::move(draft.as_object());
}

Result<json::object> Review::discard_draft(const Access& access, const ProjectId& project,
                                           const ItemId& item) {
  CSL_TRY(require(access, project, Roles{Role::Adjudicator, Role::Lead}));
  const storage::ItemRow row = CSL_TRY(storage::find_item(*CSL_TRY(store_.read()), project, item));
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) {
    return discard(transaction, access, state_->protocols, row);
  }));
  return opinions(access, project, item);
}

Answer<json::object> Review::submit_draft(const Access& access, const ProjectId& project,
                                          const ItemId& item, const json::object& request) {
  CSL_TRY(require(access, project, Roles{Role::Adjudicator}));
  CSL_TRY(may_draw(access, *CSL_TRY(store_.read()), state_->protocols, project, item));
  CSL_TRY(items_.record_read(access, project, item, purpose_review));
  const auto reader = CSL_TRY(store_.read());
  const ItemReview review =
      CSL_TRY(load_review(store_, *reader, state_->protocols, nullptr, access, project, item));
  Submission write{.by = {.access = access, .item = review.read.row, .new_task = {}},
                   .opinions_revision = std::string(request.at("opinions_revision").as_string()),
                   .adjudicated = read_submission(request)};
  if (!CSL_TRY(is_done(*reader, review, access.rater(), write.adjudicated))) {
    if (review.draft && review.draft->rater == access.rater()) {
      auto violations = CSL_TRY(check_submission(*reader, project, item, access.rater()));
      if (!violations.empty()) return refuse(std::move(violations));
    }
    write.adjudicated.decisions = CSL_TRY(drawn_decisions(*reader, review, access.rater()));
    write.adjudicated.rests_on = CSL_TRY(rests_on(*reader, item));
    CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) {
      return submit(transaction, write, state_->protocols);
    }));
  }
  return CSL_TRY(state_->opinions_of(store_, *CSL_TRY(store_.read()), access, project, item));
}

}  // namespace consilium::service
