// What happened to a project's votes, event by event.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

// `item` none: the change is not one of a single item's votes (items, members, protocol or project
// changed, a patient was erased).
struct VotesChange {
  std::int64_t sequence = 0;
  std::optional<ItemId> item;
};

// The events after `after` that may have changed votes, items or protocol, as those that
// `votes_position` (labels.hpp) looks at; oldest first, at most `limit`.
[[nodiscard]] Result<std::vector<VotesChange>> votes_changes(const Reader& reader,
                                                             const ProjectId& project,
                                                             std::int64_t after,
                                                             std::int64_t limit);

}  // namespace consilium::storage
