#include <boost/json.hpp>

#include "service/people/people.hpp"
#include "service/project/projects.hpp"
#include "transport/api/application.hpp"
#include "transport/api/handlers.hpp"
#include "transport/api/openapi.hpp"
#include "transport/api/version.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

using service::People;
using service::Projects;

json::array texts_json(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

// "Dr Mara Reed" -> "MR": the first letters of the last two words that are no title.
std::string initials_of(std::string_view display_name) {
  std::vector<std::string_view> words;
  while (!display_name.empty()) {
    const std::size_t blank = display_name.find(' ');
    const std::string_view word = display_name.substr(0, blank);
    if (!word.empty() && word != "Dr" && word != "Dr." && word != "Prof" && word != "Prof.") {
      words.push_back(word);
    }
    display_name.remove_prefix(blank == std::string_view::npos ? display_name.size() : blank + 1);
  }
  if (words.size() > 2) words.erase(words.begin(), words.end() - 2);
  std::string initials;
  for (const std::string_view word : words) {
    // A letter may be several bytes of UTF-8.
    std::size_t length = 1;
    while (length < word.size() && (static_cast<unsigned char>(word[length]) & 0xC0U) == 0x80U)
      ++length;
    initials += word.substr(0, length);
  }
  return initials;
}

Result<json::object> me_json(const service::Caller& caller, const Projects& projects) {
  json::array memberships;
  const json::object list = CSL_TRY(projects.list(caller.access));
  for (const json::value& project : list.at("items").as_array()) {
    const json::object& view = project.as_object();
    memberships.push_back(json::object{
        {"id", view.at("id")}, {"name", view.at("name")}, {"roles", view.at("my_roles")}});
  }
  return json::object{
      {"person", json::object{{"id", to_string(caller.access.person)},
                              {"name", caller.name},
                              {"display_name", caller.access.display_name},
                              {"initials", initials_of(caller.access.display_name)}}},
      {"roles", texts_json(caller.roles)},
      {"projects", std::move(memberships)},
      {"csrf_token", caller.csrf_token},
      {"sign_in_id", caller.access.sign_in}};
}

Result<http::Response> signed_in_response(const Result<service::SignedIn>& signed_in,
                                          const Projects& projects) {
  if (!signed_in) return std::unexpected(signed_in.error());
  http::Response response = json_response(CSL_TRY(me_json(signed_in->caller, projects)));
  set_session_cookie(response, signed_in->session_secret);
  return response;
}

json::object list_json(json::array items) {
  const auto total = items.size();
  return {{"items", std::move(items)}, {"next_cursor", nullptr}, {"total", total}};
}

json::object token_json(const storage::TokenRow& row) {
  return {
      {"id", to_string(row.id)},
      {"name", row.name},
      {"scopes", texts_json(row.scopes)},
      {"created_at", to_rfc3339(row.created_at)},
      {"expires_at", to_rfc3339(row.expires_at)},
      {"last_used_at", row.seen_at ? json::value(to_rfc3339(*row.seen_at)) : json::value(nullptr)}};
}

Result<http::Response> list_sign_ins(const Call& call, const People& people) {
  json::array items;
  for (const storage::SignInRow& row : CSL_TRY(people.sign_ins(call.access().person))) {
    items.push_back(json::object{{"id", to_string(row.id)},
                                 {"started_at", to_rfc3339(row.started_at)},
                                 {"last_seen_at", to_rfc3339(row.seen_at)},
                                 {"origin", row.origin},
                                 {"user_agent", row.user_agent},
                                 {"current", to_string(row.id) == call.access().sign_in}});
  }
  return json_response(list_json(std::move(items)));
}

Result<http::Response> list_tokens(const Call& call, const People& people) {
  json::array items;
  for (const storage::TokenRow& row : CSL_TRY(people.tokens(call.access().person)))
    items.push_back(token_json(row));
  return json_response(list_json(std::move(items)));
}

Result<http::Response> make_token(const Call& call, People& people) {
  const json::value* days = call.body->if_contains("days");
  constexpr std::int64_t days_default = 90;
  const auto made =
      CSL_TRY(people.make_token(call.access(), call.body_text("name"), call.body_texts("scopes"),
                                days == nullptr ? days_default : days->to_number<std::int64_t>()));
  json::object answer = token_json(made.row);
  answer["token"] = made.token;
  return json_response(answer, 201);
}

}  // namespace

void add_document_handlers(HandlerTable& handlers, const SchemaSet& schemas, const Policy& policy) {
  handlers.add("get_health", [](Call&) -> Result<http::Response> {
    return json_response(json::object{{"status", "ok"}, {"version", product_version}});
  });
  handlers.add("get_openapi",
               [document = openapi_document(schemas, policy, product_version)](
                   Call&) -> Result<http::Response> {
                 return binary_response(document, "application/json");
               });
}

void add_sign_in_handlers(HandlerTable& handlers, People& people, const Projects& projects) {
  handlers.add("sign_in", [&](Call& call) {
    return signed_in_response(
        people.sign_in(call.body_text("name"), call.body_text("password"), call.origin()),
        projects);
  });
  handlers.add("sign_out", [&](Call& call) -> Result<http::Response> {
    http::Response response = reply(people.sign_out(*call.caller));
    clear_session_cookie(response);
    return response;
  });
  handlers.add("get_link", [&](Call& call) -> Result<http::Response> {
    const People::LinkView view = CSL_TRY(people.link(call.value("token")));
    return json_response(json::object{
        {"purpose", view.purpose},
        {"person", json::object{{"name", view.name}, {"display_name", view.display_name}}},
        {"expires_at", to_rfc3339(view.expires_at)}});
  });
  handlers.add("use_link", [&](Call& call) {
    const std::string password = call.body_text("password");
    std::optional<std::string_view> given;
    if (call.body->contains("password")) given = password;
    return signed_in_response(people.use_link(call.value("token"), given, call.origin()), projects);
  });
  handlers.add("get_me", [&](Call& call) -> Result<http::Response> {
    return json_response(CSL_TRY(me_json(*call.caller, projects)));
  });
  handlers.add("list_my_sign_ins", [&](Call& call) { return list_sign_ins(call, people); });
  handlers.add("revoke_my_sign_in", [&](Call& call) -> Result<http::Response> {
    return reply(people.end_sign_in(call.access(), CSL_TRY(call.id<SignInId>("sign_in_id"))));
  });
  handlers.add("list_my_tokens", [&](Call& call) { return list_tokens(call, people); });
  handlers.add("create_my_token", [&](Call& call) { return make_token(call, people); });
  handlers.add("revoke_my_token", [&](Call& call) -> Result<http::Response> {
    return reply(people.revoke_token(call.access(), CSL_TRY(call.id<TokenId>("token_id"))));
  });
  handlers.add("change_my_password", [&](Call& call) -> Result<http::Response> {
    return reply(
        people.change_password(*call.caller, call.body_text("old"), call.body_text("new")));
  });
}

}  // namespace consilium::api
