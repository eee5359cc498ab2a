// Annotations, masks and exports as typed rows (sqlite/schema_labels.cpp).
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
#include "storage/objects.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

struct AnnotationRow {
  AnnotationId id;
  ProjectId project;
  ItemId item;
  PatientId patient;
  RaterId rater;
  std::string rater_kind;
  std::string rater_name;
  TaskId task;
  std::string stage;  // of the task: "label" | "adjudicate"
  std::int64_t revision = 0;
  std::string state;  // "draft" | "submitted" | "retracted"
  Bytes sealed_body;
  Bytes sealed_surface;
  std::string label;
  std::string target_type;
  std::string question;
  std::string protocol_hash;
  Timestamp created_at;
  Timestamp updated_at;
};
// The latest submitted revision of an annotation: what counts as said.
struct SubmittedAnnotationRow {
  AnnotationId id;
  ItemId item;
  PatientId patient;
  RaterId rater;
  std::string rater_kind;
  std::string rater_name;
  std::string stage;  // of its task: "label" | "adjudicate"
  std::int64_t revision = 0;
  Bytes sealed_body;
  Timestamp at;
};
struct AnnotationRevisionRow {
  std::int64_t revision = 0;
  std::string state;
  Bytes sealed_body;
  Bytes sealed_surface;
  Timestamp at;
};
struct AdjudicationRow {
  ItemId item;
  RaterId rater;
  std::string rater_name;
  TaskId task;
  std::int64_t revision = 0;
  bool gold = false;
  Bytes sealed_reason;
  Bytes sealed_decisions;     // JSON array of Decision, as it was sent
  std::string rests_on_json;  // ["annotation id@revision"...]: the opinions that were weighed
  Timestamp adjudicated_at;
};
struct MaskRow {
  ItemId item;
  RaterId rater;
  std::string rater_name;
  std::string grid_id;
  std::int64_t revision = 0;
  Timestamp updated_at;
};
struct MaskBrickRow {
  std::uint32_t layer = 0;
  std::uint32_t brick = 0;
  std::string hash;  // SHA-256 of the brick's bytes, hexadecimal
  ObjectRef object;  // of the patch that wrote it
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // zstd
};
struct MaskPatchRow {
  ItemId item;
  RaterId rater;
  std::string grid_id;
  std::int64_t revision = 0;
  bool merged = false;
  std::string bricks_json;
};
struct MaskSegmentRow {
  std::string annotation_id;
  std::int64_t segment = 0;
  std::string label;
};

[[nodiscard]] Result<std::optional<AnnotationRow>> find_annotation(const Reader& reader,
                                                                   const AnnotationId& annotation);
// In the order of their ids, those after `after` ("" for the first), retracted ones left out.
[[nodiscard]] Result<std::vector<AnnotationRow>> annotations_of_item(
    const Reader& reader, const ItemId& item, const std::optional<RaterId>& rater,
    std::string_view after, std::int64_t limit);
// Of the whole project or of one item, by annotation id; retracted ones left out.
[[nodiscard]] Result<std::vector<SubmittedAnnotationRow>> submitted_annotations(
    const Reader& reader, const ProjectId& project, const std::optional<ItemId>& item);
[[nodiscard]] Result<std::int64_t> annotation_count(const Reader& reader, const ItemId& item,
                                                    const std::optional<RaterId>& rater);
[[nodiscard]] Result<std::vector<AnnotationRevisionRow>> annotation_revisions(
    const Reader& reader, const AnnotationId& annotation);

[[nodiscard]] Result<std::optional<AdjudicationRow>> find_adjudication(const Reader& reader,
                                                                       const ItemId& item);

// Items whose adjudicated labels serve as gold, by id.
[[nodiscard]] Result<std::vector<ItemId>> gold_items(const Reader& reader,
                                                     const ProjectId& project);
// Sequence number of the last event that may have changed a project's votes, items or protocol.
[[nodiscard]] Result<std::int64_t> votes_position(const Reader& reader, const ProjectId& project);

[[nodiscard]] Result<std::vector<MaskRow>> masks_of_item(const Reader& reader, const ItemId& item,
                                                         const std::optional<RaterId>& rater);
// Revision 0 when it was never drawn on.
[[nodiscard]] Result<std::int64_t> mask_revision(const Reader& reader, const ItemId& item,
                                                 const RaterId& rater, std::string_view grid_id);
[[nodiscard]] Result<std::vector<MaskBrickRow>> mask_bricks(const Reader& reader,
                                                            const ItemId& item,
                                                            const RaterId& rater,
                                                            std::string_view grid_id,
                                                            std::optional<std::uint32_t> layer);
[[nodiscard]] Result<std::optional<MaskPatchRow>> find_mask_patch(const Reader& reader,
                                                                  const MaskPatchId& patch);
[[nodiscard]] Result<std::vector<MaskSegmentRow>> mask_segments(const Reader& reader,
                                                                const ItemId& item,
                                                                const RaterId& rater,
                                                                std::string_view grid_id);

}  // namespace consilium::storage
