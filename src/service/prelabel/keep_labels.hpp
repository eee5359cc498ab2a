// Read labels kept as a tool's: submitted annotations and masks of a rater that is no person. They
// are votes of the panel and suggestions to labellers (suggestions.hpp), never anybody's reading:
// their tasks are of a stage of their own and hold no place on the item.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/prelabel/label_names.hpp"
#include "service/prelabel/label_set.hpp"
#include "service/project/protocol_cache.hpp"
#include "storage/objects.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// The stage of tools' tasks (storage/work.hpp has the others).
inline constexpr std::string_view suggest_stage = "suggest";

// The rater of that kind and name: the same in every project.
[[nodiscard]] RaterId rater_of_tool(const ToolName& tool);

// One tool's labels on one item. The objects are written, not yet synced.
struct KeptPart {
  std::vector<storage::ObjectRef> objects;
  std::size_t label_count = 0;
  // Errors: Conflict when the tool's mask changed since.
  std::function<Status(storage::Transaction&)> commit;
};

struct KeptLabels {
  std::vector<KeptPart> parts;  // none when all of it was there before
  std::size_t known_count = 0;  // labels that were there before
  std::set<AnnotationId> said;  // all of the set's that are there once the parts are committed
  std::set<std::string> unmatched;
  std::set<std::string> problems;  // labels that the protocol has, and does not allow as they are
};

class LabelKeeper {
 public:
  LabelKeeper(storage::Store& store, const Clock& clock, Random& random, const ProjectId& project,
              const LabelMap& map)
      : store_(store), clock_(clock), random_(random), project_(project), map_(plain_names(map)) {}

  // The same set again makes nothing new. Errors: Conflict when the project has no protocol;
  // InvalidInput when the map names labels that it lacks; TooLarge past 65,536 bricks of masks.
  [[nodiscard]] Result<KeptLabels> prepare(const LabelSet& set);

  // "nodule, vessel": what names can be mapped to. Empty without a protocol.
  [[nodiscard]] std::string label_ids() const;

 private:
  storage::Store& store_;
  const Clock& clock_;
  Random& random_;
  ProjectId project_;
  LabelMap map_;
  ProtocolCache protocols_;
};

}  // namespace consilium::service
