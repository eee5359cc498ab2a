#include "service/prelabel/withdraw_labels.hpp"

#include <limits>
#include <map>

#include "service/annotation/annotation_write.hpp"
#include "service/prelabel/keep_labels.hpp"
#include "storage/labels.hpp"

namespace consilium::service {

Result<std::vector<storage::EventDraft>> withdrawals(const storage::Reader& reader,
                                                     const storage::ItemRow& item,
                                                     std::string_view name_prefix,
                                                     const RaterId& but) {
  std::vector<storage::EventDraft> events;
  std::map<TaskId, RaterId> tasks;
  for (const storage::AnnotationRow& row : CSL_TRY(storage::annotations_of_item(
           reader, item.id, std::nullopt, "", std::numeric_limits<std::int64_t>::max()))) {
    if (row.stage != suggest_stage || row.rater == but || !row.rater_name.starts_with(name_prefix))
      continue;
    events.push_back(retraction_event(row.id, item, row.revision + 1));
    tasks.emplace(row.task, row.rater);
  }
  for (const auto& [task, rater] : tasks) {
    storage::EventDraft event = item_event("task.released", item);
    event.fields.set("task_id", task)
        .set("rater_id", rater)
        .set("stage", std::string(suggest_stage));
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace consilium::service
