#include <boost/json.hpp>

#include "service/assignment/assignment.hpp"
#include "service/note_tools/note_tools.hpp"
#include "service/panel/panel.hpp"
#include "service/signal_tagging/signal_tagging.hpp"
#include "service/tagging/tagging.hpp"
#include "transport/api/handlers.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

using service::Assignment;

struct TaskPlace {
  ProjectId project;
  TaskId task;
};

Result<TaskPlace> place_of(const Call& call) {
  return TaskPlace{CSL_TRY(call.id<ProjectId>("project_id")), CSL_TRY(call.id<TaskId>("task_id"))};
}

Result<http::Response> take_next(const Call& call, Assignment& assignment) {
  std::optional<ItemId> after;
  if (const std::string text = call.body_text("after"); !text.empty())
    after = CSL_TRY(parse_id<ItemId>(text));
  const json::value* peek = call.body->if_contains("peek");
  const auto next =
      CSL_TRY(assignment.next(call.access(), CSL_TRY(call.id<ProjectId>("project_id")), after,
                              peek != nullptr && peek->is_bool() && peek->get_bool()));
  if (!next) return reply(Status{});
  return json_response(*next);
}

Result<http::Response> submit(const Call& call, Assignment& assignment, service::Panels& panels,
                              service::Tagging& tagging, service::SignalTagging& signal_tagging,
                              service::NoteTools& note_tools) {
  const TaskPlace place = CSL_TRY(place_of(call));
  std::optional<double> duration_s;
  if (const json::value* given = call.body->if_contains("duration_s"))
    duration_s = given->to_number<double>();
  const auto submitted = assignment.submit(call.access(), place.project, place.task, duration_s);
  if (submitted) {
    panels.follow(place.project);
    tagging.follow(call.access(), place.project);
    signal_tagging.follow(call.access(), place.project);
    note_tools.follow_submission(call.access(), place.project);
  }
  return reply(submitted);
}

}  // namespace

void add_task_handlers(HandlerTable& handlers, Assignment& assignment, service::Panels& panels,
                       service::Tagging& tagging, service::SignalTagging& signal_tagging,
                       service::NoteTools& note_tools) {
  handlers.add("take_next_task", [&](Call& call) { return take_next(call, assignment); });
  handlers.add("take_task", [&](Call& call) -> Result<http::Response> {
    return reply(assignment.take(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                                 CSL_TRY(call.id<ItemId>("item_id"))));
  });
  handlers.add("heartbeat_task", [&](Call& call) -> Result<http::Response> {
    const TaskPlace place = CSL_TRY(place_of(call));
    return reply(assignment.heartbeat(call.access(), place.project, place.task));
  });
  handlers.add("submit_task", [&](Call& call) {
    return submit(call, assignment, panels, tagging, signal_tagging, note_tools);
  });
  handlers.add("release_task", [&](Call& call) -> Result<http::Response> {
    const TaskPlace place = CSL_TRY(place_of(call));
    return reply(assignment.release(call.access(), place.project, place.task));
  });
  handlers.add("skip_task", [&](Call& call) -> Result<http::Response> {
    const TaskPlace place = CSL_TRY(place_of(call));
    return reply(
        assignment.skip(call.access(), place.project, place.task, call.body_text("reason")));
  });
  handlers.add("reopen_task", [&](Call& call) -> Result<http::Response> {
    const TaskPlace place = CSL_TRY(place_of(call));
    return reply(
        assignment.reopen(call.access(), place.project, place.task, call.body_text("reason")));
  });
  handlers.add("assign_tasks", [&](Call& call) -> Result<http::Response> {
    return reply_rows(assignment.assign(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                                        CSL_TRY(call.body_ids<ItemId>("item_ids")),
                                        CSL_TRY(call.body_ids<PersonId>("person_ids"))));
  });
}

}  // namespace consilium::api
