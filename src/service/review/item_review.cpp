#include "service/review/item_review.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <map>

#include "base/canonical_json.hpp"
#include "base/sha256.hpp"
#include "service/annotation/annotation_view.hpp"
#include "service/assignment/task_view.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

// A day's beats on which all agree are not listed one by one; they are taken along all the same.
constexpr std::size_t agreed_shown_max = 2000;

json::value rater_json(const RaterRef& rater, const RaterNames& names) {
  const RaterRef shown = names.shown(rater);
  if (shown.id != rater.id) return nullptr;
  return json::object{{"id", to_string(rater.id)},
                      {"kind", std::string(name_of(rater.kind))},
                      {"display_name", rater.display_name}};
}

json::object choice_json(const DifferenceChoice& choice, const ItemReview& review) {
  json::array raters;
  json::array annotations;
  for (const Said& said : choice.said) {
    raters.emplace_back(review.keys[said.opinion]);
    if (said.annotation != nullptr) annotations.emplace_back(to_string(said.annotation->id));
  }
  return json::object{{"class", choice.class_id},
                      {"title", choice.title},
                      {"probability", choice.probability},
                      {"raters", std::move(raters)},
                      {"annotation_ids", std::move(annotations)}};
}

Result<json::object> difference_json(const Difference& difference, const ItemReview& review) {
  json::array choices;
  for (const DifferenceChoice& choice : difference.choices) {
    choices.push_back(choice_json(choice, review));
  }
  json::value settled = nullptr;
  if (const std::string* decision = review.settled(difference)) {
    settled = CSL_TRY(parse_json(*decision));
  }
  return json::object{
      {"id", difference.id},          {"kind", std::string(name_of(difference.kind))},
      {"unit", difference.unit},      {"title", difference.title},
      {"what", difference.what},      {"entropy_bits", difference.entropy_bits},
      {"agreed", difference.agreed},  {"choices", std::move(choices)},
      {"settled", std::move(settled)}};
}

Result<json::array> opinion_list(const storage::Reader& reader, const ItemReview& review) {
  std::map<RaterId, json::array> annotations;
  for (const storage::AnnotationRow& row : CSL_TRY(opinion_rows(reader, review.read.row.id))) {
    annotations[row.rater].push_back(CSL_TRY(annotation_view(reader, row, review.names)));
  }
  json::array list;
  for (std::size_t o = 0; o < review.opinions.size(); ++o) {
    const Opinion& opinion = *review.opinions[o];
    json::object view{{"key", review.keys[o]},
                      {"rater", rater_json(opinion.rater, review.names)},
                      {"submitted_at", to_rfc3339(opinion.at)},
                      {"duration_s", nullptr},
                      {"annotations", std::move(annotations[opinion.rater.id])}};
    if (opinion.duration_s) view["duration_s"] = *opinion.duration_s;
    list.push_back(std::move(view));
  }
  return list;
}

// What stands after the adjudication, drawn or taken over.
Result<json::object> result_json(const storage::Reader& reader, const ItemReview& review) {
  const storage::AdjudicationRow& adjudication = *review.adjudication;
  json::array annotations;
  json::value rater = nullptr;
  for (const storage::AnnotationRow& row :
       CSL_TRY(storage::annotations_of_item(reader, review.read.row.id, adjudication.rater, "",
                                            std::numeric_limits<std::int64_t>::max()))) {
    if (row.stage != "adjudicate" || row.state != "submitted") continue;
    annotations.push_back(CSL_TRY(annotation_view(reader, row, review.names)));
    rater = rater_json({.id = row.rater,
                        .kind = rater_kind_named(row.rater_kind).value_or(RaterKind::Human),
                        .display_name = row.rater_name},
                       review.names);
  }
  return json::object{{"rater", std::move(rater)}, {"annotations", std::move(annotations)}};
}

}  // namespace

const std::string* ItemReview::settled(const Difference& difference) const {
  const auto found = decisions.find(difference.id);
  return found == decisions.end() ? nullptr : &found->second;
}

