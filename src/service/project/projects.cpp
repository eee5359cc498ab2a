#include "service/project/projects.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/bytes.hpp"
#include "base/canonical_json.hpp"
#include "format/protocol/protocol_yaml.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::EventDraft;
using storage::Fields;
using storage::ProjectRow;
using storage::Transaction;

namespace {

// Administrators handle projects and members without seeing a case.
Status require_or_administrator(const Access& access, const ProjectId& project, Roles wanted) {
  if (access.is_administrator) return {};
  return require(access, project, wanted);
}

json::array names_json(Roles roles) {
  json::array names;
  for (const std::string& name : roles.names()) names.emplace_back(name);
  return names;
}

// "my_open": begun, handed to this rater by the lead, or free for them to take.
Result<json::object> progress_json(const storage::Reader& reader, const Access& access,
                                   const ProjectId& project, const storage::Row& counts,
                                   Timestamp now) {
  const storage::Rows mine = CSL_TRY(reader.query(
      "work.progress_of_rater", Fields().set("project", project).set("rater", access.rater())));
  std::int64_t my_open = mine.front().integer("begun");
  if (roles_in(access, project).has(Role::Rater)) {
    const storage::Rows takeable = CSL_TRY(reader.query(
        "work.takeable_count",
        Fields().set("project", project).set("rater", access.rater()).set("now", now.ms)));
    my_open += takeable.front().integer("count");
  }
  const std::int64_t items = counts.integer("items");
  const std::int64_t done = counts.integer("done");
  return json::object{{"items", items},
                      {"done", done},
                      {"open", items - done},
                      {"my_done", mine.front().integer("submitted")},
                      {"my_open", my_open}};
}

Result<json::object> project_json(const storage::Reader& reader, const Access& access,
                                  const ProjectRow& row, Timestamp now) {
  const storage::Rows counts =
      CSL_TRY(reader.query("catalog.project_counts", Fields().set("project", row.id)));
  const storage::Row& count = counts.front();
  json::object view{{"id", to_string(row.id)},
                    {"name", row.name},
                    {"description", row.description},
                    {"kind_counts", json::object{{"image", count.integer("image")},
                                                 {"text", count.integer("text")},
                                                 {"signal", count.integer("signal")}}},
                    {"item_unit", row.item_unit},
                    {"deid_at", row.deid_at},
                    {"readers_per_item", row.readers_per_item},
                    {"protocol", nullptr},
                    {"revision", row.revision},
                    {"created_at", to_rfc3339(row.created_at)},
                    {"my_roles", names_json(roles_in(access, row.id))},
                    {"progress", CSL_TRY(progress_json(reader, access, row.id, count, now))}};
  if (!row.protocol_hash.empty()) {
    view["protocol"] = json::object{{"id", row.protocol_id},
                                    {"version", row.protocol_version},
                                    {"title", row.protocol_title},
                                    {"hash", row.protocol_hash}};
  }
  return view;
}

Status check_settings(const ProjectSettings& settings) {
  if (settings.name.empty() || settings.name.size() > 200) {
    return fail(ErrorCode::InvalidInput, "a project needs a name of at most 200 characters",
                "name");
  }
  if (settings.deid_at != "import" && settings.deid_at != "release") {
    return fail(ErrorCode::InvalidInput, "de-identification happens at import or at release",
                "deid_at", "send \"import\" or \"release\"");
  }
  if (settings.readers_per_item < 1 || settings.readers_per_item > 99) {
    return fail(ErrorCode::InvalidInput, "an item has 1 to 99 readers", "readers_per_item");
  }
  return {};
}

bool is_same(const ProjectRow& row, const ProjectSettings& settings) {
  return row.name == settings.name && row.description == settings.description &&
         row.deid_at == settings.deid_at && row.readers_per_item == settings.readers_per_item;
}

Fields fields_of(const ProjectSettings& settings) {
  return Fields()
      .set("name", settings.name)
      .set("description", settings.description)
      .set("deid_at", settings.deid_at)
      .set("readers_per_item", settings.readers_per_item);
}

EventDraft project_event(std::string type, const ProjectId& project, Fields fields) {
  return {.type = std::move(type),
          .project = project,
          .item = std::nullopt,
          .patient = std::nullopt,
          .fields = std::move(fields)};
}

}  // namespace

