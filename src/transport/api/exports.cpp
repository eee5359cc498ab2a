#include "service/release/exports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "transport/api/handlers.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

using service::Exports;

struct Place {
  ProjectId project;
  ExportId id;
};

Result<Place> place_of(const Call& call) {
  return Place{CSL_TRY(call.id<ProjectId>("project_id")), CSL_TRY(call.id<ExportId>("export_id"))};
}

Result<http::Response> put_export(const Call& call, Exports& exports) {
  const Place place = CSL_TRY(place_of(call));
  const auto format = service::export_format_named(call.body_text("format"));
  if (!format) return fail(ErrorCode::InvalidInput, "the format is not known", "/format");
  const std::vector<std::string> states = call.body_texts("states");
  const service::ExportRequest request{
      .format = *format,
      .with_drafts = std::ranges::find(states, "draft") != states.end(),
      .item_ids = CSL_TRY(call.body_ids<ItemId>("item_ids"))};
  return reply(exports.put(call.access(), place.project, place.id, request));
}

Result<http::Response> get_file(const Call& call, Exports& exports) {
  const Place place = CSL_TRY(place_of(call));
  Exports::Download download = CSL_TRY(exports.download(call.access(), place.project, place.id));
  http::Response response = http::range_response(
      call.request, std::shared_ptr<const ByteSource>(std::move(download.bytes)),
      "application/zip");
  response.with("Content-Disposition",
                fmt::format("attachment; filename=\"{}\"", download.file_name));
  return response;
}

}  // namespace

void add_export_handlers(HandlerTable& handlers, Exports& exports) {
  handlers.add("list_exports", [&](Call& call) -> Result<http::Response> {
    json::object list =
        CSL_TRY(exports.list(call.access(), CSL_TRY(call.id<ProjectId>("project_id"))));
    if (!list.contains("next_cursor")) list["next_cursor"] = nullptr;
    return json_response(list);
  });
  handlers.add("get_export", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(exports.show(call.access(), place.project, place.id));
  });
  handlers.add("put_export", [&](Call& call) { return put_export(call, exports); });
  handlers.add("get_export_file", [&](Call& call) { return get_file(call, exports); });
}

}  // namespace consilium::api
