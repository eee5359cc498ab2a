#include "service/annotation/annotations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/canonical_json.hpp"
#include "service/annotation/annotation_view.hpp"
#include "service/annotation/annotation_write.hpp"
#include "service/annotation/blinding.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::AnnotationRow;
using storage::Transaction;

namespace {

constexpr std::size_t operation_count_max = 1000;

}  // namespace

Annotations::Annotations(storage::Store& store, const Clock& clock)
    : store_(store), clock_(clock), protocols_(std::make_unique<ProtocolCache>()) {}
Annotations::~Annotations() = default;

Result<std::string> Annotations::list(const Access& access, const ProjectId& project,
                                      const ItemId& item, const AnnotationQuery& query) const {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(store_.read());
  CSL_TRY(storage::find_item(*reader, project, item));
  std::optional<RaterId> rater = access.rater();
  if (query.all_raters) {
    CSL_TRY(may_see_all_labels(access, *reader, *protocols_, project, item));
    rater.reset();
  }
  const std::int64_t limit = std::clamp<std::int64_t>(query.limit, 1, 5000);
  std::vector<AnnotationRow> rows =
      CSL_TRY(storage::annotations_of_item(*reader, item, rater, query.cursor, limit + 1));
  std::string next = "null";
  if (rows.size() > static_cast<std::size_t>(limit)) {
    rows.pop_back();
    next = fmt::format("\"{}\"", to_string(rows.back().id));
  }
  const RaterNames names = CSL_TRY(
      RaterNames::of_item(store_, *reader, *protocols_, access, project, item, NameRule::Lists));
  std::string text = "{\"items\":[";
  for (const AnnotationRow& row : rows) {
    if (&row != &rows.front()) text += ',';
    text += CSL_TRY(annotation_text(*reader, row, names));
  }
  text += fmt::format(R"(],"next_cursor":{})", next);
  if (query.cursor.empty()) {  // counted once, not with each page
    text += fmt::format(R"(,"total":{})", CSL_TRY(storage::annotation_count(*reader, item, rater)));
  }
  text += '}';
  return text;
}

namespace {

// The annotation if it is this item's and this person may see it.
Result<AnnotationRow> visible(const Access& access, const storage::Reader& reader,
                              ProtocolCache& protocols, const ProjectId& project,
                              const ItemId& item, const AnnotationId& id) {
  CSL_TRY(require(access, project, case_roles));
  std::optional<AnnotationRow> row = CSL_TRY(storage::find_annotation(reader, id));
  if (!row || row->item != item || row->project != project) {
    return fail(ErrorCode::NotFound, "there is no such annotation");
  }
  if (row->rater != access.rater() &&
      !may_see_all_labels(access, reader, protocols, project, item)) {
    return fail(ErrorCode::NotFound, "there is no such annotation");
  }
  return std::move(*row);
}

}  // namespace

Result<json::object> Annotations::show(const Access& access, const ProjectId& project,
                                       const ItemId& item, const AnnotationId& id) const {
  const auto reader = CSL_TRY(store_.read());
  const AnnotationRow row = CSL_TRY(visible(access, *reader, *protocols_, project, item, id));
  return annotation_view(*reader, row,
                         CSL_TRY(RaterNames::of_item(store_, *reader, *protocols_, access, project,
                                                     item, NameRule::Lists)));
}

Result<json::object> Annotations::revisions(const Access& access, const ProjectId& project,
                                            const ItemId& item, const AnnotationId& id) const {
  const auto reader = CSL_TRY(store_.read());
  AnnotationRow row = CSL_TRY(visible(access, *reader, *protocols_, project, item, id));
  const RaterNames names = CSL_TRY(
      RaterNames::of_item(store_, *reader, *protocols_, access, project, item, NameRule::Lists));
  json::array items;
  for (const storage::AnnotationRevisionRow& revision :
       CSL_TRY(storage::annotation_revisions(*reader, id))) {
    row.revision = revision.revision;
    row.state = revision.state;
    row.sealed_body = revision.sealed_body;
    row.sealed_surface = revision.sealed_surface;
    row.updated_at = revision.at;
    items.push_back(CSL_TRY(annotation_view(*reader, row, names)));
  }
  return json::object{{"items", std::move(items)}, {"next_cursor", nullptr}};
}

namespace {

// What a written row looks like to the API.
Result<AnnotationPut> written(const storage::Store& store, const AnnotationId& id, bool created) {
  const auto reader = CSL_TRY(store.read());
  const auto row = CSL_TRY(storage::find_annotation(*reader, id));
  if (!row) return fail(ErrorCode::Internal, "the annotation is not there after its write");
  return AnnotationPut{.created = created,
                       .revision = row->revision,
                       .json = json::serialize(CSL_TRY(annotation_view(*reader, *row)))};
}

std::string current_json(const storage::Store& store, const AnnotationId& id) {
  auto current = written(store, id, false);
  return current ? std::move(current->json) : std::string();
}

}  // namespace

Answer<AnnotationPut> Annotations::put(const Access& access, const ProjectId& project,
                                       const ItemId& item, const PutAnnotation& put) {
  AnnotationWriter writer(store_, *protocols_, access, project, item, check_);
  CSL_TRY(writer.open());
  auto prepared = writer.prepare(put);
  if (!prepared) return std::unexpected(std::move(prepared).error());
  WriteOutcome outcome;
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    outcome = CSL_TRY(writer.apply(transaction, *prepared));
    return {};
  }));
  if (outcome == WriteOutcome::LostRace) return lost_race(current_json(store_, put.id));
  return CSL_TRY(written(store_, put.id, outcome == WriteOutcome::Created));
}

