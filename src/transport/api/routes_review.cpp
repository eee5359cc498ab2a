#include "transport/api/route_areas.hpp"

namespace consilium::api {

using http::Method;

std::vector<Route> review_routes() {
  return {
      {.method = Method::Get,
       .path = CSL_PROJECT "/review",
       .operation = "list_review",
       .tag = "panel",
       .summary = "Items that the protocol wants adjudicated, most doubtful first",
       .response = "ReviewList",
       .query = page_parameters(),
       .scope = "read"},
      {.method = Method::Get,
       .path = CSL_ITEM "/opinions",
       .operation = "get_opinions",
       .tag = "panel",
       .summary = "What the readers of the item said, and in what they differ",
       .purpose = "review",
       .response = "ItemOpinions",
       .scope = "read"},
      {.method = Method::Put,
       .path = CSL_ITEM "/adjudication",
       .operation = "put_adjudication",
       .tag = "panel",
       .summary = "Settle the item: decisions become my labels in one durable commit",
       .purpose = "review",
       .body = BodyKind::Json,
       .request = "AdjudicationRequest",
       .response = "ItemOpinions",
       .scope = "label",
       .body_bytes_max = 32ULL << 20U},
  };
}

}  // namespace consilium::api
