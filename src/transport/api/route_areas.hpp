// The parts of the route table, one for each tag.
#pragma once

#include <vector>

#include "transport/api/route.hpp"

// Literals must join at compile time, so that a route's path is one string.
#define CSL_PROJECT "/api/v1/projects/{project_id}"
#define CSL_ITEM CSL_PROJECT "/items/{item_id}"

namespace consilium::api {

[[nodiscard]] std::vector<Route> sign_in_routes();
[[nodiscard]] std::vector<Route> people_routes();
[[nodiscard]] std::vector<Route> projects_routes();
[[nodiscard]] std::vector<Route> items_routes();
[[nodiscard]] std::vector<Route> tasks_routes();
[[nodiscard]] std::vector<Route> annotations_routes();
[[nodiscard]] std::vector<Route> masks_routes();
[[nodiscard]] std::vector<Route> review_routes();
[[nodiscard]] std::vector<Route> imports_routes();
[[nodiscard]] std::vector<Route> dicomweb_routes();
[[nodiscard]] std::vector<Route> exports_routes();
[[nodiscard]] std::vector<Route> panel_routes();
[[nodiscard]] std::vector<Route> audit_routes();
[[nodiscard]] std::vector<Route> events_routes();
[[nodiscard]] std::vector<Route> terminology_routes();
[[nodiscard]] std::vector<Route> note_tools_routes();
[[nodiscard]] std::vector<Route> signals_routes();

[[nodiscard]] std::vector<Parameter> page_parameters();
[[nodiscard]] std::vector<Parameter> both(std::vector<Parameter> first,
                                          const std::vector<Parameter>& second);

}  // namespace consilium::api
