#include "transport/api/route_areas.hpp"

namespace consilium::api {

std::vector<Parameter> page_parameters() {
  return {{"cursor", "string", "The next_cursor of the page before"},
          {"limit", "integer", "At most so many; 50 when left out"}};
}

std::vector<Parameter> both(std::vector<Parameter> first, const std::vector<Parameter>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::span<const Route> route_table() {
  static const std::vector<Route> table = [] {
    std::vector<Route> all;
    for (const auto part :
         {sign_in_routes, people_routes, projects_routes, items_routes, tasks_routes,
          annotations_routes, masks_routes, imports_routes, exports_routes, panel_routes,
          review_routes, dicomweb_routes, audit_routes, events_routes, terminology_routes,
          note_tools_routes, signals_routes}) {
      for (Route& route : part()) all.push_back(std::move(route));
    }
    return all;
  }();
  return table;
}

}  // namespace consilium::api
