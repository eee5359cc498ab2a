#include "service/project/projects.hpp"

#include <boost/json.hpp>

#include "service/assignment/assignment.hpp"
#include "service/overview/overview.hpp"
#include "service/people/people.hpp"
#include "transport/api/handlers.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

using service::Projects;

Result<http::Response> put_project(const Call& call, Projects& projects) {
  const service::ProjectSettings settings{
      .name = call.body_text("name"),
      .description = call.body_text("description"),
      .deid_at = call.body_text("deid_at"),
      .readers_per_item = call.body->at("readers_per_item").to_number<std::int64_t>()};
  return reply(projects.put(call.access(), CSL_TRY(call.id<ProjectId>("project_id")), settings,
                            CSL_TRY(call.if_match())));
}

Result<http::Response> put_member(const Call& call, Projects& projects,
                                  const service::People& people) {
  const auto person = CSL_TRY(people.find(CSL_TRY(call.id<PersonId>("person_id"))));
  return reply(projects.put_member(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                                   person.id, person.display_name,
                                   CSL_TRY(service::Roles::of(call.body_texts("roles")))));
}

// Lists of the project services come whole.
http::Response list_reply(Result<json::object> list) {
  if (list && !list->contains("next_cursor")) (*list)["next_cursor"] = nullptr;
  return reply(list);
}

}  // namespace

void add_project_handlers(HandlerTable& handlers, Projects& projects, service::People& people,
                          service::Assignment& assignment, const storage::Store& store,
                          const Clock& clock) {
  handlers.add("list_projects", [&](Call& call) -> Result<http::Response> {
    return list_reply(projects.list(call.access()));
  });
  handlers.add("get_project", [&](Call& call) -> Result<http::Response> {
    return reply(projects.show(call.access(), CSL_TRY(call.id<ProjectId>("project_id"))));
  });
  handlers.add("put_project", [&](Call& call) { return put_project(call, projects); });
  handlers.add("list_members", [&](Call& call) -> Result<http::Response> {
    return list_reply(projects.members(call.access(), CSL_TRY(call.id<ProjectId>("project_id"))));
  });
  handlers.add("put_member", [&](Call& call) { return put_member(call, projects, people); });
  handlers.add("delete_member", [&](Call& call) -> Result<http::Response> {
    return reply(projects.remove_member(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                                        CSL_TRY(call.id<PersonId>("person_id"))));
  });
  handlers.add("get_protocol", [&](Call& call) -> Result<http::Response> {
    return reply(projects.protocol(call.access(), CSL_TRY(call.id<ProjectId>("project_id"))));
  });
  handlers.add("put_protocol", [&](Call& call) -> Result<http::Response> {
    return reply(projects.put_protocol(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                                       call.body_text("yaml")));
  });
  handlers.add("list_protocol_versions", [&](Call& call) -> Result<http::Response> {
    return list_reply(
        projects.protocol_versions(call.access(), CSL_TRY(call.id<ProjectId>("project_id"))));
  });
  handlers.add("get_statistics", [&](Call& call) -> Result<http::Response> {
    return reply(service::project_statistics(store, clock, call.access(),
                                             CSL_TRY(call.id<ProjectId>("project_id"))));
  });
  handlers.add("list_questions", [&](Call& call) -> Result<http::Response> {
    return list_reply(
        assignment.questions(call.access(), CSL_TRY(call.id<ProjectId>("project_id"))));
  });
  handlers.add("put_question", [&](Call& call) -> Result<http::Response> {
    return reply(assignment.ask(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                                CSL_TRY(call.id<ItemId>("item_id")),
                                CSL_TRY(call.id<QuestionId>("question_id")),
                                call.body_text("text")));
  });
  handlers.add("put_answer", [&](Call& call) -> Result<http::Response> {
    return reply(assignment.answer(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                                   CSL_TRY(call.id<ItemId>("item_id")),
                                   CSL_TRY(call.id<QuestionId>("question_id")),
                                   call.body_text("text")));
  });
}

}  // namespace consilium::api
