#include "service/audit/audit_trail.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <limits>
#include <map>
#include <string_view>

#include "base/bytes.hpp"
#include "base/canonical_json.hpp"
#include "base/clock.hpp"
#include "storage/people.hpp"
#include "storage/store.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::Fields;
using storage::Row;

namespace {

struct Phrase {
  std::string_view type;
  std::string_view did;  // after the person's name
};

// What each event says, in the past tense. Others are said by their type: "link.used" -> "used
// link".
constexpr std::array phrases{
    Phrase{"store.created", "created the store"},
    Phrase{"project.added", "created the project"},
    Phrase{"project.changed", "changed the project's settings"},
    Phrase{"protocol.set", "set the project's protocol"},
    Phrase{"member.set", "set a member's roles"},
    Phrase{"member.removed", "removed a member from the project"},
    Phrase{"patient.added", "added the patient"},
    Phrase{"patient.erased", "erased the patient"},
    Phrase{"study.added", "added a study of the patient"},
    Phrase{"series.added", "added a series of the patient"},
    Phrase{"series.arranged", "arranged a series into volumes"},
    Phrase{"instance.added", "added an image of the patient"},
    Phrase{"note.added", "added a note of the patient"},
    Phrase{"recording.added", "added a recording of the patient"},
    Phrase{"file.finished", "finished a file of an import"},
    Phrase{"item.added", "added the item"},
    Phrase{"item.changed", "changed the item's title"},
    Phrase{"item.read", "opened the item"},
    Phrase{"item.adjudicated", "adjudicated the item"},
    Phrase{"item.adjudication_begun", "began to draw an adjudication of the item"},
    Phrase{"item.adjudication_discarded", "discarded a draft of an adjudication"},
    Phrase{"item.readers_set", "set how many readers the item gets"},
    Phrase{"panel.read", "looked at the project's panel"},
    Phrase{"votes.downloaded", "downloaded the votes of a unit"},
    Phrase{"import.begun", "began an import"},
    Phrase{"import.progressed", "carried on with an import"},
    Phrase{"import.refused", "had a file of an import refused"},
    Phrase{"import.finished", "finished an import"},
    Phrase{"object.received", "added another tool's labels of the patient"},
    Phrase{"object.waits", "kept an object that could not be taken in"},
    Phrase{"object.taken_in", "took in an object that waited"},
    Phrase{"object.discarded", "discarded an object that waited"},
    Phrase{"task.assigned", "assigned the item to a rater"},
    Phrase{"task.leased", "took the item"},
    Phrase{"task.expired", "took over an item whose lease ran out"},
    Phrase{"task.released", "gave the item back"},
    Phrase{"task.skipped", "skipped the item"},
    Phrase{"task.submitted", "submitted the item"},
    Phrase{"task.reopened", "reopened the item"},
    Phrase{"question.asked", "asked a question on the item"},
    Phrase{"question.answered", "answered a question on the item"},
    Phrase{"annotation.revised", "revised an annotation on the item"},
    Phrase{"annotation.retracted", "retracted an annotation on the item"},
    Phrase{"mask.patched", "drew on a mask of the item"},
    Phrase{"export.started", "started an export"},
    Phrase{"export.finished", "finished an export"},
    Phrase{"export.downloaded", "downloaded an export"},
};

std::string with_blanks(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string phrase_of(const std::string& type, const json::object& fields) {
  if (type == "annotation.revised") {
    const json::value* revision = fields.if_contains("revision");
    if (revision != nullptr && revision->is_int64() && revision->as_int64() == 1) {
      return "made an annotation on the item";
    }
  }
  for (const Phrase& phrase : phrases) {
    if (phrase.type == type) return std::string(phrase.did);
  }
  const std::size_t dot = type.find('.');
  if (dot == std::string::npos) return with_blanks(type);
  return with_blanks(type.substr(dot + 1) + " " + type.substr(0, dot));
}

// Sealed values are named, never shown.
json::object shown_fields(const json::value& body) {
  json::object shown;
  const json::value* fields = body.as_object().if_contains("fields");
  if (fields == nullptr || !fields->is_object()) return shown;
  for (const auto& [name, value] : fields->as_object()) {
    const bool is_wrapped = value.is_object() && (value.as_object().contains("$sealed") ||
                                                  value.as_object().contains("$bytes"));
    if (is_wrapped) {
      shown[name] = "sealed";
    } else if (value.is_object() && value.as_object().contains("$json")) {
      shown[name] = value.at("$json");
    } else if (value.is_string() && value.as_string().size() > 500) {
      shown[name] = std::to_string(value.as_string().size()) + " bytes of text";
    } else {
      shown[name] = value;
    }
  }
  return shown;
}

class Names {
 public:
  explicit Names(const storage::Reader& reader) : reader_(reader) {}

  Result<std::string> person(const std::string& id) {
    if (id.empty() || id == "system") return std::string("Consilium");
    const auto known = persons_.find(id);
    if (known != persons_.end()) return known->second;
    std::string name = "Somebody";
    if (const auto person_id = parse_id<PersonId>(id)) {
      const auto person = CSL_TRY(storage::find_person(reader_, *person_id));
      if (person) name = person->display_name;
    }
    return persons_[id] = name;
  }
  Result<std::string> pseudonym(const std::string& patient) {
    const auto known = patients_.find(patient);
    if (known != patients_.end()) return known->second;
    const storage::Rows rows = CSL_TRY(reader_.query("catalog.patient", {{"patient", patient}}));
    return patients_[patient] = rows.empty() ? std::string() : rows.front().text("pseudonym");
  }

 private:
  const storage::Reader& reader_;
  std::map<std::string, std::string> persons_;
  std::map<std::string, std::string> patients_;
};

json::value id_or_null(const Row& row, std::string_view column) {
  return row.is_null(column) ? json::value(nullptr) : json::value(row.text(column));
}

Result<json::object> event_json(Names& names, const Row& row) {
  const json::value body = CSL_TRY(parse_json(row.text("body")));
  json::object fields = shown_fields(body);
  const std::string person = row.text("person");
  const std::string name = CSL_TRY(names.person(person));
  json::value pseudonym = nullptr;
  std::string sentence = name + " " + phrase_of(row.text("type"), fields);
  if (!row.is_null("patient_id")) {
    const std::string text = CSL_TRY(names.pseudonym(row.text("patient_id")));
    pseudonym = json::string(text);
    if (!text.empty()) sentence += " of " + text;
  }
  return json::object{
      {"sequence", row.integer("sequence")},
      {"at", to_rfc3339({row.integer("at")})},
      {"type", row.text("type")},
      {"person", json::object{{"id", person.empty() || person == "system" ? json::value(nullptr)
                                                                          : json::value(person)},
                              {"display_name", name}}},
      {"project_id", id_or_null(row, "project_id")},
      {"item_id", id_or_null(row, "item_id")},
      {"patient_pseudonym", std::move(pseudonym)},
      {"sentence", sentence},
      {"fields", std::move(fields)},
      {"hash", to_hex(row.bytes("hash"))}};
}

// Whose log it is to read. A lead names a project of theirs.
Status require_audit(const Access& access, const AuditQuery& query) {
  if (access.is_compliance || access.is_operator) return {};
  if (query.project) return require(access, *query.project, Roles{Role::Lead});
  return fail(ErrorCode::Forbidden, "the whole log is for compliance officers", "project",
              "as a lead ask for one of your projects");
}

Result<Fields> fields_of(const AuditQuery& query) {
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  std::from_chars(query.cursor.data(), query.cursor.data() + query.cursor.size(), before);
  Fields fields;
  fields.set("before", before);
  if (query.project) fields.set("project_id", *query.project);
  if (query.item) fields.set("item_id", *query.item);
  if (query.person) fields.set("person", *query.person);
  if (!query.type.empty()) fields.set("type", query.type);
  if (!query.from.empty()) fields.set("from", CSL_TRY(parse_rfc3339(query.from)).ms);
  if (!query.to.empty()) fields.set("to", CSL_TRY(parse_rfc3339(query.to)).ms);
  return fields;
}

}  // namespace

Result<json::object> audit_events(const storage::Store& store, const Access& access,
                                  const AuditQuery& query) {
  CSL_TRY(require_audit(access, query));
  const std::int64_t limit = std::clamp<std::int64_t>(query.limit, 1, 500);
  Fields fields = CSL_TRY(fields_of(query));
  fields.set("limit", limit + 1);
  const auto reader = CSL_TRY(store.read());
  storage::Rows rows = CSL_TRY(reader->query("core.events_filtered", fields));
  json::value next = nullptr;
  if (rows.size() > static_cast<std::size_t>(limit)) {
    rows.pop_back();
    next = json::string(std::to_string(rows.back().integer("sequence")));
  }
  Names names(*reader);
  json::array items;
  for (const Row& row : rows) items.push_back(CSL_TRY(event_json(names, row)));
  return json::object{{"items", std::move(items)}, {"next_cursor", std::move(next)}};
}

}  // namespace consilium::service
