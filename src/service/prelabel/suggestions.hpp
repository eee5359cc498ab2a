// What tools have said of an item, as suggestions to whoever labels it: which tools, what of, and
// one call that takes a tool's labels over as one's own drafts.
//
// When a labeller sees them is the protocol's assist policy: before their own answer (while they
// hold the item), after it, or never. Who may see all labels of the item may see these too.
#pragma once

#include <boost/json/fwd.hpp>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "domain/label/stored_annotation.hpp"
#include "service/access/access.hpp"
#include "service/project/protocol_cache.hpp"

namespace consilium::service {

// Whether this person may see now what tools of that kind said of the item.
[[nodiscard]] Result<bool> may_see_suggestions(const Access& access, const storage::Reader& reader,
                                               ProtocolCache& protocols, const ProjectId& project,
                                               const ItemId& item, RaterKind kind);

class Suggestions {
 public:
  Suggestions(storage::Store& store, const Clock& clock, Random& random)
      : store_(store), clock_(clock), random_(random) {}

  // {"items": [{"rater": {"id", "kind", "display_name"}, "labels": [{"label", "count"}],
  //   "submitted_at", "may_take", "why_not"}]}: those that this person may see now.
  [[nodiscard]] Result<boost::json::object> list(const Access& access, const ProjectId& project,
                                                 const ItemId& item);
  // {"items": [{"annotation": {...}, "own_id", "said"}]}: one tool's labels one by one, but
  // for masks. A label taken over bears `own_id`, as `take` gives it, and `said` is then
  // "accepted"; it is "rejected" when that label was retracted, and null while the person has done
  // neither. Errors: NotFound when there is no such suggestion to see.
  [[nodiscard]] Result<boost::json::object> labels(const Access& access, const ProjectId& project,
                                                   const ItemId& item, const RaterId& tool);
  // The tool's annotations and masks as this person's own drafts, in one durable commit. Taking
  // twice changes nothing. {"annotations": count, "masks": count}. Errors: NotFound when there is
  // no such suggestion to see; Conflict without an open task, or when there are labels already.
  [[nodiscard]] Result<boost::json::object> take(const Access& access, const ProjectId& project,
                                                 const ItemId& item, const RaterId& tool);

 private:
  storage::Store& store_;
  const Clock& clock_;
  Random& random_;
  ProtocolCache protocols_;
};

}  // namespace consilium::service