Result<json::object> Projects::list(const Access& access) const {
  const auto reader = CSL_TRY(store_.read());
  json::array items;
  for (const ProjectRow& row : CSL_TRY(storage::all_projects(*reader))) {
    if (!access.is_administrator && roles_in(access, row.id).empty()) continue;
    items.push_back(CSL_TRY(project_json(*reader, access, row, clock_.now())));
  }
  const auto total = static_cast<std::int64_t>(items.size());
  return json::object{{"items", std::move(items)}, {"next_cursor", nullptr}, {"total", total}};
}

Result<json::object> Projects::show(const Access& access, const ProjectId& id) const {
  CSL_TRY(require_or_administrator(access, id, any_role));
  const auto reader = CSL_TRY(store_.read());
  return project_json(*reader, access, CSL_TRY(storage::find_project(*reader, id)), clock_.now());
}

Answer<json::object> Projects::put(const Access& access, const ProjectId& id,
                                   const ProjectSettings& settings,
                                   std::optional<std::int64_t> if_match) {
  CSL_TRY(check_settings(settings));
  bool has_lost = false;
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const auto stored = storage::find_project(transaction, id);
    if (!stored) {
      if (stored.error().code != ErrorCode::NotFound) return std::unexpected(stored.error());
      if (!access.is_administrator && !access.is_operator) {
        return fail(ErrorCode::Forbidden, "only administrators make projects", "",
                    "ask an administrator");
      }
      return transaction.append(project_event("project.added", id, fields_of(settings)));
    }
    CSL_TRY(require_or_administrator(access, id, Roles{Role::Lead}));
    if (is_same(*stored, settings)) return {};
    if (if_match != stored->revision) {
      has_lost = true;
      return {};
    }
    return transaction.append(project_event("project.changed", id, fields_of(settings)));
  }));
  const auto reader = CSL_TRY(store_.read());
  json::object view = CSL_TRY(
      project_json(*reader, access, CSL_TRY(storage::find_project(*reader, id)), clock_.now()));
  if (has_lost) return lost_race(json::serialize(view));
  return view;
}

namespace {

Result<json::object> member_json(const storage::Row& row, const std::string& person) {
  return json::object{{"person_id", person},
                      {"display_name", row.text("display_name")},
                      {"roles", CSL_TRY(parse_json(row.text("roles")))}};
}

}  // namespace

Result<json::object> Projects::members(const Access& access, const ProjectId& id) const {
  CSL_TRY(require_or_administrator(access, id, Roles{Role::Lead}));
  const auto reader = CSL_TRY(store_.read());
  json::array items;
  for (const storage::Row& row :
       CSL_TRY(reader->query("catalog.members", Fields().set("project", id)))) {
    items.push_back(CSL_TRY(member_json(row, row.text("person_id"))));
  }
  return json::object{{"items", std::move(items)}, {"next_cursor", nullptr}};
}

Result<json::object> Projects::put_member(const Access& access, const ProjectId& id,
                                          const PersonId& person, std::string_view display_name,
                                          Roles roles) {
  CSL_TRY(require_or_administrator(access, id, Roles{Role::Lead}));
  if (roles.empty()) {
    return fail(ErrorCode::InvalidInput, "a member needs a role", "roles",
                "delete the member instead");
  }
  const std::string roles_json = json::serialize(names_json(roles));
  const Fields key = Fields().set("project", id).set("member", person);
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    CSL_TRY(storage::find_project(transaction, id));
    const storage::Rows rows = CSL_TRY(transaction.query("catalog.member", key));
    if (!rows.empty() && rows.front().text("roles") == roles_json &&
        rows.front().text("display_name") == display_name) {
      return {};
    }
    Fields fields;
    fields.set("member", person)
        .set("display_name", std::string(display_name))
        .set("roles", storage::JsonText{roles_json});
    return transaction.append(project_event("member.set", id, std::move(fields)));
  }));
  const auto reader = CSL_TRY(store_.read());
  const storage::Rows rows = CSL_TRY(reader->query("catalog.member", key));
  if (rows.empty()) return fail(ErrorCode::NotFound, "there is no such member");
  return member_json(rows.front(), to_string(person));
}

