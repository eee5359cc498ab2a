// Where a project stands: items by state, raters and their pace, labels given. Leads see all
// raters, a rater only their own row.
#pragma once

#include <boost/json/fwd.hpp>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "service/access/access.hpp"

namespace consilium::service {

// The object of GET /projects/{id}/statistics. Cost: a few grouped queries, O(tasks + annotations).
[[nodiscard]] Result<boost::json::object> project_statistics(const storage::Store& store,
                                                             const Clock& clock,
                                                             const Access& access,
                                                             const ProjectId& project);

}  // namespace consilium::service