Answer<AnnotationPut> Annotations::remove(const Access& access, const ProjectId& project,
                                          const ItemId& item, const AnnotationId& id,
                                          std::optional<std::int64_t> if_match) {
  AnnotationWriter writer(store_, *protocols_, access, project, item, check_);
  CSL_TRY(writer.open());
  WriteOutcome outcome;
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    outcome = CSL_TRY(writer.retract(transaction, id, if_match));
    return {};
  }));
  if (outcome == WriteOutcome::LostRace) return lost_race(current_json(store_, id));
  return CSL_TRY(written(store_, id, false));
}

namespace {

struct Operation {
  AnnotationId id;
  std::optional<PreparedAnnotation> put;  // none: delete
  std::optional<std::int64_t> if_match;
  std::optional<Refusal> refused;
  WriteOutcome outcome = WriteOutcome::Unchanged;
};

std::optional<std::int64_t> revision_of(const json::object& operation) {
  const json::value* value = operation.if_contains("if_match");
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->as_int64();
}

Result<AnnotationId> id_in(const json::value* value) {
  if (value == nullptr || !value->is_string()) {
    return fail(ErrorCode::InvalidInput, "the operation names no annotation", "id");
  }
  return parse_id<AnnotationId>(value->as_string());
}

Operation read_operation(const AnnotationWriter& writer, const json::value& value) {
  Operation operation;
  const auto refused = [&](Refusal refusal) {
    operation.refused = std::move(refusal);
    return operation;
  };
  if (!value.is_object()) {
    return refused(Error{ErrorCode::InvalidInput, "an operation is an object", "", ""});
  }
  const json::object& object = value.as_object();
  const json::value* op = object.if_contains("op");
  operation.if_match = revision_of(object);
  const json::value* body = object.if_contains("annotation");
  const bool is_put = op != nullptr && op->is_string() && op->as_string() == "put";
  const bool is_delete = op != nullptr && op->is_string() && op->as_string() == "delete";
  if (!is_delete && !(is_put && body != nullptr && body->is_object())) {
    return refused(Error{ErrorCode::InvalidInput, "the operation is neither a put nor a delete",
                         "op",
                         "send {\"op\":\"put\",\"annotation\":{...}} or "
                         "{\"op\":\"delete\",\"id\":...}"});
  }
  auto id = id_in(is_put ? body->as_object().if_contains("id") : object.if_contains("id"));
  if (!id) return refused(std::move(id).error());
  operation.id = *id;
  if (is_put) {
    auto prepared = writer.prepare(
        {.id = operation.id, .body_json = json::serialize(*body), .if_match = operation.if_match});
    if (!prepared) return refused(std::move(prepared).error());
    operation.put = std::move(*prepared);
  }
  return operation;
}

json::object problem_json(const Refusal& refusal) {
  json::object problem{{"code", std::string(name_of(refusal.error.code))},
                       {"status", http_status(refusal.error.code)},
                       {"detail", refusal.error.what},
                       {"where", refusal.error.where},
                       {"remedy", refusal.error.remedy}};
  if (!refusal.violations.empty()) {
    json::array violations;
    for (const Violation& violation : refusal.violations) {
      violations.push_back(json::object{
          {"path", violation.path}, {"what", violation.what}, {"remedy", violation.remedy}});
    }
    problem["violations"] = std::move(violations);
  }
  return problem;
}

json::object result_json(const storage::Reader& reader, const Operation& operation) {
  json::object result{{"id", to_string(operation.id)}};
  Refusal refusal;
  if (operation.refused) {
    refusal = *operation.refused;
  } else if (operation.outcome == WriteOutcome::LostRace) {
    refusal = lost_race("").error();
  }
  const auto row = storage::find_annotation(reader, operation.id);
  const bool is_refused = operation.refused || operation.outcome == WriteOutcome::LostRace;
  if (is_refused) {
    result["status"] = http_status(refusal.error.code);
    json::object problem = problem_json(refusal);
    if (operation.outcome == WriteOutcome::LostRace && row && *row) {
      if (auto view = annotation_view(reader, **row)) problem["current"] = std::move(*view);
    }
    result["problem"] = std::move(problem);
    return result;
  }
  result["status"] = operation.outcome == WriteOutcome::Created ? 201 : 200;
  if (row && *row) {
    if (auto view = annotation_view(reader, **row)) result["annotation"] = std::move(*view);
  }
  return result;
}

}  // namespace

Result<json::object> Annotations::bulk(const Access& access, const ProjectId& project,
                                       const ItemId& item, const json::object& request) {
  AnnotationWriter writer(store_, *protocols_, access, project, item, check_);
  CSL_TRY(writer.open());
  const json::value* list = request.if_contains("operations");
  if (list == nullptr || !list->is_array()) {
    return fail(ErrorCode::InvalidInput, "there is no list of operations", "operations");
  }
  if (list->as_array().size() > operation_count_max) {
    return fail(ErrorCode::TooLarge, "more than 1,000 operations in one request", "operations",
                "send them in several requests");
  }
  std::vector<Operation> operations;
  for (const json::value& value : list->as_array()) {
    operations.push_back(read_operation(writer, value));
  }
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    for (Operation& operation : operations) {
      if (operation.refused) continue;
      auto outcome = operation.put ? writer.apply(transaction, *operation.put)
                                   : writer.retract(transaction, operation.id, operation.if_match);
      if (outcome) {
        operation.outcome = *outcome;
      } else {
        operation.refused = Refusal(std::move(outcome).error());
      }
    }
    return {};
  }));
  const auto reader = CSL_TRY(store_.read());
  json::array results;
  results.reserve(operations.size());
  for (const Operation& operation : operations) {
    results.push_back(result_json(*reader, operation));
  }
  return json::object{{"results", std::move(results)}};
}

}  // namespace consilium::service
