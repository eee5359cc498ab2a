#include "service/assignment/reader_plan.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/bytes.hpp"
#include "storage/catalog.hpp"
#include "storage/objects.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace {

// A number in [0, 1) that nobody without the store's key can foresee.
double drawn(storage::Store& store, const RaterId& rater, std::int64_t readings) {
  const std::string name = to_string(rater) + ' ' + std::to_string(readings);
  const Sha256Digest hash = store.objects().keyed_hash("gold share", bytes_of(name));
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i)
    number = (number << 8U) | std::to_integer<std::uint32_t>(hash[i]);
  return std::ldexp(static_cast<double>(number), -32);
}

Result<std::int64_t> readings_begun(const storage::Reader& reader, const storage::Fields& of) {
  const storage::Rows rows = CSL_TRY(reader.query("work.progress_of_rater", of));
  return rows.front().integer("submitted") + rows.front().integer("begun");
}

}  // namespace

Result<std::optional<ItemId>> gold_for(storage::Store& store, const storage::Reader& reader,
                                       const ProjectId& project, const RaterId& rater,
                                       double gold_share) {
  if (gold_share <= 0) return std::optional<ItemId>{};
  const storage::Fields of = storage::Fields().set("project", project).set("rater", rater);
  const std::int64_t begun = CSL_TRY(readings_begun(reader, of));
  if (drawn(store, rater, begun) >= gold_share) return std::optional<ItemId>{};
  const storage::Rows rows = CSL_TRY(reader.query("work.next_gold", of));
  if (rows.empty()) return std::optional<ItemId>{};
  return std::optional<ItemId>{CSL_TRY(rows.front().id<ItemId>("item_id"))};
}

std::int64_t readers_due(const StopPlan& plan, const ItemProgress& progress, std::int64_t wanted) {
  if (progress.settled) {
    return progress.readings >= plan.readers_min ? std::min(progress.readings, wanted) : wanted;
  }
  const bool is_read = progress.readings >= wanted;
  return is_read && wanted < plan.readers_max ? wanted + 1 : wanted;
}

Result<std::int64_t> set_readers(storage::Store& store, const ProjectId& project,
                                 const StopPlan& plan, const std::vector<ItemProgress>& items) {
  std::int64_t changed = 0;
  CSL_TRY(store.write({.person = "system"}, [&](storage::Transaction& transaction) -> Status {
    changed = 0;
    for (const ItemProgress& progress : items) {
      const storage::ItemRow item =
          CSL_TRY(storage::find_item(transaction, project, progress.item));
      std::int64_t held = 0;
      for (const storage::TaskRow& task :
           CSL_TRY(storage::tasks_of_item(transaction, progress.item))) {
        held = std::max(held, task.place.value_or(0));
      }
      const std::int64_t due = std::max(readers_due(plan, progress, item.readers_wanted),
                                        std::min(held, item.readers_wanted));
      if (due == item.readers_wanted || due < 1) continue;
      storage::EventDraft event{.type = "item.readers_set",
                                .project = project,
                                .item = progress.item,
                                .patient = item.patient,
                                .fields = {}};
      event.fields.set("readers_wanted", due);
      CSL_TRY(transaction.append(std::move(event)));
      ++changed;
    }
    return {};
  }));
  return changed;
}

}  // namespace consilium::service
