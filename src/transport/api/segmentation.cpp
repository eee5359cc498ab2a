#include "service/segmentation/segmentation.hpp"

#include <boost/json.hpp>

#include "transport/api/handlers.hpp"

namespace consilium::api {
namespace {

using service::Segmentation;

constexpr std::int64_t segment_max = 65'535;

struct Place {
  ProjectId project;
  ItemId item;
  std::string grid_id;
};

Result<Place> place_of(const Call& call) {
  return Place{CSL_TRY(call.id<ProjectId>("project_id")), CSL_TRY(call.id<ItemId>("item_id")),
               std::string(call.value("grid_id"))};
}

Result<http::Response> run_operation(const Call& call, Segmentation& segmentation) {
  const Place place = CSL_TRY(place_of(call));
  service::MaskOperationAnswer answer = CSL_TRY(
      segmentation.operate(call.access(), place.project, place.item, place.grid_id, *call.body));
  return binary_response(std::string(text_of(answer.records)), "application/octet-stream")
      .with("Consilium-Operation", std::move(answer.summary_json));
}

Result<http::Response> get_surface(const Call& call, Segmentation& segmentation) {
  const Place place = CSL_TRY(place_of(call));
  service::SurfaceQuery query{.rater = {}, .opinion = call.text("opinion")};
  query.segment = static_cast<std::uint16_t>(CSL_TRY(call.integer("segment", 1, 1, segment_max)));
  query.smoothing = static_cast<unsigned>(CSL_TRY(call.integer("smoothing", 16, 0, 100)));
  // "me" is the caller; another rater is asked for by the rater's id.
  const std::string whose = call.text("rater");
  if (!whose.empty() && whose != "me") query.rater = CSL_TRY(parse_id<RaterId>(whose));
  const Bytes mesh =
      CSL_TRY(segmentation.surface(call.access(), place.project, place.item, place.grid_id, query));
  return binary_response(std::string(text_of(mesh)), "application/octet-stream");
}

}  // namespace

void add_segmentation_handlers(HandlerTable& handlers, Segmentation& segmentation) {
  handlers.add("run_mask_operation", [&](Call& call) { return run_operation(call, segmentation); });
  // Nothing to stop is no error: the operation may have ended while the request was on its way.
  handlers.add("cancel_mask_operation", [&](Call& call) -> Result<http::Response> {
    static_cast<void>(segmentation.cancel(call.access()));
    return reply(Status{});
  });
  handlers.add("get_mask_surface", [&](Call& call) { return get_surface(call, segmentation); });
  handlers.add("get_volume_histogram", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    const std::int64_t bins = CSL_TRY(call.integer("bins", 256, 2, 4096));
    return reply(segmentation.histogram(call.access(), place.project, place.item, place.grid_id,
                                        static_cast<std::size_t>(bins)));
  });
}

}  // namespace consilium::api
