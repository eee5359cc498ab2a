// What an adjudication's draft begins with: a copy of one opinion, of what stands, or of what
// decisions come to. Used inside this module.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "service/access/answer.hpp"
#include "service/review/item_review.hpp"
#include "service/review/outcome.hpp"

namespace consilium::service {

struct DraftSeed {
  std::string name;  // "opinion B" | "standing" | "decisions"
  std::vector<OutcomeLabel> labels;
  std::optional<RaterId> base;  // whose masks are taken as they are; none: the labels' voxels
};

// How the event and the request name it. Errors: InvalidInput.
[[nodiscard]] Result<std::string> seed_name(const boost::json::object& request);

// `request` is an AdjudicationDraftRequest. Ids are those that decisions on the same differences
// would give, so that deciding anew later revises what was drawn. Errors: NotFound when there is no
// such opinion or nothing stands; InvalidInput with violations of decisions.
[[nodiscard]] Answer<DraftSeed> read_seed(const boost::json::object& request,
                                          const ItemReview& review, const RaterId& adjudicator);

}  // namespace consilium::service
