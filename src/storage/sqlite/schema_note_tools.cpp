// What labels a project's notes before people do, and what raters marked to be found again.
#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {
namespace {

const std::vector<Migration> migrations = {
    {1, R"sql(
CREATE TABLE note_tools (
  project_id TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  is_on INTEGER NOT NULL, settings TEXT NOT NULL, body TEXT NOT NULL, revision INTEGER NOT NULL,
  changed_at INTEGER NOT NULL, changed_by TEXT NOT NULL, made INTEGER NOT NULL,
  PRIMARY KEY (project_id, id)) STRICT;
CREATE TABLE alike_marks (
  project_id TEXT NOT NULL, rater_id TEXT NOT NULL, annotation_id TEXT NOT NULL,
  item_id TEXT NOT NULL, sequence INTEGER NOT NULL,
  PRIMARY KEY (project_id, rater_id, annotation_id)) STRICT;
)sql"},
};

const std::vector<Projection> projections = {
    {"note_tool.set",
     {R"sql(INSERT INTO note_tools VALUES (:project_id, :tool_id, :kind, :name, :is_on, :settings,
        :body, 1, :at, :changed_by, :sequence)
        ON CONFLICT (project_id, id) DO UPDATE SET kind = excluded.kind, name = excluded.name,
        is_on = excluded.is_on, settings = excluded.settings, body = excluded.body,
        revision = revision + 1, changed_at = excluded.changed_at,
        changed_by = excluded.changed_by)sql"}},
    {"note_tool.removed",
     {R"sql(DELETE FROM note_tools WHERE project_id = :project_id AND id = :tool_id)sql"}},
    {"alike.marked",
     {R"sql(INSERT OR REPLACE INTO alike_marks VALUES (:project_id, :rater_id, :annotation_id,
        :item_id, :sequence))sql"}},
    {"alike.unmarked",
     {R"sql(DELETE FROM alike_marks WHERE project_id = :project_id AND rater_id = :rater_id
        AND annotation_id = :annotation_id)sql"}},
};

const std::vector<NamedQuery> queries = {
    {"note_tools.of_project",
     "SELECT * FROM note_tools WHERE project_id = :project ORDER BY made, id"},
    {"note_tools.alike",
     R"sql(SELECT * FROM alike_marks WHERE project_id = :project AND rater_id = :rater
        ORDER BY sequence DESC)sql"},
};

}  // namespace

Area note_tools_area() {
  return {.name = "note_tools",
          .migrations = migrations,
          .projections = projections,
          .queries = queries,
          .object_references = {}};
}

}  // namespace consilium::storage::sqlite
