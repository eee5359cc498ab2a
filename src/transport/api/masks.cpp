#include "service/annotation/masks.hpp"

#include <boost/json.hpp>

#include "transport/api/handlers.hpp"

namespace consilium::api {
namespace {

using service::Masks;

constexpr std::int64_t layer_max = 65'535;

struct Place {
  ProjectId project;
  ItemId item;
};

Result<Place> place_of(const Call& call) {
  return Place{CSL_TRY(call.id<ProjectId>("project_id")), CSL_TRY(call.id<ItemId>("item_id"))};
}

Result<http::Response> get_bricks(const Call& call, const Masks& masks) {
  const Place place = CSL_TRY(place_of(call));
  service::BrickQuery query{
      .rater = {}, .opinion = call.text("opinion"), .layer = {}, .indices = {}};
  if (!call.text("layer").empty()) {
    query.layer = static_cast<std::uint32_t>(CSL_TRY(call.integer("layer", 0, 0, layer_max)));
  }
  if (call.text("indices") != "all") {
    for (const std::int64_t index : CSL_TRY(call.integers("indices"))) {
      query.indices.push_back(static_cast<std::uint32_t>(index));
    }
  }
  // "me" is the caller; another rater is asked for by the rater's id.
  const std::string whose = call.text("rater");
  if (!whose.empty() && whose != "me") query.rater = CSL_TRY(parse_id<RaterId>(whose));
  const Bytes bricks = CSL_TRY(masks.bricks(call.access(), place.project, place.item,
                                            std::string(call.value("grid_id")), query));
  return binary_response(std::string(text_of(bricks)), "application/octet-stream");
}

}  // namespace

void add_mask_handlers(HandlerTable& handlers, Masks& masks) {
  handlers.add("list_masks", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(masks.list(call.access(), place.project, place.item, call.text("rater") == "all"));
  });
  handlers.add("get_bricks", [&](Call& call) { return get_bricks(call, masks); });
  handlers.add("put_mask_patch", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(masks.patch(
        call.access(), place.project, place.item, std::string(call.value("grid_id")),
        CSL_TRY(call.id<MaskPatchId>("patch_id")),
        CSL_TRY(call.integer("base_revision", 0, 0, 1LL << 53U)), bytes_of(call.request.body)));
  });
}

}  // namespace consilium::api
