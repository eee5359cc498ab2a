#include "service/intake/imports.hpp"

#include <boost/json.hpp>

#include "transport/api/handlers.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

using service::Imports;

struct Place {
  ProjectId project;
  ImportId import;
};

Result<Place> place_of(const Call& call) {
  return Place{CSL_TRY(call.id<ProjectId>("project_id")), CSL_TRY(call.id<ImportId>("import_id"))};
}

std::int64_t file_number_of(const Call& call) {
  return static_cast<std::int64_t>(std::stoll(std::string(call.value("file_number"))));
}

Result<http::Response> put_file(Call& call, Imports& imports) {
  const Place place = CSL_TRY(place_of(call));
  http::BodyReader& body = *call.request.stream;
  return reply(imports.receive(call.access(), place.project, place.import, file_number_of(call),
                               call.text("path"),
                               [&body](std::span<std::byte> out) { return body.read(out); }));
}

}  // namespace

void add_import_handlers(HandlerTable& handlers, Imports& imports) {
  handlers.add("list_imports", [&](Call& call) -> Result<http::Response> {
    json::object list =
        CSL_TRY(imports.list(call.access(), CSL_TRY(call.id<ProjectId>("project_id"))));
    if (!list.contains("next_cursor")) list["next_cursor"] = nullptr;
    return json_response(list);
  });
  handlers.add("get_import", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(imports.show(call.access(), place.project, place.import));
  });
  handlers.add("put_import", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(imports.begin(call.access(), place.project, place.import, call.body_text("name"),
                               call.body_text("kind_hint")));
  });
  handlers.add("put_import_file", [&](Call& call) { return put_file(call, imports); });
  handlers.add("finish_import", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(imports.finish(call.access(), place.project, place.import));
  });
  handlers.add("try_waiting_object", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    const auto again = CSL_TRY(parse_id<ImportId>(call.body_text("id")));
    return reply(imports.try_again(call.access(), place.project, place.import, file_number_of(call),
                                   again, call.body_text("names")));
  });
  handlers.add("discard_waiting_object", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(
        imports.discard_waiting(call.access(), place.project, place.import, file_number_of(call)));
  });
}

}  // namespace consilium::api
