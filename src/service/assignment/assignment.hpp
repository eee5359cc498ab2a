// Tasks: who reads which item, and when (DESIGN 6, "tasks").
//
// available -> leased (30 minutes, prolonged by heartbeats) -> submitted, released or skipped with
// a reason. At most n raters hold a place on an item and stage: a unique index, so no race gives
// more. Expiry takes a place away only when another rater needs it and never discards work: a
// submission without a place counts if one is open, else it is kept as a further opinion.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"
#include "service/access/answer.hpp"
#include "service/project/protocol_cache.hpp"

namespace consilium::service {

inline constexpr std::int64_t lease_ms = 30LL * 60 * 1000;

class Items;

// The items that a rater had best be given first (service/panel), or nothing where numbers decide.
using ReadingOrder =
    std::function<std::shared_ptr<const std::vector<ItemId>>(const ProjectId&, const RaterId&)>;

class Assignment {
 public:
  Assignment(storage::Store& store, const Items& items, const Clock& clock, Random& random,
             ReadingOrder order = {})
      : store_(store), items_(items), clock_(clock), random_(random), order_(std::move(order)) {}

  // Leases the next item for this rater: own open tasks first, then assigned ones, then the first
  // of the reading order that has a place, then by number, after item `after` where given. Gold
  // comes in place of a new item at the protocol's share; a reading order takes doubtful items
  // from anywhere too, so that gold does not stand out by its place.
  // {"task": Task, "item": Item}, or nothing when all is done. `peek` answers without leasing.
  [[nodiscard]] Result<std::optional<boost::json::object>> next(const Access& access,
                                                                const ProjectId& project,
                                                                std::optional<ItemId> after,
                                                                bool peek);
  // Takes this item: the rater's open task again, or a new lease. Errors: Conflict when every place
  // is held.
  [[nodiscard]] Result<boost::json::object> take(const Access& access, const ProjectId& project,
                                                 const ItemId& item);
  // {"lease_until"}. Errors: Conflict when the task is not open.
  [[nodiscard]] Result<boost::json::object> heartbeat(const Access& access,
                                                      const ProjectId& project, const TaskId& task);
  // The rater's drafts on the item become submitted with it. Refused with violations when the
  // protocol requires an answer that is missing. Submitting twice is the same answer.
  [[nodiscard]] Answer<boost::json::object> submit(const Access& access, const ProjectId& project,
                                                   const TaskId& task,
                                                   std::optional<double> duration_s);
  [[nodiscard]] Result<boost::json::object> release(const Access& access, const ProjectId& project,
                                                    const TaskId& task);
  [[nodiscard]] Result<boost::json::object> skip(const Access& access, const ProjectId& project,
                                                 const TaskId& task, std::string_view reason);
  // By the rater or the lead, with a reason; labels stay and become drafts at their next change.
  [[nodiscard]] Result<boost::json::object> reopen(const Access& access, const ProjectId& project,
                                                   const TaskId& task, std::string_view reason);
  // {"results": [{"item_id", "person_id", "status", "task"? | "problem"?}]}; lead. An item whose
  // places are all read gets a further place for each person that it is handed to.
  [[nodiscard]] Result<boost::json::object> assign(const Access& access, const ProjectId& project,
                                                   const std::vector<ItemId>& items,
                                                   const std::vector<PersonId>& persons);

  // Questions to the lead on an item.
  [[nodiscard]] Result<boost::json::object> questions(const Access& access,
                                                      const ProjectId& project) const;
  [[nodiscard]] Result<boost::json::object> ask(const Access& access, const ProjectId& project,
                                                const ItemId& item, const QuestionId& question,
                                                std::string_view text);
  [[nodiscard]] Result<boost::json::object> answer(const Access& access, const ProjectId& project,
                                                   const ItemId& item, const QuestionId& question,
                                                   std::string_view text);

 private:
  [[nodiscard]] Result<boost::json::object> lease(const Access& access, const ProjectId& project,
                                                  const ItemId& item, bool is_gold);
  [[nodiscard]] Result<std::optional<ItemId>> gold_instead(const storage::Reader& reader,
                                                           const ProjectId& project,
                                                           const RaterId& rater,
                                                           const ItemId& next);

  storage::Store& store_;
  const Items& items_;
  const Clock& clock_;
  Random& random_;
  ReadingOrder order_;
  ProtocolCache protocols_;
};

}  // namespace consilium::service
