// Tasks as typed rows (sqlite/schema_work.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

struct TaskRow {
  TaskId id;
  ProjectId project;
  ItemId item;
  PatientId patient;
  std::string stage;  // "label"
  RaterId rater;
  std::string state;  // "assigned" | "leased" | "expired" | "released" | "skipped" | "submitted"
  std::optional<std::int64_t> place;  // 1..readers wanted; none: holds no place
  Timestamp lease_until;              // heartbeats counted
  std::int64_t readers_wanted = 1;
  std::string assigned_by;
  Bytes sealed_skip_reason;
  std::optional<double> duration_s;
  Timestamp updated_at;
  std::optional<Timestamp> submitted_at;
};

// An item that a rater has finished at a stage.
struct ReadingRow {
  ItemId item;
  RaterId rater;
  std::string rater_kind;  // "" when the rater is not known
  std::string rater_name;
  std::string stage;  // "label" | "adjudicate"
  std::optional<double> duration_s;
  Timestamp submitted_at;
};

// Of the whole project or of one item, by time, then rater.
[[nodiscard]] Result<std::vector<ReadingRow>> readings(const Reader& reader,
                                                       const ProjectId& project,
                                                       const std::optional<ItemId>& item);
// NotFound when it is not there.
[[nodiscard]] Result<TaskRow> find_task(const Reader& reader, const ProjectId& project,
                                        const TaskId& task);
[[nodiscard]] Result<std::optional<TaskRow>> task_of_rater(const Reader& reader, const ItemId& item,
                                                           const RaterId& rater);
[[nodiscard]] Result<std::vector<TaskRow>> tasks_of_item(const Reader& reader, const ItemId& item);
// The next item for a rater at `now`, behind item number `after_number` where there is one.
[[nodiscard]] Result<std::optional<ItemId>> next_item(const Reader& reader,
                                                      const ProjectId& project,
                                                      const RaterId& rater, Timestamp now,
                                                      const std::optional<ItemId>& after,
                                                      std::int64_t after_number);

}  // namespace consilium::storage
