#include "service/panel/panel.hpp"

#include <boost/json.hpp>

#include "transport/api/handlers.hpp"

namespace consilium::api {

void add_panel_handlers(HandlerTable& handlers, service::Panels& panels) {
  handlers.add("get_panel", [&](Call& call) -> Result<http::Response> {
    return reply(panels.show(call.access(), CSL_TRY(call.id<ProjectId>("project_id"))));
  });
  handlers.add("get_panel_votes", [&](Call& call) -> Result<http::Response> {
    const auto what =
        call.text("what") == "truths" ? service::VotesTable::Truths : service::VotesTable::Votes;
    http::Response response = binary_response(
        CSL_TRY(panels.table(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                             call.text("unit"), what)),
        "text/csv");
    response.with("Content-Disposition", "attachment; filename=\"votes.csv\"");
    return response;
  });
}

}  // namespace consilium::api
