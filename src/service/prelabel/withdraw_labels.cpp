#include "service/prelabel/withdraw_labels.hpp"

#include <limits>
#include <optional>

#include "service/annotation/annotation_write.hpp"
#include "service/prelabel/keep_labels.hpp"
#include "storage/labels.hpp"

namespace consilium::service {

Result<std::vector<storage::EventDraft>> withdrawals(const storage::Reader& reader,
                                                     const storage::ItemRow& item,
                                                     const RaterId& tool,
                                                     const std::set<AnnotationId>& said) {
  std::vector<storage::EventDraft> events;
  std::optional<TaskId> task;
  bool is_some_left = false;
  for (const storage::AnnotationRow& row : CSL_TRY(storage::annotations_of_item(
           reader, item.id, tool, "", std::numeric_limits<std::int64_t>::max()))) {
    if (row.stage != suggest_stage || row.state == "retracted") continue;
    if (said.contains(row.id)) {
      is_some_left = true;
      continue;
    }
    events.push_back(retraction_event(row.id, item, row.revision + 1));
    task = row.task;
  }
  if (task && !is_some_left) {
    storage::EventDraft event = item_event("task.released", item);
    event.fields.set("task_id", *task)
        .set("rater_id", tool)
        .set("stage", std::string(suggest_stage));
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace consilium::service