Result<std::vector<storage::AnnotationRow>> opinion_rows(const storage::Reader& reader,
                                                         const ItemId& item) {
  std::vector<storage::AnnotationRow> rows = CSL_TRY(storage::annotations_of_item(
      reader, item, std::nullopt, "", std::numeric_limits<std::int64_t>::max()));
  std::erase_if(rows, [](const storage::AnnotationRow& row) {
    return row.stage != storage::label_stage || row.state != "submitted";
  });
  return rows;
}

Result<std::string> rests_on(const storage::Reader& reader, const ItemId& item) {
  json::array parts;
  for (const storage::TaskRow& task : CSL_TRY(storage::tasks_of_item(reader, item))) {
    if (task.state == "submitted") parts.emplace_back("task " + to_string(task.id));
  }
  for (const storage::AnnotationRow& row : CSL_TRY(opinion_rows(reader, item))) {
    parts.emplace_back(to_string(row.id) + "@" + std::to_string(row.revision));
  }
  for (const storage::MaskRow& mask : CSL_TRY(storage::masks_of_item(reader, item, std::nullopt))) {
    const auto own = CSL_TRY(storage::task_of_rater(reader, item, mask.rater));
    if (!own || own->state != "submitted") continue;
    parts.emplace_back("mask " + to_string(own->id) + " " + mask.grid_id + "@" +
                       std::to_string(mask.revision));
  }
  return json::serialize(parts);
}

std::string opinions_revision(const std::string& rests_on) {
  return to_hex(sha256(bytes_of(rests_on))).substr(0, 16);
}

OutcomeInput outcome_input(const ItemReview& review, const RaterId& adjudicator,
                           std::span<const Decision> decisions) {
  OutcomeInput input{.item = review.read.row.id,
                     .adjudicator = adjudicator,
                     .opinions = review.opinions,
                     .keys = review.keys,
                     .differences = review.differences,
                     .decisions = decisions,
                     .standing = {}};
  if (review.adjudication && review.read.truth &&
      review.read.truth->rater.id == review.adjudication->rater) {
    input.standing = Standing{.adjudicator = review.adjudication->rater,
                              .labels = review.read.truth->annotations};
  }
  return input;
}

Result<ItemReview> load_review(storage::Store& store, const storage::Reader& reader,
                               ProtocolCache& protocols, const Posteriors* posteriors,
                               const Access& access, const ProjectId& project, const ItemId& item) {
  ItemReview review{.protocol = CSL_TRY(protocols.of_project(reader, project)),
                    .read = {},
                    .names = CSL_TRY(RaterNames::of_item(store, reader, protocols, access, project,
                                                         item, NameRule::Review)),
                    .opinions = {},
                    .keys = {},
                    .differences = {},
                    .adjudication = CSL_TRY(storage::find_adjudication(reader, item)),
                    .draft = CSL_TRY(storage::find_adjudication_draft(reader, item)),
                    .decisions = {}};
  review.read = std::move(CSL_TRY(read_opinions(reader, project, item)).front());
  for (const RaterId& rater : review.names.raters()) {
    const auto found = std::ranges::find(review.read.opinions, rater,
                                         [](const Opinion& opinion) { return opinion.rater.id; });
    if (found == review.read.opinions.end()) continue;
    review.opinions.push_back(&*found);
    review.keys.push_back(review.names.key_of(rater));
  }
  review.differences = CSL_TRY(
      differences_of(store, reader, review.protocol->protocol, review.read.row, review.opinions));
  if (posteriors != nullptr) {
    for (Difference& difference : review.differences) posteriors->apply(difference);
    sort_worst_first(review.differences);
  }
  if (review.adjudication) {
    const json::value decisions = CSL_TRY(parse_json(CSL_TRY(
        storage::opened(reader, review.read.row.patient, review.adjudication->sealed_decisions))));
    for (const json::value& decision : decisions.as_array()) {
      review.decisions.emplace(decision.at("difference_id").as_string(), json::serialize(decision));
    }
  }
  return review;
}

