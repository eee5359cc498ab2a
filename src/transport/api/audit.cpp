#include <boost/json.hpp>

#include "service/audit/audit_trail.hpp"
#include "storage/maintenance/audit_check.hpp"
#include "transport/api/handlers.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

// Hashes of passwords, sessions, links and tokens are in the log, and shown to nobody.
void hide_secrets(json::object& list) {
  json::value* items = list.if_contains("items");
  if (items == nullptr || !items->is_array()) return;
  for (json::value& item : items->get_array()) {
    json::value* fields = item.is_object() ? item.get_object().if_contains("fields") : nullptr;
    if (fields == nullptr || !fields->is_object()) continue;
    json::object open;
    for (const auto& member : fields->get_object()) {
      if (!member.key().starts_with("secret_")) open.emplace(member.key(), member.value());
    }
    *fields = std::move(open);
  }
}

Result<http::Response> list_events(const Call& call, const storage::Store& store) {
  const service::AuditQuery query{.cursor = call.text("cursor"),
                                  .limit = CSL_TRY(call.integer("limit", 50, 1, 500)),
                                  .project = CSL_TRY(call.optional_id<ProjectId>("project")),
                                  .item = CSL_TRY(call.optional_id<ItemId>("item")),
                                  .person = CSL_TRY(call.optional_id<PersonId>("person")),
                                  .type = call.text("type"),
                                  .from = call.text("from"),
                                  .to = call.text("to")};
  if (!query.project && !call.access().is_compliance) {
    return fail(ErrorCode::InvalidInput, "a lead sees the log of one project at a time",
                "query project", "name the project");
  }
  json::object list = CSL_TRY(service::audit_events(store, call.access(), query));
  hide_secrets(list);
  return json_response(list);
}

json::value head_json(const storage::AuditReport& report) {
  if (!report.newest_head) return nullptr;
  return json::object{{"size", report.newest_head->tree_size},
                      {"root", to_hex(report.newest_head->root)},
                      {"signature", to_hex(report.newest_signature)},
                      {"signed_at", to_rfc3339(report.newest_head->at)}};
}

Result<http::Response> verify(const std::filesystem::path& folder, const Clock& clock) {
  const storage::AuditReport report = CSL_TRY(storage::audit_verify(folder));
  json::object answer{{"ok", report.holds},
                      {"events", report.event_count},
                      {"head", head_json(report)},
                      {"checked_at", to_rfc3339(clock.now())},
                      {"problem", nullptr}};
  if (!report.problem.empty()) answer["problem"] = report.problem;
  return json_response(answer);
}

// The newest ones; all of them are in the log's export.
Result<http::Response> list_heads(const Call& call, const storage::Store& store) {
  const std::int64_t limit = CSL_TRY(call.integer("limit", 50, 1, 500));
  const auto reader = CSL_TRY(store.read());
  const storage::Rows rows =
      CSL_TRY(reader->query("core.newest_heads", storage::Fields().set("limit", limit)));
  json::array items;
  for (const storage::Row& row : rows) {
    items.push_back(json::object{{"size", row.integer("tree_size")},
                                 {"root", to_hex(row.bytes("root"))},
                                 {"signature", to_hex(row.bytes("signature"))},
                                 {"signed_at", to_rfc3339(Timestamp{row.integer("at")})}});
  }
  return json_response(json::object{{"items", std::move(items)}, {"next_cursor", nullptr}});
}

}  // namespace

void add_audit_handlers(HandlerTable& handlers, const storage::Store& store, const Clock& clock,
                        std::filesystem::path folder) {
  handlers.add("list_audit_events", [&](Call& call) { return list_events(call, store); });
  handlers.add("list_audit_heads", [&](Call& call) { return list_heads(call, store); });
  handlers.add("verify_audit",
               [folder = std::move(folder), &clock](Call&) { return verify(folder, clock); });
}

}  // namespace consilium::api
