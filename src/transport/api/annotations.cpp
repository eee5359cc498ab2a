#include "service/annotation/annotations.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "transport/api/handlers.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

using service::Annotations;

constexpr std::int64_t listed_max = 5000;

struct Place {
  ProjectId project;
  ItemId item;
};

Result<Place> place_of(const Call& call) {
  return Place{CSL_TRY(call.id<ProjectId>("project_id")), CSL_TRY(call.id<ItemId>("item_id"))};
}

http::Response put_response(const service::Answer<service::AnnotationPut>& put) {
  if (!put)
    return problem_response(put.error().error, put.error().violations, put.error().current_json);
  http::Response response = binary_response(put->json, "application/json");
  response.status = put->created ? 201 : 200;
  response.with("ETag", fmt::format("\"{}\"", put->revision));
  return response;
}

Result<http::Response> put_annotation(const Call& call, Annotations& annotations) {
  const Place place = CSL_TRY(place_of(call));
  const auto id = CSL_TRY(call.id<AnnotationId>("annotation_id"));
  if (call.body_text("id") != call.value("annotation_id")) {
    return fail(ErrorCode::InvalidInput, "the body's id is not the address's", "/id",
                "send the same id in both");
  }
  return put_response(annotations.put(
      call.access(), place.project, place.item,
      {.id = id, .body_json = json::serialize(*call.body), .if_match = CSL_TRY(call.if_match())}));
}

}  // namespace

void add_annotation_handlers(HandlerTable& handlers, Annotations& annotations) {
  handlers.add("list_annotations", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    const service::AnnotationQuery query{
        .all_raters = call.text("rater") == "all",
        .cursor = call.text("cursor"),
        .limit = CSL_TRY(call.integer("limit", 1000, 1, listed_max))};
    return binary_response(
        CSL_TRY(annotations.list(call.access(), place.project, place.item, query)),
        "application/json");
  });
  handlers.add("get_annotation", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(annotations.show(call.access(), place.project, place.item,
                                  CSL_TRY(call.id<AnnotationId>("annotation_id"))));
  });
  handlers.add("list_annotation_revisions", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    json::object revisions = CSL_TRY(annotations.revisions(
        call.access(), place.project, place.item, CSL_TRY(call.id<AnnotationId>("annotation_id"))));
    if (!revisions.contains("next_cursor")) revisions["next_cursor"] = nullptr;
    return json_response(revisions);
  });
  handlers.add("put_annotation", [&](Call& call) { return put_annotation(call, annotations); });
  handlers.add("delete_annotation", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return put_response(annotations.remove(call.access(), place.project, place.item,
                                           CSL_TRY(call.id<AnnotationId>("annotation_id")),
                                           CSL_TRY(call.if_match())));
  });
  handlers.add("bulk_annotations", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply_rows(annotations.bulk(call.access(), place.project, place.item, *call.body));
  });
}

}  // namespace consilium::api