Status may_adjudicate(const Access& access, const storage::Reader& reader, const ProjectId& project,
                      const ItemId& item_id) {
  CSL_TRY(require(access, project, Roles{Role::Adjudicator}));
  const RaterId rater = access.rater();
  const auto own = CSL_TRY(storage::task_of_rater(reader, item_id, rater));
  bool has_read = own && own->state != "assigned" && own->state != "released";
  for (const storage::AnnotationRow& row : CSL_TRY(storage::annotations_of_item(
           reader, item_id, rater, "", std::numeric_limits<std::int64_t>::max()))) {
    has_read = has_read || row.stage == storage::label_stage;
  }
  if (has_read) {
    return fail(ErrorCode::Forbidden, "you read this item yourself", "",
                "leave it to an adjudicator who did not");
  }
  const storage::ItemRow item = CSL_TRY(storage::find_item(reader, project, item_id));
  if (item.readers_submitted < item.readers_wanted) {
    return fail(ErrorCode::Conflict, "not all readers have submitted the item", "",
                "wait for them, or ask the lead for fewer readers");
  }
  return {};
}

Result<json::value> draft_json(const storage::Reader& reader, const Access& access,
                               const ProjectId& project, const ItemReview& review) {
  if (!review.draft) return json::value(nullptr);
  const storage::AdjudicationDraftRow& draft = *review.draft;
  const storage::TaskRow task = CSL_TRY(storage::find_task(reader, project, draft.task));
  const std::string rests = CSL_TRY(rests_on(reader, review.read.row.id));
  const bool is_mine = draft.rater == access.rater();
  const bool is_opinion = draft.seed.starts_with("opinion ");
  return json::object{
      {"mine", is_mine},
      {"by", draft.rater_name},
      {"task", is_mine ? json::value(task_json(task)) : json::value(nullptr)},
      {"seed", is_opinion ? std::string("opinion") : draft.seed},
      {"opinion", is_opinion ? json::value(draft.seed.substr(8)) : json::value(nullptr)},
      {"begun_at", to_rfc3339(draft.begun_at)},
      {"idle_from", to_rfc3339(std::max(draft.begun_at, task.lease_until))},
      {"opinions_changed", draft.rests_on_json != rests}};
}

Result<json::object> opinions_json(const storage::Reader& reader, const Access& access,
                                   const ProjectId& project, const ItemReview& review) {
  const Status may = may_adjudicate(access, reader, project, review.read.row.id);
  const std::string rests = CSL_TRY(rests_on(reader, review.read.row.id));
  json::array differences;
  std::size_t agreed = 0;
  for (const Difference& difference : review.differences) {
    if (difference.agreed && ++agreed > agreed_shown_max) continue;
    differences.push_back(CSL_TRY(difference_json(difference, review)));
  }
  json::object view{{"item_id", to_string(review.read.row.id)},
                    {"names_hidden", review.names.hidden()},
                    {"may_adjudicate", may.has_value()},
                    {"why_not", may ? std::string() : may.error().what},
                    {"opinions", CSL_TRY(opinion_list(reader, review))},
                    {"differences", std::move(differences)},
                    {"opinions_revision", opinions_revision(rests)},
                    {"draft", CSL_TRY(draft_json(reader, access, project, review))},
                    {"adjudication", nullptr},
                    {"result", nullptr}};
  if (review.adjudication) {
    const storage::AdjudicationRow& row = *review.adjudication;
    view["adjudication"] = json::object{
        {"by", row.rater_name},
        {"at", to_rfc3339(row.adjudicated_at)},
        {"reason", CSL_TRY(storage::opened(reader, review.read.row.patient, row.sealed_reason))},
        {"gold", row.gold}};
    view["result"] = CSL_TRY(result_json(reader, review));
  }
  return view;
}

}  // namespace consilium::service
