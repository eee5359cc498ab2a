#include "service/people/people.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "service/project/projects.hpp"
#include "transport/api/handlers.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

using service::People;
using service::Projects;

json::object person_json(const storage::PersonRow& person) {
  json::array roles;
  for (const std::string& role : person.roles) roles.emplace_back(role);
  return {{"id", to_string(person.id)},
          {"name", person.name},
          {"display_name", person.display_name},
          {"roles", std::move(roles)},
          {"state", person.state},
          {"created_at", to_rfc3339(person.created_at)},
          {"last_seen_at",
           person.seen_at ? json::value(to_rfc3339(*person.seen_at)) : json::value(nullptr)}};
}

json::object link_json(const Call& call, const service::OneTimeLink& link) {
  return {{"url", fmt::format("{}://{}/sign-in?link={}", call.request.secure ? "https" : "http",
                              call.request.header("host"), link.secret)},
          {"expires_at", to_rfc3339(link.expires_at)}};
}

// The members of the projects that the caller leads, as id texts.
Result<std::set<std::string>> people_of_led_projects(const service::Access& access,
                                                     const Projects& projects) {
  std::set<std::string> ids;
  for (const auto& [project, roles] : access.projects) {
    if (!roles.has(service::Role::Lead)) continue;
    const json::object members = CSL_TRY(projects.members(access, project));
    for (const json::value& member : members.at("items").as_array()) {
      ids.emplace(member.as_object().at("person_id").as_string());
    }
  }
  return ids;
}

Result<http::Response> list_people(const Call& call, const People& people,
                                   const Projects& projects) {
  std::optional<std::set<std::string>> visible;
  if (!call.access().is_administrator)
    visible = CSL_TRY(people_of_led_projects(call.access(), projects));
  const std::int64_t limit = CSL_TRY(call.integer("limit", 500, 1, 500));
  // The cursor is the name after which to go on.
  const std::string after = call.text("cursor");
  json::array items;
  json::value next = nullptr;
  std::int64_t total = 0;
  std::string last_name;
  for (const storage::PersonRow& person : CSL_TRY(people.list())) {
    if (visible && !visible->contains(to_string(person.id))) continue;
    ++total;
    if (!after.empty() && person.name <= after) continue;
    if (static_cast<std::int64_t>(items.size()) == limit) {
      next = json::value(last_name);
      continue;
    }
    last_name = person.name;
    items.push_back(person_json(person));
  }
  return json_response(
      json::object{{"items", std::move(items)}, {"next_cursor", next}, {"total", total}});
}

Result<http::Response> put_person(const Call& call, People& people) {
  const auto put = CSL_TRY(people.put(call.access(), CSL_TRY(call.id<PersonId>("person_id")),
                                      {.name = call.body_text("name"),
                                       .display_name = call.body_text("display_name"),
                                       .roles = call.body_texts("roles")}));
  json::object answer{{"person", person_json(put.person)}};
  if (put.link) answer["link"] = link_json(call, *put.link);
  return json_response(answer, put.link ? 201 : 200);
}

Result<http::Response> person_response(const Result<storage::PersonRow>& person) {
  if (!person) return std::unexpected(person.error());
  return json_response(json::object{{"person", person_json(*person)}});
}

}  // namespace

void add_people_handlers(HandlerTable& handlers, People& people, const Projects& projects) {
  handlers.add("list_people", [&](Call& call) { return list_people(call, people, projects); });
  handlers.add("put_person", [&](Call& call) { return put_person(call, people); });
  handlers.add("reset_person", [&](Call& call) -> Result<http::Response> {
    const auto link =
        CSL_TRY(people.make_link(call.access(), CSL_TRY(call.id<PersonId>("person_id")), "reset"));
    return json_response(json::object{{"link", link_json(call, link)}});
  });
  handlers.add("disable_person", [&](Call& call) -> Result<http::Response> {
    return person_response(people.disable(call.access(), CSL_TRY(call.id<PersonId>("person_id"))));
  });
  handlers.add("enable_person", [&](Call& call) -> Result<http::Response> {
    return person_response(people.enable(call.access(), CSL_TRY(call.id<PersonId>("person_id"))));
  });
}

}  // namespace consilium::api
