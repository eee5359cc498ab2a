#include "service/item/items.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/canonical_json.hpp"
#include "service/item/image_source.hpp"
#include "service/item/read_ledger.hpp"
#include "service/item/signal_source.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::Fields;
using storage::ItemRow;

namespace {

constexpr const char* purpose_labelling = "labelling";
constexpr const char* purpose_preview = "preview";

bool sees_all(const Access& access, const ProjectId& project) {
  return roles_in(access, project).has_any({Role::Reviewer, Role::Adjudicator, Role::Lead});
}

storage::FieldValue filter_value(const std::string& text) {
  return text.empty() ? storage::FieldValue{} : storage::FieldValue{text};
}

std::string lower_ascii(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::int64_t offset_of(std::string_view cursor) {
  std::int64_t offset = 0;
  std::from_chars(cursor.data(), cursor.data() + cursor.size(), offset);
  return std::max<std::int64_t>(offset, 0);
}

Result<json::object> mine_json(const storage::Reader& reader, const storage::Row& row,
                               const PatientId& patient) {
  json::object mine{{"task_id", nullptr},
                    {"state", row.text("mine")},
                    {"annotations", row.integer("annotation_count")},
                    {"lease_until", nullptr},
                    {"updated_at", nullptr},
                    {"skip_reason", nullptr}};
  if (row.is_null("task_id")) return mine;
  mine["task_id"] = row.text("task_id");
  mine["updated_at"] = to_rfc3339({row.integer("task_updated_at")});
  if (row.integer("lease_until") != 0) {
    mine["lease_until"] = to_rfc3339({row.integer("lease_until")});
  }
  if (!row.is_null("skip_reason")) {
    mine["skip_reason"] = CSL_TRY(storage::opened(reader, patient, row.bytes("skip_reason")));
  }
  return mine;
}

Result<json::object> preview_json(const storage::Reader& reader, const storage::Row& row,
                                  const PatientId& patient) {
  const std::string kind = row.text("kind");
  json::object preview{{"kind", kind}};
  if (kind == "image") {
    preview["url"] = "/api/v1/projects/" + row.text("project_id") + "/items/" +
                     row.text("item_id") + "/thumbnail";
    return preview;
  }
  const std::string text = CSL_TRY(storage::opened(reader, patient, row.bytes("preview")));
  if (kind == "text") {
    preview["text"] = text;
  } else {
    preview["points"] = text.empty() ? json::value(json::array{}) : CSL_TRY(parse_json(text));
  }
  return preview;
}

Result<json::object> item_json(const storage::Reader& reader, const storage::Row& row) {
  const PatientId patient = CSL_TRY(row.id<PatientId>("patient_id"));
  const std::string state = row.text("shown_state");
  // Readings of gold come on top of those wanted; who reads it is not told of the others.
  const std::int64_t wanted = row.integer("readers_wanted");
  const bool hides_one = state != row.text("state");
  const std::int64_t submitted =
      std::min(row.integer("readers_submitted"), hides_one ? wanted - 1 : wanted);
  return json::object{{"id", row.text("item_id")},
                      {"project_id", row.text("project_id")},
                      {"number", row.integer("number")},
                      {"kind", row.text("kind")},
                      {"title", row.text("title")},
                      {"patient", json::object{{"id", row.text("patient_id")},
                                               {"pseudonym", row.text("pseudonym")}}},
                      {"modality", row.text("modality")},
                      {"date", row.text("date")},
                      {"state", state},
                      {"readers", json::object{{"wanted", wanted}, {"submitted", submitted}}},
                      {"mine", CSL_TRY(mine_json(reader, row, patient))},
                      {"preview", CSL_TRY(preview_json(reader, row, patient))},
                      {"revision", row.integer("revision")},
                      {"updated_at", to_rfc3339({row.integer("updated_at")})}};
}

// The same patient's other items by date, in every project in which this person may look at cases.
Result<json::array> related_json(const storage::Reader& reader, const Access& access,
                                 const ItemRow& item) {
  json::array projects;
  for (const storage::ProjectRow& row : CSL_TRY(storage::all_projects(reader))) {
    if (!roles_in(access, row.id).has_any(case_roles)) continue;
    projects.push_back(json::array{to_string(row.id), sees_all(access, row.id)});
  }
  json::array related;
  for (const storage::Row& row :
       CSL_TRY(reader.query("catalog.related", Fields()
                                                   .set("projects", json::serialize(projects))
                                                   .set("patient", item.patient)
                                                   .set("item", item.id)
                                                   .set("rater", access.rater())))) {
    related.push_back(json::object{{"item_id", row.text("item_id")},
                                   {"project_id", row.text("project_id")},
                                   {"kind", row.text("kind")},
                                   {"modality", row.text("modality")},
                                   {"date", row.text("date")},
                                   {"title", row.text("title")}});
  }
  return related;
}

Fields query_fields(const Access& access, const ProjectId& project) {
  return Fields()
      .set("project", project)
      .set("rater", access.rater())
      .set("all", sees_all(access, project));
}

struct Facets {
  json::object kind;
  json::object state;
  json::object mine;
  std::int64_t total = 0;  // that the query's filters leave
};

Result<Facets> facets_of(const storage::Reader& reader, const Fields& fields,
                         const ItemQuery& query) {
  Facets facets;
  const auto count = [](json::object& facet, const std::string& name, std::int64_t more) {
    json::value& value = facet[name];
    value = (value.is_int64() ? value.as_int64() : 0) + more;
  };
  for (const storage::Row& row : CSL_TRY(reader.query("work.item_facets", fields))) {
    const std::int64_t more = row.integer("count");
    count(facets.kind, row.text("kind"), more);
    count(facets.state, row.text("state"), more);
    count(facets.mine, row.text("mine"), more);
    const bool is_wanted = (query.kind.empty() || query.kind == row.text("kind")) &&
                           (query.state.empty() || query.state == row.text("state")) &&
                           (query.mine.empty() || query.mine == row.text("mine"));
    if (is_wanted) facets.total += more;
  }
  return facets;
}

// Where the reader is in the list is told by the cursor: the number of rows before.
Result<storage::Rows> page_of(const storage::Reader& reader, Fields fields, const ItemQuery& query,
                              std::int64_t limit) {
  fields.set("kind", filter_value(query.kind))
      .set("state", filter_value(query.state))
      .set("mine", filter_value(query.mine))
      .set("sort", query.sort)
      .set("descending", query.descending)
      .set("limit", limit + 1)
      .set("offset", offset_of(query.cursor));
  return reader.query("work.items", fields);
}

}  // namespace

Items::Items(storage::Store& store, const Clock& clock)
    : store_(store),
      clock_(clock),
      ledger_(std::make_unique<ReadLedger>()),
      frames_(std::make_unique<FrameIndex>()),
      recordings_(std::make_unique<RecordingCache>()) {}
Items::~Items() = default;

Result<json::object> Items::list(const Access& access, const ProjectId& project,
                                 const ItemQuery& query) const {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(store_.read());
  const std::int64_t limit = std::clamp<std::int64_t>(query.limit, 1, 500);
  Fields fields = query_fields(access, project);
  fields.set("text", filter_value(lower_ascii(query.text)));
  Facets facets = CSL_TRY(facets_of(*reader, fields, query));
  storage::Rows rows = CSL_TRY(page_of(*reader, fields, query, limit));
  json::value next = nullptr;
  if (rows.size() > static_cast<std::size_t>(limit)) {
    rows.resize(static_cast<std::size_t>(limit), rows.front());
    next = json::string(std::to_string(offset_of(query.cursor) + limit));
  }
  // A preview quotes the case, so a list that shows one is a read like any other.
  std::vector<ItemToRead> reads;
  for (const storage::Row& row : rows) {
    if (row.text("kind") == "image") continue;
    reads.push_back({CSL_TRY(row.id<ItemId>("item_id")), CSL_TRY(row.id<PatientId>("patient_id"))});
  }
  CSL_TRY(ledger_->record(store_, access, project, reads, purpose_preview));
  json::array items;
  items.reserve(rows.size());
  for (const storage::Row& row : rows) items.push_back(CSL_TRY(item_json(*reader, row)));
  return json::object{{"items", std::move(items)},
                      {"next_cursor", std::move(next)},
                      {"total", facets.total},
                      {"facets", json::object{{"kind", std::move(facets.kind)},
                                              {"state", std::move(facets.state)},
                                              {"mine", std::move(facets.mine)}}}};
}

Result<json::object> Items::summary(const Access& access, const ProjectId& project,
                                    const ItemId& item) const {
  return CSL_TRY(summaries(access, project, {item})).front().as_object();
}

Result<json::array> Items::summaries(const Access& access, const ProjectId& project,
                                     const std::vector<ItemId>& items) const {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(store_.read());
  storage::Rows rows;
  std::vector<ItemToRead> reads;
  for (const ItemId& item : items) {
    Fields fields = query_fields(access, project);
    fields.set("item", item).set("limit", std::int64_t{1}).set("offset", std::int64_t{0});
    storage::Rows found = CSL_TRY(reader->query("work.items", fields));
    if (found.empty()) return fail(ErrorCode::NotFound, "there is no such item");
    reads.push_back({item, CSL_TRY(found.front().id<PatientId>("patient_id"))});
    rows.push_back(std::move(found.front()));
  }
  CSL_TRY(ledger_->record(store_, access, project, reads, purpose_preview));
  json::array views;
  for (const storage::Row& row : rows) views.push_back(CSL_TRY(item_json(*reader, row)));
  return views;
}

Status Items::record_read(const Access& access, const ProjectId& project, const ItemId& item,
                          std::string_view purpose) const {
  CSL_TRY(open_for_reading(access, project, item, purpose));
  return {};
}

Result<ItemRow> Items::open_for_reading(const Access& access, const ProjectId& project,
                                        const ItemId& id, std::string_view purpose) const {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(store_.read());
  ItemRow item = CSL_TRY(storage::find_item(*reader, project, id));
  if (!sees_all(access, project) && item.state == "done") {
    // What a rater cannot label any more is not shown to them, unless it was theirs.
    const storage::Rows own = CSL_TRY(reader->query(
        "work.task_of_rater",
        Fields().set("item", id).set("stage", std::string("label")).set("rater", access.rater())));
    if (own.empty()) return fail(ErrorCode::NotFound, "there is no such item");
  }
  const ItemToRead read{item.id, item.patient};
  CSL_TRY(ledger_->record(store_, access, project, std::span(&read, 1), purpose));
  return item;
}

Result<json::object> Items::show(const Access& access, const ProjectId& project, const ItemId& id) {
  const ItemRow item = CSL_TRY(open_for_reading(access, project, id, purpose_labelling));
  json::object view = CSL_TRY(summary(access, project, id));
  const auto reader = CSL_TRY(store_.read());
  const storage::ProjectRow settings = CSL_TRY(storage::find_project(*reader, project));
  if (item.kind == "image") {
    view["source"] = CSL_TRY(image_source(*reader, item, settings.deid_at == "release"));
  } else if (item.kind == "text") {
    const storage::NoteRow note =
        CSL_TRY(storage::find_note(*reader, CSL_TRY(parse_id<NoteId>(item.source_id))));
    const json::value facts =
        CSL_TRY(parse_json(CSL_TRY(storage::opened(*reader, item.patient, note.sealed_facts))));
    const json::value* title = facts.as_object().if_contains("title");
    view["source"] = json::object{
        {"kind", "text"},
        {"notes",
         json::array{json::object{{"id", to_string(note.id)},
                                  {"date", note.date},
                                  {"title", title != nullptr ? *title : json::value(item.title)},
                                  {"length", note.length},
                                  {"sha256", facts.at("sha256")}}}}};
  } else {
    view["source"] = CSL_TRY(signal_source(*reader, item));
  }
  view["related"] = CSL_TRY(related_json(*reader, access, item));
  return view;
}

Result<FrameRange> Items::frames(const Access& access, const ProjectId& project, const ItemId& id,
                                 const SeriesId& series, std::uint32_t from, std::uint32_t count) {
  const ItemRow item = CSL_TRY(open_for_reading(access, project, id, purpose_labelling));
  const auto reader = CSL_TRY(store_.read());
  return frames_->volume(store_, *reader, item, series, from, count);
}

Result<FrameRange> Items::image(const Access& access, const ProjectId& project, const ItemId& id,
                                const SeriesId& series, std::uint32_t index) {
  const ItemRow item = CSL_TRY(open_for_reading(access, project, id, purpose_labelling));
  const auto reader = CSL_TRY(store_.read());
  return frames_->image(store_, *reader, item, series, index);
}

Result<Bytes> Items::thumbnail(const Access& access, const ProjectId& project, const ItemId& id,
                               const std::optional<SeriesId>& series) {
  const ItemRow item = CSL_TRY(open_for_reading(access, project, id, purpose_preview));
  const auto reader = CSL_TRY(store_.read());
  return frames_->thumbnail(store_, *reader, item, series);
}

Result<std::string> Items::note_text(const Access& access, const ProjectId& project,
                                     const ItemId& id, const NoteId& note_id) {
  const ItemRow item = CSL_TRY(open_for_reading(access, project, id, purpose_labelling));
  if (item.source_id != to_string(note_id)) {
    return fail(ErrorCode::NotFound, "the item has no such note");
  }
  const auto reader = CSL_TRY(store_.read());
  const storage::NoteRow note = CSL_TRY(storage::find_note(*reader, note_id));
  const Bytes bytes = CSL_TRY(store_.objects().get(note.patient, note.object));
  return std::string(text_of(bytes));
}

Result<Bytes> Items::signal_window(const Access& access, const ProjectId& project, const ItemId& id,
                                   const RecordingId& recording, const WindowQuery& query) {
  const ItemRow item = CSL_TRY(open_for_reading(access, project, id, purpose_labelling));
  if (item.source_id != to_string(recording)) {
    return fail(ErrorCode::NotFound, "the item has no such recording");
  }
  const auto opened = CSL_TRY(recordings_->open(store_, recording));
  return window_bytes(*opened, query);
}

Result<json::object> Items::signal_overview(const Access& access, const ProjectId& project,
                                            const ItemId& id, const RecordingId& recording,
                                            std::int64_t pixels) {
  const ItemRow item = CSL_TRY(open_for_reading(access, project, id, purpose_labelling));
  if (item.source_id != to_string(recording)) {
    return fail(ErrorCode::NotFound, "the item has no such recording");
  }
  const auto opened = CSL_TRY(recordings_->open(store_, recording));
  return overview_json(*opened, pixels);
}

}  // namespace consilium::service