Status Projects::remove_member(const Access& access, const ProjectId& id, const PersonId& person) {
  CSL_TRY(require_or_administrator(access, id, Roles{Role::Lead}));
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const storage::Rows rows = CSL_TRY(
        transaction.query("catalog.member", Fields().set("project", id).set("member", person)));
    if (rows.empty()) return {};
    return transaction.append(project_event("member.removed", id, Fields().set("member", person)));
  }));
  return {};
}

Result<json::object> Projects::protocol(const Access& access, const ProjectId& id) const {
  CSL_TRY(require_or_administrator(access, id, any_role));
  const auto reader = CSL_TRY(store_.read());
  const ProjectRow project = CSL_TRY(storage::find_project(*reader, id));
  if (project.protocol_hash.empty()) {
    return fail(ErrorCode::NotFound, "the project has no protocol yet", "",
                "the lead sets one on the project's page");
  }
  const storage::Rows rows =
      CSL_TRY(reader->query("catalog.protocol", {{"hash", project.protocol_hash}}));
  const storage::Row& row = rows.front();
  const auto protocol = read_protocol(CSL_TRY(parse_json(row.text("document"))));
  if (!protocol) return fail(ErrorCode::Internal, "a stored protocol does not read any more");
  return json::object{{"protocol", protocol_json(*protocol)},
                      {"yaml", row.text("yaml")},
                      {"hash", project.protocol_hash},
                      {"version", row.text("version")}};
}

Answer<json::object> Projects::put_protocol(const Access& access, const ProjectId& id,
                                            std::string_view yaml) {
  CSL_TRY(require(access, id, Roles{Role::Lead}));
  const auto parsed = parse_protocol(yaml);
  if (!parsed) {
    std::vector<Violation> violations;
    for (const ProtocolRemark& remark : parsed.error()) {
      violations.push_back({.path = remark.path,
                            .what = "line " + std::to_string(remark.position.line) + ", column " +
                                    std::to_string(remark.position.column) + ": " + remark.what,
                            .remedy = remark.remedy});
    }
    return refuse(std::move(violations));
  }
  const std::string hash = to_hex(parsed->content_hash);
  const std::string version = to_string(parsed->version);
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const ProjectRow project = CSL_TRY(storage::find_project(transaction, id));
    if (project.protocol_hash == hash) return {};
    const storage::Rows same = CSL_TRY(transaction.query(
        "catalog.protocol_of_version",
        Fields().set("project", id).set("protocol", parsed->id).set("version", version)));
    if (!same.empty() && same.front().text("hash") != hash) {
      return fail(ErrorCode::Conflict, "another protocol was set under this version", "/version",
                  "raise the version");
    }
    Fields fields;
    fields.set("hash", hash)
        .set("protocol", parsed->id)
        .set("version", version)
        .set("title", parsed->title)
        .set("item_unit", std::string(name_of(parsed->item_unit)))
        .set("yaml", std::string(yaml))
        .set("document", parsed->document);
    return transaction.append(project_event("protocol.set", id, std::move(fields)));
  }));
  return CSL_TRY(protocol(access, id));
}

Result<json::object> Projects::protocol_versions(const Access& access, const ProjectId& id) const {
  CSL_TRY(require_or_administrator(access, id, any_role));
  const auto reader = CSL_TRY(store_.read());
  json::array items;
  for (const storage::Row& row :
       CSL_TRY(reader->query("catalog.protocol_versions", Fields().set("project", id)))) {
    items.push_back(json::object{{"id", row.text("protocol_id")},
                                 {"version", row.text("version")},
                                 {"title", row.text("title")},
                                 {"hash", row.text("hash")},
                                 {"created_at", to_rfc3339({row.integer("set_at")})},
                                 {"set_by", row.text("set_by")}});
  }
  return json::object{{"items", std::move(items)}, {"next_cursor", nullptr}};
}

}  // namespace consilium::service
