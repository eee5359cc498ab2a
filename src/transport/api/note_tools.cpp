#include "service/note_tools/note_tools.hpp"

#include <boost/json.hpp>

#include "service/note_tools/alike.hpp"
#include "transport/api/suggestion_handlers.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

Result<http::Response> put_tool(const Call& call, service::NoteTools& tools) {
  const auto kind = service::note_tool_kind_named(call.body_text("kind"));
  if (!kind) return fail(ErrorCode::InvalidInput, "there is no such kind of tool", "/kind");
  service::NoteToolDraft draft{.kind = *kind,
                               .name = call.body_text("name"),
                               .is_on = call.body->at("is_on").as_bool(),
                               .text = call.body_text("text"),
                               .label = call.body_text("label"),
                               .system = call.body_text("system"),
                               .version = call.body_text("version"),
                               .within = call.body_text("within"),
                               .assertions = {}};
  if (const json::value* said = call.body->if_contains("assertions")) {
    for (const auto& [word, choice] : said->as_object()) {
      if (!choice.is_string()) {
        return fail(ErrorCode::InvalidInput, "a choice is text", "/assertions/" + std::string(word),
                    "write \"ATTRIBUTE=CHOICE\"");
      }
      draft.assertions.emplace(word, choice.as_string());
    }
  }
  return reply(tools.put(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                         CSL_TRY(call.id<storage::NoteToolId>("tool_id")), draft,
                         CSL_TRY(call.if_match())));
}

}  // namespace

void add_note_tool_handlers(HandlerTable& handlers, service::NoteTools& tools,
                            service::Alike& alike) {
  handlers.add("list_note_tools", [&](Call& call) -> Result<http::Response> {
    return reply(tools.list(call.access(), CSL_TRY(call.id<ProjectId>("project_id"))));
  });
  handlers.add("get_note_tool", [&](Call& call) -> Result<http::Response> {
    return reply(tools.show(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                            CSL_TRY(call.id<storage::NoteToolId>("tool_id"))));
  });
  handlers.add("put_note_tool", [&](Call& call) { return put_tool(call, tools); });
  handlers.add("remove_note_tool", [&](Call& call) -> Result<http::Response> {
    return reply(tools.remove(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                              CSL_TRY(call.id<storage::NoteToolId>("tool_id"))));
  });
  handlers.add("list_alike", [&](Call& call) -> Result<http::Response> {
    return reply(alike.list(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                            CSL_TRY(call.id<ItemId>("item_id"))));
  });
  handlers.add("mark_alike", [&](Call& call) -> Result<http::Response> {
    return reply(alike.mark(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                            CSL_TRY(call.id<ItemId>("item_id")),
                            CSL_TRY(parse_id<AnnotationId>(call.body_text("annotation_id")))));
  });
  handlers.add("unmark_alike", [&](Call& call) -> Result<http::Response> {
    return reply(alike.unmark(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                              CSL_TRY(call.id<ItemId>("item_id")),
                              CSL_TRY(call.id<AnnotationId>("annotation_id"))));
  });
}

}  // namespace consilium::api
