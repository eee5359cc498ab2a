// Tasks as typed rows (sqlite/schema_work.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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
  std::string stage;  // "label" | "adjudicate"
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
// Items that the rater holds an open reading of.
[[nodiscard]] Result<std::vector<ItemId>> open_items_of_rater(const Reader& reader,
                                                              const ProjectId& project,
                                                              const RaterId& rater);
// NotFound when it is not there.
[[nodiscard]] Result<TaskRow> find_task(const Reader& reader, const ProjectId& project,
                                        const TaskId& task);
// A rater has at most one task on an item and stage.
inline constexpr std::string_view label_stage = "label";
inline constexpr std::string_view adjudicate_stage = "adjudicate";
[[nodiscard]] Result<std::optional<TaskRow>> task_of_rater(const Reader& reader, const ItemId& item,
                                                           const RaterId& rater,
                                                           std::string_view stage = label_stage);
[[nodiscard]] Result<std::vector<TaskRow>> tasks_of_item(const Reader& reader, const ItemId& item,
                                                         std::string_view stage = label_stage);
// Every item of a project with a submitted reading, by number.
struct ReviewItemRow {
  ItemId item;
  std::int64_t number = 0;
  std::int64_t readers_wanted = 1;
  std::int64_t readers_submitted = 0;
  std::string opinions;                    // changes whenever one of the submitted readings does
  std::int64_t adjudication_revision = 0;  // 0: not adjudicated
  bool is_open_to_rater = false;           // this rater holds an open read of it
};
[[nodiscard]] Result<std::vector<ReviewItemRow>> review_items(const Reader& reader,
                                                              const ProjectId& project,
                                                              const RaterId& rater);
// The next item for a rater at `now`.
struct NextItem {
  ProjectId project;
  RaterId rater;
  Timestamp now;
  std::optional<ItemId> after;  // not this one, but one behind its number where there is one
  std::int64_t after_number = 0;
  bool without_reviewed = false;           // none whose opinions the rater has looked at
  std::span<const ItemId> preferred = {};  // go first among new items, in this order
};
[[nodiscard]] Result<std::optional<ItemId>> next_item(const Reader& reader, const NextItem& asked);

}  // namespace consilium::storage
