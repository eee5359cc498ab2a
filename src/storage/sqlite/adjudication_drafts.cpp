#include "storage/adjudication_drafts.hpp"

namespace consilium::storage {

Result<std::optional<AdjudicationDraftRow>> find_adjudication_draft(const Reader& reader,
                                                                    const ItemId& item) {
  const Rows rows = CSL_TRY(reader.query("labels.adjudication_draft", Fields().set("item", item)));
  if (rows.empty()) return std::optional<AdjudicationDraftRow>{};
  const Row& row = rows.front();
  return std::optional<AdjudicationDraftRow>{
      AdjudicationDraftRow{.rater = CSL_TRY(row.id<RaterId>("rater_id")),
                           .rater_name = row.text("display_name"),
                           .task = CSL_TRY(row.id<TaskId>("task_id")),
                           .seed = row.text("seed"),
                           .rests_on_json = row.text("rests_on"),
                           .begun_at = {row.integer("begun_at")}}};
}

Result<std::vector<DraftAnnotationRow>> draft_annotations(const Reader& reader, const ItemId& item,
                                                          const AdjudicationDraftRow& draft) {
  std::vector<DraftAnnotationRow> rows;
  for (const Row& row : CSL_TRY(reader.query(
           "labels.draft_annotations",
           Fields().set("item", item).set("rater", draft.rater).set("task", draft.task)))) {
    const bool is_kept = !row.is_null("kept_revision");
    rows.push_back({.id = CSL_TRY(row.id<AnnotationId>("annotation_id")),
                    .revision = row.integer("revision"),
                    .state = row.text("state"),
                    .kept_revision = is_kept ? row.integer("kept_revision") : 0,
                    .kept_state = row.text("kept_state"),
                    .kept_body = row.bytes("body"),
                    .kept_surface = row.bytes("surface")});
  }
  return rows;
}

Result<std::map<ItemId, RaterId>> drafts_of_project(const Reader& reader,
                                                    const ProjectId& project) {
  std::map<ItemId, RaterId> drafts;
  for (const Row& row :
       CSL_TRY(reader.query("labels.drafts_of_project", Fields().set("project", project)))) {
    drafts.emplace(CSL_TRY(row.id<ItemId>("item_id")), CSL_TRY(row.id<RaterId>("rater_id")));
  }
  return drafts;
}

}  // namespace consilium::storage
