#include "service/prelabel/suggestions.hpp"

#include <boost/json.hpp>

#include "transport/api/suggestion_handlers.hpp"

namespace consilium::api {

void add_suggestion_handlers(HandlerTable& handlers, service::Suggestions& suggestions) {
  handlers.add("list_suggestions", [&](Call& call) -> Result<http::Response> {
    return reply(suggestions.list(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                                  CSL_TRY(call.id<ItemId>("item_id"))));
  });
  handlers.add("list_suggested_labels", [&](Call& call) -> Result<http::Response> {
    return reply(suggestions.labels(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                                    CSL_TRY(call.id<ItemId>("item_id")),
                                    CSL_TRY(call.id<RaterId>("rater_id"))));
  });
  handlers.add("take_suggestion", [&](Call& call) -> Result<http::Response> {
    return reply(suggestions.take(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                                  CSL_TRY(call.id<ItemId>("item_id")),
                                  CSL_TRY(call.id<RaterId>("rater_id"))));
  });
}

}  // namespace consilium::api
