#include "storage/work.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>

namespace consilium::storage {
namespace {

Result<TaskRow> task_of(const Row& row) {
  TaskRow task{.id = CSL_TRY(row.id<TaskId>("task_id")),
               .project = CSL_TRY(row.id<ProjectId>("project_id")),
               .item = CSL_TRY(row.id<ItemId>("item_id")),
               .patient = CSL_TRY(row.id<PatientId>("patient_id")),
               .stage = row.text("stage"),
               .rater = CSL_TRY(row.id<RaterId>("rater_id")),
               .state = row.text("state"),
               .place = std::nullopt,
               .lease_until = {row.integer("lease")},
               .readers_wanted = row.integer("readers_wanted"),
               .assigned_by = row.text("assigned_by"),
               .sealed_skip_reason = row.bytes("skip_reason"),
               .duration_s = std::nullopt,
               .updated_at = {row.integer("updated_at")},
               .submitted_at = std::nullopt};
  if (!row.is_null("place")) task.place = row.integer("place");
  if (!row.is_null("duration_s")) task.duration_s = row.number("duration_s");
  if (!row.is_null("submitted_at")) task.submitted_at = Timestamp{row.integer("submitted_at")};
  return task;
}

}  // namespace

Result<std::vector<ReadingRow>> readings(const Reader& reader, const ProjectId& project,
                                         const std::optional<ItemId>& item) {
  Fields fields = Fields().set("project", project);
  if (item) fields.set("item", *item);
  std::vector<ReadingRow> readings;
  for (const Row& row :
       CSL_TRY(reader.query(item ? "work.readings_of_item" : "work.readings_of_project", fields))) {
    ReadingRow reading{.item = CSL_TRY(row.id<ItemId>("item_id")),
                       .rater = CSL_TRY(row.id<RaterId>("rater_id")),
                       .rater_kind = row.text("kind"),
                       .rater_name = row.text("display_name"),
                       .stage = row.text("stage"),
                       .duration_s = std::nullopt,
                       .submitted_at = {row.integer("submitted_at")}};
    if (!row.is_null("duration_s")) reading.duration_s = row.number("duration_s");
    readings.push_back(std::move(reading));
  }
  std::ranges::sort(readings, [](const ReadingRow& a, const ReadingRow& b) {
    return std::tie(a.submitted_at, a.rater, a.item) < std::tie(b.submitted_at, b.rater, b.item);
  });
  return readings;
}

Result<std::vector<ItemId>> open_items_of_rater(const Reader& reader, const ProjectId& project,
                                                const RaterId& rater) {
  std::vector<ItemId> items;
  for (const Row& row : CSL_TRY(reader.query(
           "work.open_items_of_rater", Fields().set("project", project).set("rater", rater)))) {
    items.push_back(CSL_TRY(row.id<ItemId>("item_id")));
  }
  return items;
}

Result<TaskRow> find_task(const Reader& reader, const ProjectId& project, const TaskId& task) {
  const Rows rows =
      CSL_TRY(reader.query("work.task", Fields().set("project", project).set("task", task)));
  if (rows.empty()) return fail(ErrorCode::NotFound, "there is no such task");
  return task_of(rows.front());
}

Result<std::optional<TaskRow>> task_of_rater(const Reader& reader, const ItemId& item,
                                             const RaterId& rater, std::string_view stage) {
  const Rows rows = CSL_TRY(reader.query(
      "work.task_of_rater",
      Fields().set("item", item).set("rater", rater).set("stage", std::string(stage))));
  if (rows.empty()) return std::optional<TaskRow>{};
  return std::optional<TaskRow>{CSL_TRY(task_of(rows.front()))};
}

Result<std::vector<TaskRow>> tasks_of_item(const Reader& reader, const ItemId& item,
                                           std::string_view stage) {
  std::vector<TaskRow> tasks;
  for (const Row& row : CSL_TRY(reader.query(
           "work.tasks_of_item", Fields().set("item", item).set("stage", std::string(stage))))) {
    tasks.push_back(CSL_TRY(task_of(row)));
  }
  return tasks;
}

Result<std::optional<ItemId>> next_item(const Reader& reader, const NextItem& asked) {
  boost::json::array preferred;
  for (const ItemId& item : asked.preferred) preferred.emplace_back(to_string(item));
  const Rows rows = CSL_TRY(reader.query(
      "work.next", Fields()
                       .set("project", asked.project)
                       .set("rater", asked.rater)
                       .set("now", asked.now.ms)
                       .set("after", asked.after ? to_string(*asked.after) : std::string())
                       .set("after_number", asked.after_number)
                       .set("preferred", boost::json::serialize(preferred))
                       .set("without_reviewed", std::int64_t{asked.without_reviewed ? 1 : 0})));
  if (rows.empty()) return std::optional<ItemId>{};
  return std::optional<ItemId>{CSL_TRY(rows.front().id<ItemId>("item_id"))};
}

Result<std::vector<ReviewItemRow>> review_items(const Reader& reader, const ProjectId& project,
                                                const RaterId& rater) {
  std::vector<ReviewItemRow> items;
  for (const Row& row : CSL_TRY(reader.query(
           "work.review_items", Fields().set("project", project).set("rater", rater)))) {
    items.push_back({.item = CSL_TRY(row.id<ItemId>("item_id")),
                     .number = row.integer("number"),
                     .readers_wanted = row.integer("readers_wanted"),
                     .readers_submitted = row.integer("readers_submitted"),
                     .opinions = row.text("opinions"),
                     .adjudication_revision = row.integer("adjudication_revision"),
                     .is_open_to_rater = row.flag("is_open_to_rater")});
  }
  return items;
}

}  // namespace consilium::storage
