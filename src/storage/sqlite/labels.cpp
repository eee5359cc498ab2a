#include "storage/labels.hpp"

#include <algorithm>
#include <array>

#include "storage/votes_log.hpp"

namespace consilium::storage {
namespace {

Result<AnnotationRow> annotation_of(const Row& row) {
  return AnnotationRow{.id = CSL_TRY(row.id<AnnotationId>("annotation_id")),
                       .project = CSL_TRY(row.id<ProjectId>("project_id")),
                       .item = CSL_TRY(row.id<ItemId>("item_id")),
                       .patient = CSL_TRY(row.id<PatientId>("patient_id")),
                       .rater = CSL_TRY(row.id<RaterId>("rater_id")),
                       .rater_kind = row.text("rater_kind"),
                       .rater_name = row.text("display_name"),
                       .task = CSL_TRY(row.id<TaskId>("task_id")),
                       .stage = row.text("stage"),
                       .revision = row.integer("revision"),
                       .state = row.text("state"),
                       .sealed_body = row.bytes("body"),
                       .sealed_surface = row.bytes("surface"),
                       .label = row.text("label"),
                       .target_type = row.text("target_type"),
                       .question = row.text("question"),
                       .protocol_hash = row.text("protocol_hash"),
                       .created_at = {row.integer("created_at")},
                       .updated_at = {row.integer("updated_at")}};
}

// No rater: of all raters.
Fields of_rater(const ItemId& item, const std::optional<RaterId>& rater) {
  Fields fields = Fields().set("item", item);
  if (rater) fields.set("rater", *rater);
  return fields;
}

Fields of_mask(const ItemId& item, const RaterId& rater, std::string_view grid_id) {
  return Fields().set("item", item).set("rater", rater).set("grid_id", std::string(grid_id));
}

}  // namespace

Result<std::optional<AnnotationRow>> find_annotation(const Reader& reader,
                                                     const AnnotationId& annotation) {
  const Rows rows =
      CSL_TRY(reader.query("labels.annotation", Fields().set("annotation", annotation)));
  if (rows.empty()) return std::optional<AnnotationRow>{};
  return std::optional<AnnotationRow>{CSL_TRY(annotation_of(rows.front()))};
}

Result<std::vector<AnnotationRow>> annotations_of_item(const Reader& reader, const ItemId& item,
                                                       const std::optional<RaterId>& rater,
                                                       std::string_view after, std::int64_t limit) {
  std::vector<AnnotationRow> annotations;
  for (const Row& row : CSL_TRY(reader.query(
           rater ? "labels.annotations_of_rater" : "labels.annotations_of_item",
           of_rater(item, rater).set("after", std::string(after)).set("limit", limit)))) {
    annotations.push_back(CSL_TRY(annotation_of(row)));
  }
  return annotations;
}

Result<std::vector<SubmittedAnnotationRow>> submitted_annotations(
    const Reader& reader, const ProjectId& project, const std::optional<ItemId>& item) {
  Fields fields = Fields().set("project", project);
  if (item) fields.set("item", *item);
  std::vector<SubmittedAnnotationRow> annotations;
  for (const Row& row : CSL_TRY(reader.query(
           item ? "labels.submitted_of_item" : "labels.submitted_of_project", fields))) {
    annotations.push_back({.id = CSL_TRY(row.id<AnnotationId>("annotation_id")),
                           .item = CSL_TRY(row.id<ItemId>("item_id")),
                           .patient = CSL_TRY(row.id<PatientId>("patient_id")),
                           .rater = CSL_TRY(row.id<RaterId>("rater_id")),
                           .rater_kind = row.text("rater_kind"),
                           .rater_name = row.text("display_name"),
                           .stage = row.text("stage"),
                           .revision = row.integer("revision"),
                           .sealed_body = row.bytes("body"),
                           .at = {row.integer("at")}});
  }
  std::ranges::sort(annotations, {}, &SubmittedAnnotationRow::id);
  return annotations;
}

Result<std::int64_t> annotation_count(const Reader& reader, const ItemId& item,
                                      const std::optional<RaterId>& rater) {
  return CSL_TRY(reader.query("labels.annotation_count", of_rater(item, rater)))
      .front()
      .integer("count");
}

Result<std::vector<AnnotationRevisionRow>> annotation_revisions(const Reader& reader,
                                                                const AnnotationId& annotation) {
  std::vector<AnnotationRevisionRow> revisions;
  for (const Row& row : CSL_TRY(
           reader.query("labels.annotation_revisions", Fields().set("annotation", annotation)))) {
    revisions.push_back({.revision = row.integer("revision"),
                         .state = row.text("state"),
                         .sealed_body = row.bytes("body"),
                         .sealed_surface = row.bytes("surface"),
                         .at = {row.integer("at")}});
  }
  return revisions;
}

Result<std::optional<AdjudicationRow>> find_adjudication(const Reader& reader, const ItemId& item) {
  const Rows rows = CSL_TRY(reader.query("labels.adjudication", Fields().set("item", item)));
  if (rows.empty()) return std::optional<AdjudicationRow>{};
  const Row& row = rows.front();
  return std::optional<AdjudicationRow>{
      AdjudicationRow{.item = item,
                      .rater = CSL_TRY(row.id<RaterId>("rater_id")),
                      .rater_name = row.text("display_name"),
                      .task = CSL_TRY(row.id<TaskId>("task_id")),
                      .revision = row.integer("revision"),
                      .gold = row.flag("gold"),
                      .sealed_reason = row.bytes("reason"),
                      .sealed_decisions = row.bytes("decisions"),
                      .rests_on_json = row.text("rests_on"),
                      .adjudicated_at = {row.integer("adjudicated_at")}}};
}

Result<std::vector<ItemId>> gold_items(const Reader& reader, const ProjectId& project) {
  std::vector<ItemId> items;
  for (const Row& row :
       CSL_TRY(reader.query("labels.gold_items", Fields().set("project", project)))) {
    items.push_back(CSL_TRY(row.id<ItemId>("item_id")));
  }
  return items;
}

Result<std::int64_t> votes_position(const Reader& reader, const ProjectId& project) {
  const Rows rows =
      CSL_TRY(reader.query("labels.votes_position", Fields().set("project", project)));
  return rows.empty() ? 0 : rows.front().integer("sequence");
}

Result<std::vector<VotesChange>> votes_changes(const Reader& reader, const ProjectId& project,
                                               std::int64_t after, std::int64_t limit) {
  constexpr std::array<std::string_view, 5> of_votes{"task.submitted", "task.reopened",
                                                     "annotation.retracted", "item.adjudicated",
                                                     "item.readers_set"};
  std::vector<VotesChange> changes;
  for (const Row& row : CSL_TRY(reader.query(
           "labels.votes_changes",
           Fields().set("project", project).set("after", after).set("limit", limit)))) {
    VotesChange& change =
        changes.emplace_back(VotesChange{.sequence = row.integer("sequence"), .item = {}});
    const bool is_of_votes = std::ranges::find(of_votes, row.text("type")) != of_votes.end();
    if (is_of_votes && !row.is_null("item_id")) change.item = CSL_TRY(row.id<ItemId>("item_id"));
  }
  return changes;
}

Result<std::vector<MaskRow>> masks_of_item(const Reader& reader, const ItemId& item,
                                           const std::optional<RaterId>& rater) {
  std::vector<MaskRow> masks;
  for (const Row& row : CSL_TRY(reader.query("labels.masks_of_item", of_rater(item, rater)))) {
    masks.push_back({.item = item,
                     .rater = CSL_TRY(row.id<RaterId>("rater_id")),
                     .rater_name = row.text("display_name"),
                     .grid_id = row.text("grid_id"),
                     .revision = row.integer("revision"),
                     .updated_at = {row.integer("updated_at")}});
  }
  return masks;
}

Result<std::int64_t> mask_revision(const Reader& reader, const ItemId& item, const RaterId& rater,
                                   std::string_view grid_id) {
  const Rows rows = CSL_TRY(reader.query("labels.mask", of_mask(item, rater, grid_id)));
  return rows.empty() ? 0 : rows.front().integer("revision");
}

Result<std::vector<MaskBrickRow>> mask_bricks(const Reader& reader, const ItemId& item,
                                              const RaterId& rater, std::string_view grid_id,
                                              std::optional<std::uint32_t> layer) {
  Fields fields = of_mask(item, rater, grid_id);
  if (layer) fields.set("layer", std::int64_t{*layer});
  std::vector<MaskBrickRow> bricks;
  for (const Row& row : CSL_TRY(reader.query("labels.mask_bricks", fields))) {
    bricks.push_back(
        {.layer = static_cast<std::uint32_t>(row.integer("layer")),
         .brick = static_cast<std::uint32_t>(row.integer("brick")),
         .hash = row.text("hash"),
         .object = {.name = row.text("object"),
                    .size_bytes = static_cast<std::uint64_t>(row.integer("object_size"))},
         .offset = static_cast<std::uint64_t>(row.integer("offset")),
         .length = static_cast<std::uint64_t>(row.integer("length"))});
  }
  return bricks;
}

Result<std::optional<MaskPatchRow>> find_mask_patch(const Reader& reader,
                                                    const MaskPatchId& patch) {
  const Rows rows = CSL_TRY(reader.query("labels.mask_patch", Fields().set("patch", patch)));
  if (rows.empty()) return std::optional<MaskPatchRow>{};
  const Row& row = rows.front();
  return std::optional<MaskPatchRow>{MaskPatchRow{.item = CSL_TRY(row.id<ItemId>("item_id")),
                                                  .rater = CSL_TRY(row.id<RaterId>("rater_id")),
                                                  .grid_id = row.text("grid_id"),
                                                  .revision = row.integer("revision"),
                                                  .merged = row.flag("merged"),
                                                  .bricks_json = row.text("bricks")}};
}

Result<std::vector<MaskSegmentRow>> mask_segments(const Reader& reader, const ItemId& item,
                                                  const RaterId& rater, std::string_view grid_id) {
  std::vector<MaskSegmentRow> segments;
  for (const Row& row :
       CSL_TRY(reader.query("labels.mask_segments", of_mask(item, rater, grid_id)))) {
    segments.push_back({.annotation_id = row.text("annotation_id"),
                        .segment = row.integer("segment"),
                        .label = row.text("label")});
  }
  return segments;
}

}  // namespace consilium::storage
