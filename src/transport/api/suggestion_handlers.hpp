// What tools have said of an item (list_suggestions, take_suggestion), what labels a project's
// notes before people do (note_tools) and what a rater marked to be found again (alike).
#pragma once

#include "transport/api/reply.hpp"

namespace consilium::service {
class Alike;
class NoteTools;
class Suggestions;
}  // namespace consilium::service

namespace consilium::api {

void add_suggestion_handlers(HandlerTable& handlers, service::Suggestions& suggestions);

void add_note_tool_handlers(HandlerTable& handlers, service::NoteTools& tools,
                            service::Alike& alike);

}  // namespace consilium::api
