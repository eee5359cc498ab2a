// Adjudications that are being drawn in the workspace, as typed rows (sqlite/schema_labels.cpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

// At most one on an item.
struct AdjudicationDraftRow {
  RaterId rater;
  std::string rater_name;
  TaskId task;
  std::string seed;           // "opinion B" | "decisions" | "standing"
  std::string rests_on_json;  // the opinions as they were when it was begun
  Timestamp begun_at;
};
// One of its person's annotations, and the same as it was when the draft was begun.
struct DraftAnnotationRow {
  AnnotationId id;
  std::int64_t revision = 0;
  std::string state;               // "draft" | "submitted" | "retracted"
  std::int64_t kept_revision = 0;  // 0: it was not there
  std::string kept_state;
  Bytes kept_body;
  Bytes kept_surface;
};

[[nodiscard]] Result<std::optional<AdjudicationDraftRow>> find_adjudication_draft(
    const Reader& reader, const ItemId& item);
// Retracted ones too, by id.
[[nodiscard]] Result<std::vector<DraftAnnotationRow>> draft_annotations(
    const Reader& reader, const ItemId& item, const AdjudicationDraftRow& draft);
// Whose draft is in work, by item.
[[nodiscard]] Result<std::map<ItemId, RaterId>> drafts_of_project(const Reader& reader,
                                                                  const ProjectId& project);

}  // namespace consilium::storage
