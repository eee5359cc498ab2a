// What labels a project's notes before people read them: term lists, rule files and ConText, as
// its leads set them; and what a rater marked to be offered to them again wherever it occurs.
//
// The texts are a site's own lists and rules, no patient data. A mark names an annotation, whose
// words lie sealed with their patient's key, and quotes nothing itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

using NoteToolId = Id<struct NoteToolTag>;

struct NoteToolRow {
  NoteToolId id;
  ProjectId project;
  std::string kind;  // "terms" | "rules" | "context"
  std::string name;
  bool is_on = true;
  std::string settings;  // canonical JSON
  std::string text;      // the file as it was given; empty where there is none
  std::int64_t revision = 0;
  Timestamp changed_at;
  std::string changed_by;  // a PersonId, or "system"
};

// In the order in which they were made.
[[nodiscard]] Result<std::vector<NoteToolRow>> note_tools(const Reader& reader,
                                                          const ProjectId& project);
[[nodiscard]] EventDraft note_tool_set(const NoteToolRow& row);
[[nodiscard]] EventDraft note_tool_removed(const ProjectId& project, const NoteToolId& id);

struct AlikeMarkRow {
  AnnotationId annotation;
  ItemId item;  // that it stands on
};

// Of one rater, the last one first.
[[nodiscard]] Result<std::vector<AlikeMarkRow>> alike_marks(const Reader& reader,
                                                            const ProjectId& project,
                                                            const RaterId& rater);
[[nodiscard]] EventDraft alike_marked(const ProjectId& project, const RaterId& rater,
                                      const AlikeMarkRow& mark);
[[nodiscard]] EventDraft alike_unmarked(const ProjectId& project, const RaterId& rater,
                                        const AlikeMarkRow& mark);

}  // namespace consilium::storage
