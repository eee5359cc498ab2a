// Questions to the lead: what a rater asks about one item, and the answer.
#include <boost/json.hpp>

#include "service/assignment/assignment.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::Fields;
using storage::Transaction;

namespace {

constexpr std::size_t text_size_max = 4000;

Status check_text(std::string_view text) {
  if (text.empty() || text.size() > text_size_max) {
    return fail(ErrorCode::InvalidInput, "the text is empty or too long", "text",
                "write 1 to 4,000 characters");
  }
  return {};
}

json::object person_json(const storage::Row& row, const char* id, const char* name) {
  return {{"id", row.text(id)}, {"display_name", row.text(name)}};
}

Result<json::object> question_json(const storage::Reader& reader, const storage::Row& row) {
  const PatientId patient = CSL_TRY(row.id<PatientId>("patient_id"));
  json::object view{{"id", row.text("question_id")},
                    {"item_id", row.text("item_id")},
                    {"item_number", row.integer("number")},
                    {"asked_by", person_json(row, "asked_by", "asked_by_name")},
                    {"asked_at", to_rfc3339({row.integer("asked_at")})},
                    {"text", CSL_TRY(storage::opened(reader, patient, row.bytes("question")))},
                    {"answer", nullptr},
                    {"answered_by", nullptr},
                    {"answered_at", nullptr}};
  if (!row.is_null("answered_at")) {
    view["answer"] = CSL_TRY(storage::opened(reader, patient, row.bytes("answer")));
    view["answered_by"] = person_json(row, "answered_by", "answered_by_name");
    view["answered_at"] = to_rfc3339({row.integer("answered_at")});
  }
  return view;
}

Result<json::object> show(const storage::Store& store, const QuestionId& question) {
  const auto reader = CSL_TRY(store.read());
  const storage::Rows rows =
      CSL_TRY(reader->query("work.question", Fields().set("question", question)));
  if (rows.empty()) return fail(ErrorCode::NotFound, "there is no such question");
  return question_json(*reader, rows.front());
}

}  // namespace

Result<json::object> Assignment::questions(const Access& access, const ProjectId& project) const {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(store_.read());
  Fields fields = Fields().set("project", project);
  if (!roles_in(access, project).has(Role::Lead)) fields.set("rater", access.rater());
  json::array items;
  for (const storage::Row& row : CSL_TRY(reader->query("work.questions", fields))) {
    items.push_back(CSL_TRY(question_json(*reader, row)));
  }
  return json::object{{"items", std::move(items)}, {"next_cursor", nullptr}};
}

Result<json::object> Assignment::ask(const Access& access, const ProjectId& project,
                                     const ItemId& item_id, const QuestionId& question,
                                     std::string_view text) {
  CSL_TRY(require(access, project, case_roles));
  CSL_TRY(check_text(text));
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const storage::ItemRow item = CSL_TRY(storage::find_item(transaction, project, item_id));
    const storage::Rows rows =
        CSL_TRY(transaction.query("work.question", Fields().set("question", question)));
    if (!rows.empty()) {
      const std::string stored =
          CSL_TRY(storage::opened(transaction, item.patient, rows.front().bytes("question")));
      const bool is_same = rows.front().text("item_id") == to_string(item_id) && stored == text;
      if (is_same) return {};
      return fail(ErrorCode::Conflict, "this id is that of another question", "",
                  "ask with a new id");
    }
    storage::EventDraft event{.type = "question.asked",
                              .project = project,
                              .item = item_id,
                              .patient = item.patient,
                              .fields = {}};
    event.fields.set("question_id", question)
        .set("question", storage::PatientText{std::string(text)});
    return transaction.append(std::move(event));
  }));
  return show(store_, question);
}

Result<json::object> Assignment::answer(const Access& access, const ProjectId& project,
                                        const ItemId& item_id, const QuestionId& question,
                                        std::string_view text) {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  CSL_TRY(check_text(text));
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const storage::ItemRow item = CSL_TRY(storage::find_item(transaction, project, item_id));
    const storage::Rows rows =
        CSL_TRY(transaction.query("work.question", Fields().set("question", question)));
    if (rows.empty() || rows.front().text("item_id") != to_string(item_id)) {
      return fail(ErrorCode::NotFound, "there is no such question");
    }
    if (!rows.front().is_null("answered_at") &&
        CSL_TRY(storage::opened(transaction, item.patient, rows.front().bytes("answer"))) == text) {
      return {};
    }
    storage::EventDraft event{.type = "question.answered",
                              .project = project,
                              .item = item_id,
                              .patient = item.patient,
                              .fields = {}};
    event.fields.set("question_id", question)
        .set("answer", storage::PatientText{std::string(text)});
    return transaction.append(std::move(event));
  }));
  return show(store_, question);
}

}  // namespace consilium::service
