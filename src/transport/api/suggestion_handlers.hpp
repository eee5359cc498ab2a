// What tools have said of an item: list_suggestions and take_suggestion.
#pragma once

#include "transport/api/reply.hpp"

namespace consilium::service {
class Suggestions;
}

namespace consilium::api {

void add_suggestion_handlers(HandlerTable& handlers, service::Suggestions& suggestions);

}  // namespace consilium::api
