#include "service/review/review.hpp"

#include <boost/json.hpp>

#include "transport/api/handlers.hpp"

namespace consilium::api {
namespace {

using service::Review;

constexpr std::int64_t listed_max = 500;

struct Place {
  ProjectId project;
  ItemId item;
};

Result<Place> place_of(const Call& call) {
  return Place{CSL_TRY(call.id<ProjectId>("project_id")), CSL_TRY(call.id<ItemId>("item_id"))};
}

}  // namespace

void add_review_handlers(HandlerTable& handlers, Review& review) {
  handlers.add("list_review", [&](Call& call) -> Result<http::Response> {
    return reply(review.list(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                             call.text("cursor"),
                             CSL_TRY(call.integer("limit", 50, 1, listed_max))));
  });
  handlers.add("get_opinions", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(review.opinions(call.access(), place.project, place.item));
  });
  handlers.add("put_adjudication_draft", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(review.begin_draft(call.access(), place.project, place.item, *call.body));
  });
  handlers.add("delete_adjudication_draft", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(review.discard_draft(call.access(), place.project, place.item));
  });
  handlers.add("submit_adjudication_draft", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(review.submit_draft(call.access(), place.project, place.item, *call.body));
  });
  handlers.add("put_adjudication", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(review.adjudicate(call.access(), place.project, place.item, *call.body));
  });
}

}  // namespace consilium::api
