// The write path of an adjudication: decided, checked, then all in one transaction.
#include <boost/json.hpp>

#include "base/canonical_json.hpp"
#include "service/annotation/annotation_write.hpp"
#include "service/annotation/blinding.hpp"
#include "service/annotation/mask_copy.hpp"
#include "service/item/items.hpp"
#include "service/review/adjudication_write.hpp"
#include "service/review/item_review.hpp"
#include "service/review/outcome.hpp"
#include "service/review/review.hpp"
#include "service/review/review_state.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::Transaction;

namespace {

struct Write {
  AdjudicatorWrite by;
  std::string reason;
  bool gold = false;
  std::string decisions;  // canonical JSON
  std::string rests_on;
  std::vector<PreparedAnnotation> labels;
  std::vector<MaskCopy> masks;
};

Result<bool> is_repeat(const storage::Reader& reader, const Write& write,
                       const std::optional<storage::AdjudicationRow>& stored) {
  if (!stored || stored->rater != write.by.access.rater() || stored->gold != write.gold ||
      stored->rests_on_json != write.rests_on) {
    return false;
  }
  const PatientId& patient = write.by.item.patient;
  return CSL_TRY(storage::opened(reader, patient, stored->sealed_decisions)) == write.decisions &&
         CSL_TRY(storage::opened(reader, patient, stored->sealed_reason)) == write.reason;
}

Status apply(Transaction& transaction, const Write& write, ProtocolCache& protocols) {
  const RaterId rater = write.by.access.rater();
  const auto stored = CSL_TRY(storage::find_adjudication(transaction, write.by.item.id));
  if (CSL_TRY(is_repeat(transaction, write, stored))) return {};
  // What held before the writer was asked may hold no longer.
  CSL_TRY(may_see_all_labels(write.by.access, transaction, protocols, write.by.item.project,
                             write.by.item.id));
  CSL_TRY(may_adjudicate(write.by.access, transaction, write.by.item.project, write.by.item.id));
  CSL_TRY(no_draft_in_work(transaction, write.by.item.id, rater));
  CSL_TRY(opinions_unchanged(transaction, write.by.item.id, rater, write.rests_on, write.masks));
  if (stored && stored->rater != rater) {
    CSL_TRY(replace_former(transaction, write.by, *stored));
  }
  const TaskId task = CSL_TRY(open_own_task(transaction, write.by, write.reason, 1));
  for (const MaskCopy& mask : write.masks) CSL_TRY(transaction.append(mask.event));
  CSL_TRY(write_labels(transaction, write.by, task, write.labels));
  return append_adjudicated(transaction, write.by, task,
                            {.reason = write.reason,
                             .gold = write.gold,
                             .decisions = write.decisions,
                             .rests_on = write.rests_on,
                             .duration_s = std::nullopt,
                             .revision = stored ? stored->revision + 1 : 1});
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
  Write write{.by = {.access = access,
                     .item = review.read.row,
                     .new_task = make_id<TaskId>(clock_, random_)},
              .reason = std::string(request.at("reason").as_string()),
              .gold = gold != nullptr && gold->is_bool() && gold->as_bool(),
              .decisions = CSL_TRY(canonical_json(request.at("decisions"))),
              .rests_on = CSL_TRY(rests_on(*reader, item)),
              .labels = {},
              .masks = {}};
  if (!CSL_TRY(is_repeat(*reader, write, review.adjudication))) {
    if (review.adjudication && write.reason.empty()) {
      return fail(ErrorCode::InvalidInput, "the item is adjudicated already", "/reason",
                  "say why it is decided anew");
    }
    const auto decisions = CSL_TRY(read_decisions(request.at("decisions").as_array()));
    auto outcome = outcome_of(outcome_input(review, access.rater(), decisions));
    if (!outcome) return refuse(std::move(outcome).error());
    AnnotationWriter writer(store_, state_->protocols, access, project, item);
    CSL_TRY(writer.open(Roles{Role::Adjudicator}));
    auto labels = prepare_labels(writer, *reader, state_->protocols, review.protocol->protocol,
                                 *outcome, Stage::Submission);
    if (!labels) return std::unexpected(std::move(labels).error());
    write.labels = std::move(*labels);
    write.masks = CSL_TRY(copy_masks(store_, *reader, review.read.row, access.rater(), *outcome,
                                     std::nullopt, clock_, random_));
    CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) {
      return apply(transaction, write, state_->protocols);
    }));
  }
  return CSL_TRY(state_->opinions_of(store_, *CSL_TRY(store_.read()), access, project, item));
}

}  // namespace consilium::service
