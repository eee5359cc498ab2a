// Who may see whose labels. Blinded means blinded: a rater sees only their own; who may see all
// others' does not while they hold an open read of the item themselves. A protocol may open the
// readings to all.
#pragma once

#include "service/access/access.hpp"
#include "service/project/protocol_cache.hpp"

namespace consilium::service {

// Errors: Forbidden, with the reason; NotFound as `require`.
[[nodiscard]] Status may_see_all_labels(const Access& access, const storage::Reader& reader,
                                        ProtocolCache& protocols, const ProjectId& project,
                                        const ItemId& item);

}  // namespace consilium::service
