// What Review keeps between calls. Used inside this module.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/guarded.hpp"
#include "service/project/protocol_cache.hpp"
#include "service/review/posteriors.hpp"
#include "service/review/review.hpp"

namespace consilium::service {

// What a list says of an item. It follows from what `basis` names, so it is counted once.
struct ItemDoubt {
  std::string basis;
  std::int64_t differences = 0;  // that are not agreed
  std::int64_t open = 0;         // of those, without a decision that holds
  double entropy_bits = 0;       // of the worst
  double top_least = 1;          // the least probability of a most probable choice
};

// They follow from the project's votes up to this place in the log.
struct KnownPosteriors {
  std::int64_t position = 0;
  std::shared_ptr<const Posteriors> posteriors;
};

struct Review::State {
  [[nodiscard]] Result<std::shared_ptr<const Posteriors>> posteriors_of(
      const storage::Reader& reader, const ProjectId& project);
  // The schema ItemOpinions as the person may see it; that it is read must be recorded before.
  [[nodiscard]] Result<boost::json::object> opinions_of(storage::Store& store,
                                                        const storage::Reader& reader,
                                                        const Access& access,
                                                        const ProjectId& project,
                                                        const ItemId& item);

  ProtocolCache protocols;
  Guarded<std::map<ProjectId, KnownPosteriors>> posteriors;
  Guarded<std::unordered_map<ItemId, ItemDoubt>> doubts;
};

}  // namespace consilium::service
