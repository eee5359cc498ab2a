#include "transport/api/route_areas.hpp"

namespace consilium::api {

using http::Method;

std::vector<Route> panel_routes() {
  return {
      {.method = Method::Get,
       .path = CSL_PROJECT "/panel",
       .operation = "get_panel",
       .tag = "panel",
       .summary = "How raters agree, who is how reliable, what is doubtful and what is left to do",
       .purpose = "panel",
       .response = "Panel",
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_PROJECT "/panel/votes.csv",
       .operation = "get_panel_votes",
       .tag = "panel",
       .summary =
           "Votes of one unit, or what was adjudicated, as consilium agree and panel read them",
       .purpose = "export",
       .media = "text/csv",
       .query = {{"unit", "string", "An id of the panel's units", {}, true},
                 {"what", "string", "votes when left out; truths: item,label", "votes|truths"}},
       .scope = "export"},
  };
}

}  // namespace consilium::api
