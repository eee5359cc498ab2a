#include "storage/note_tools.hpp"

namespace consilium::storage {

Result<std::vector<NoteToolRow>> note_tools(const Reader& reader, const ProjectId& project) {
  std::vector<NoteToolRow> all;
  for (const Row& row :
       CSL_TRY(reader.query("note_tools.of_project", Fields().set("project", project)))) {
    all.push_back({.id = CSL_TRY(row.id<NoteToolId>("id")),
                   .project = project,
                   .kind = row.text("kind"),
                   .name = row.text("name"),
                   .is_on = row.flag("is_on"),
                   .settings = row.text("settings"),
                   .text = row.text("body"),
                   .revision = row.integer("revision"),
                   .changed_at = {row.integer("changed_at")},
                   .changed_by = row.text("changed_by")});
  }
  return all;
}

EventDraft note_tool_set(const NoteToolRow& row) {
  return {.type = "note_tool.set",
          .project = row.project,
          .fields = Fields()
                        .set("tool_id", row.id)
                        .set("kind", row.kind)
                        .set("name", row.name)
                        .set("is_on", row.is_on)
                        .set("settings", JsonText{row.settings})
                        .set("body", row.text)
                        .set("changed_by", row.changed_by)};
}

EventDraft note_tool_removed(const ProjectId& project, const NoteToolId& id) {
  return {.type = "note_tool.removed", .project = project, .fields = Fields().set("tool_id", id)};
}

Result<std::vector<AlikeMarkRow>> alike_marks(const Reader& reader, const ProjectId& project,
                                              const RaterId& rater) {
  std::vector<AlikeMarkRow> all;
  for (const Row& row : CSL_TRY(reader.query(
           "note_tools.alike", Fields().set("project", project).set("rater", rater)))) {
    all.push_back({.annotation = CSL_TRY(row.id<AnnotationId>("annotation_id")),
                   .item = CSL_TRY(row.id<ItemId>("item_id"))});
  }
  return all;
}

namespace {

EventDraft mark_event(std::string type, const ProjectId& project, const RaterId& rater,
                      const AlikeMarkRow& mark) {
  return {.type = std::move(type),
          .project = project,
          .item = mark.item,
          .fields = Fields().set("rater_id", rater).set("annotation_id", mark.annotation)};
}

}  // namespace

EventDraft alike_marked(const ProjectId& project, const RaterId& rater, const AlikeMarkRow& mark) {
  return mark_event("alike.marked", project, rater, mark);
}

EventDraft alike_unmarked(const ProjectId& project, const RaterId& rater,
                          const AlikeMarkRow& mark) {
  return mark_event("alike.unmarked", project, rater, mark);
}

}  // namespace consilium::storage
