// Labels: annotations and every revision of them, masks in bricks, exports.
//
// A body is sealed whole (it may quote the patient, and its places do); in the clear is what lists
// and statistics ask for: label, question, kind of target, grid and segment.
#include <string>

#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {
namespace {

const std::vector<Migration> migrations = {
    {1, R"sql(
CREATE TABLE annotations (
  annotation_id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL, item_id TEXT NOT NULL,
  patient_id TEXT NOT NULL, rater_id TEXT NOT NULL, task_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'retracted')),
  body BLOB NOT NULL, surface BLOB, label TEXT, target_type TEXT NOT NULL, question TEXT,
  grid_id TEXT, segment INTEGER, protocol_hash TEXT NOT NULL, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL) STRICT;
CREATE INDEX annotations_item ON annotations (item_id, rater_id, annotation_id);
CREATE INDEX annotations_project ON annotations (project_id, label);
CREATE TABLE annotation_revisions (
  annotation_id TEXT NOT NULL, revision INTEGER NOT NULL, state TEXT NOT NULL,
  body BLOB NOT NULL, surface BLOB, at INTEGER NOT NULL, person TEXT NOT NULL,
  PRIMARY KEY (annotation_id, revision)) STRICT;
CREATE TABLE masks (
  item_id TEXT NOT NULL, rater_id TEXT NOT NULL, grid_id TEXT NOT NULL, patient_id TEXT NOT NULL,
  revision INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY (item_id, rater_id, grid_id)) STRICT;
CREATE TABLE mask_bricks (
  item_id TEXT NOT NULL, rater_id TEXT NOT NULL, grid_id TEXT NOT NULL, layer INTEGER NOT NULL,
  brick INTEGER NOT NULL, patient_id TEXT NOT NULL, hash TEXT NOT NULL, object TEXT NOT NULL, object_size INTEGER NOT NULL,
  offset INTEGER NOT NULL, length INTEGER NOT NULL,
  PRIMARY KEY (item_id, rater_id, grid_id, layer, brick)) STRICT, WITHOUT ROWID;
CREATE TABLE mask_patches (
  patch_id TEXT NOT NULL PRIMARY KEY, item_id TEXT NOT NULL, rater_id TEXT NOT NULL,
  grid_id TEXT NOT NULL, revision INTEGER NOT NULL, base_revision INTEGER NOT NULL,
  merged INTEGER NOT NULL, bricks TEXT NOT NULL) STRICT;
CREATE TABLE exports (
  export_id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL, person TEXT NOT NULL,
  format TEXT NOT NULL, request TEXT NOT NULL, state TEXT NOT NULL, items INTEGER NOT NULL,
  annotations INTEGER NOT NULL, size_bytes INTEGER NOT NULL, excluded TEXT NOT NULL, problem TEXT,
  created_at INTEGER NOT NULL, finished_at INTEGER) STRICT;
CREATE INDEX exports_project ON exports (project_id, created_at);
)sql"},
    // The last word on an item. The labels themselves are annotations of the adjudicator, under a
    // task of the stage "adjudicate"; here is why, what was decided, and on which opinions it
    // rests.
    {2, R"sql(
CREATE TABLE adjudications (
  item_id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL, patient_id TEXT NOT NULL,
  rater_id TEXT NOT NULL, task_id TEXT NOT NULL, revision INTEGER NOT NULL,
  gold INTEGER NOT NULL, reason BLOB NOT NULL, decisions BLOB NOT NULL, rests_on TEXT NOT NULL,
  adjudicated_at INTEGER NOT NULL) STRICT;
CREATE INDEX adjudications_project ON adjudications (project_id, gold);
)sql"},
    // An adjudication being drawn in the workspace: whose it is, what it was begun from and on
    // which opinions. What that person's labels and masks were when it was begun is kept, so that
    // giving it up leaves the item as it was.
    {3, R"sql(
CREATE TABLE adjudication_drafts (
  item_id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL, rater_id TEXT NOT NULL,
  task_id TEXT NOT NULL, seed TEXT NOT NULL, rests_on TEXT NOT NULL,
  begun_at INTEGER NOT NULL) STRICT;
CREATE TABLE kept_annotations (
  item_id TEXT NOT NULL, annotation_id TEXT NOT NULL, revision INTEGER NOT NULL,
  state TEXT NOT NULL, PRIMARY KEY (item_id, annotation_id)) STRICT, WITHOUT ROWID;
CREATE TABLE kept_mask_bricks (
  item_id TEXT NOT NULL, grid_id TEXT NOT NULL, layer INTEGER NOT NULL, brick INTEGER NOT NULL,
  patient_id TEXT NOT NULL, hash TEXT NOT NULL, object TEXT NOT NULL,
  object_size INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
  PRIMARY KEY (item_id, grid_id, layer, brick)) STRICT, WITHOUT ROWID;
)sql"},
};

// A draft that came to its end, whichever.
constexpr const char* forget_kept_annotations =
    "DELETE FROM kept_annotations WHERE item_id = :item_id";
constexpr const char* forget_kept_bricks = "DELETE FROM kept_mask_bricks WHERE item_id = :item_id";
constexpr const char* forget_draft = "DELETE FROM adjudication_drafts WHERE item_id = :item_id";

const std::vector<Projection> projections = {
    {"annotation.revised",
     {R"sql(INSERT INTO annotations VALUES (:annotation_id, :project_id, :item_id, :patient_id,
        :rater_id, :task_id, :revision, 'draft', :body, :surface, :label, :target_type, :question,
        :grid_id, :segment, :protocol_hash, :at, :at)
        ON CONFLICT (annotation_id) DO UPDATE SET revision = excluded.revision, state = 'draft',
          body = excluded.body, surface = excluded.surface, label = excluded.label,
          target_type = excluded.target_type, question = excluded.question,
          grid_id = excluded.grid_id, segment = excluded.segment,
          protocol_hash = excluded.protocol_hash, updated_at = excluded.updated_at)sql",
      R"sql(INSERT INTO annotation_revisions VALUES (:annotation_id, :revision, 'draft', :body,
        :surface, :at, :person))sql"}},
    {"annotation.retracted",
     {R"sql(INSERT INTO annotation_revisions SELECT annotation_id, :revision, 'retracted', body,
        surface, :at, :person FROM annotations WHERE annotation_id = :annotation_id)sql",
      R"sql(UPDATE annotations SET state = 'retracted', revision = :revision, updated_at = :at
        WHERE annotation_id = :annotation_id)sql"}},
    {"mask.patched",
     {R"sql(INSERT INTO masks VALUES (:item_id, :rater_id, :grid_id, :patient_id, :revision, :at)
        ON CONFLICT (item_id, rater_id, grid_id) DO UPDATE SET revision = excluded.revision,
          updated_at = excluded.updated_at)sql",
      R"sql(DELETE FROM mask_bricks WHERE item_id = :item_id AND rater_id = :rater_id
        AND grid_id = :grid_id AND (layer, brick) IN (SELECT json_extract(value, '$.layer'),
          json_extract(value, '$.brick') FROM json_each(:bricks)))sql",
      R"sql(INSERT INTO mask_bricks SELECT :item_id, :rater_id, :grid_id,
        json_extract(value, '$.layer'), json_extract(value, '$.brick'),
        :patient_id, json_extract(value, '$.hash'), :object, :object_size, json_extract(value, '$.offset'),
        json_extract(value, '$.length') FROM json_each(:bricks)
        WHERE json_extract(value, '$.length') > 0)sql",
      R"sql(INSERT INTO mask_patches VALUES (:patch_id, :item_id, :rater_id, :grid_id, :revision,
        :base_revision, :merged, :bricks))sql"}},
    {"item.adjudicated",
     {R"sql(INSERT INTO adjudications VALUES (:item_id, :project_id, :patient_id, :rater_id,
        :task_id, :revision, :gold, :reason, :decisions, :rests_on, :at)
        ON CONFLICT (item_id) DO UPDATE SET rater_id = excluded.rater_id,
          task_id = excluded.task_id, revision = excluded.revision, gold = excluded.gold,
          reason = excluded.reason, decisions = excluded.decisions,
          rests_on = excluded.rests_on, adjudicated_at = excluded.adjudicated_at)sql",
      forget_kept_annotations, forget_kept_bricks, forget_draft}},
    {"item.adjudication_begun",
     {R"sql(INSERT INTO adjudication_drafts VALUES (:item_id, :project_id, :rater_id, :task_id,
        :seed, :rests_on, :at))sql",
      R"sql(INSERT INTO kept_annotations SELECT item_id, annotation_id, revision, state
        FROM annotations WHERE item_id = :item_id AND rater_id = :rater_id
        AND task_id = :task_id)sql",
      R"sql(INSERT INTO kept_mask_bricks SELECT item_id, grid_id, layer, brick, patient_id, hash,
        object, object_size, offset, length FROM mask_bricks
        WHERE item_id = :item_id AND rater_id = :rater_id)sql"}},
    {"item.adjudication_discarded",
     {R"sql(DELETE FROM mask_bricks WHERE item_id = :item_id AND rater_id = :rater_id)sql",
      R"sql(INSERT INTO mask_bricks SELECT item_id, :rater_id, grid_id, layer, brick, patient_id,
        hash, object, object_size, offset, length FROM kept_mask_bricks
        WHERE item_id = :item_id)sql",
      R"sql(UPDATE masks SET revision = revision + 1, updated_at = :at
        WHERE item_id = :item_id AND rater_id = :rater_id)sql",
      forget_kept_annotations, forget_kept_bricks, forget_draft}},
    {"export.started",
     {R"sql(INSERT INTO exports VALUES (:export_id, :project_id, :person, :format, :request,
        'running', 0, 0, 0, '[]', NULL, :at, NULL))sql"}},
    {"export.finished",
     {R"sql(UPDATE exports SET state = :state, items = :items, annotations = :annotations,
        size_bytes = :size_bytes, excluded = :excluded, problem = :problem, finished_at = :at
        WHERE export_id = :export_id)sql"}},
    {"export.downloaded", {}},
    {"panel.read", {}},
    {"suggestion.taken", {}},
    {"votes.downloaded", {}},
};

// The latest submitted revision of every annotation that stands, with the stage of its task.
const std::string submitted_annotations = R"sql(
SELECT a.annotation_id, a.item_id, a.patient_id, a.rater_id, t.stage, v.revision, v.body, v.at,
  r.kind AS rater_kind, r.display_name
FROM annotations a JOIN tasks t USING (task_id) JOIN annotation_revisions v USING (annotation_id)
LEFT JOIN raters r ON r.rater_id = a.rater_id
WHERE a.state <> 'retracted' AND v.revision = (SELECT MAX(s.revision) FROM annotation_revisions s
  WHERE s.annotation_id = a.annotation_id AND s.state = 'submitted')
AND )sql";

const std::string submitted_of_project = submitted_annotations + "a.project_id = :project";
const std::string submitted_of_item =
    submitted_annotations + "a.item_id = :item AND a.project_id = :project";

const std::string votes_events = R"sql(FROM events WHERE project_id = :project
  AND type IN ('task.submitted', 'task.reopened', 'annotation.retracted', 'item.adjudicated',
    'item.added', 'item.changed', 'item.readers_set', 'member.set',
    'member.removed', 'protocol.set', 'project.changed', 'patient.erased'))sql";
const std::string votes_position =
    "SELECT sequence " + votes_events + " ORDER BY sequence DESC LIMIT 1";
const std::string votes_changes = "SELECT sequence, type, item_id " + votes_events +
                                  " AND sequence > :after ORDER BY sequence LIMIT :limit";

const std::vector<NamedQuery> queries = {
    {"labels.submitted_of_project", submitted_of_project.c_str()},
    {"labels.submitted_of_item", submitted_of_item.c_str()},
    {"labels.annotation", R"sql(SELECT a.*, r.kind AS rater_kind, r.display_name, t.stage
        FROM annotations a LEFT JOIN raters r USING (rater_id) LEFT JOIN tasks t USING (task_id)
        WHERE a.annotation_id = :annotation)sql"},
    {"labels.annotations_of_item", R"sql(SELECT a.*, r.kind AS rater_kind, r.display_name, t.stage
        FROM annotations a LEFT JOIN raters r USING (rater_id) LEFT JOIN tasks t USING (task_id)
        WHERE a.item_id = :item AND a.annotation_id > :after AND a.state <> 'retracted'
        ORDER BY a.annotation_id LIMIT :limit)sql"},
    // One rater's: a page is one range of the index, however many labels the item has.
    {"labels.annotations_of_rater", R"sql(SELECT a.*, r.kind AS rater_kind, r.display_name, t.stage
        FROM annotations a LEFT JOIN raters r USING (rater_id) LEFT JOIN tasks t USING (task_id)
        WHERE a.item_id = :item AND a.rater_id = :rater AND a.annotation_id > :after
          AND a.state <> 'retracted' ORDER BY a.annotation_id LIMIT :limit)sql"},
    {"labels.annotation_count", R"sql(SELECT COUNT(*) AS count FROM annotations
        WHERE item_id = :item AND (:rater IS NULL OR rater_id = :rater)
          AND state <> 'retracted')sql"},
    {"labels.annotation_revisions", R"sql(SELECT v.*, r.display_name FROM annotation_revisions v
        LEFT JOIN raters r ON r.rater_id = v.person WHERE v.annotation_id = :annotation
        ORDER BY v.revision DESC)sql"},
    {"labels.counts_by_label", R"sql(SELECT COALESCE(label, question) AS label, COUNT(*) AS count
        FROM annotations WHERE project_id = :project AND state <> 'retracted'
        AND (:rater IS NULL OR rater_id = :rater) GROUP BY 1 ORDER BY 1)sql"},
    {"labels.masks_of_item", R"sql(SELECT m.*, r.display_name FROM masks m
        LEFT JOIN raters r USING (rater_id)
        WHERE m.item_id = :item AND (:rater IS NULL OR m.rater_id = :rater)
        ORDER BY m.grid_id, m.rater_id)sql"},
    {"labels.mask", R"sql(SELECT * FROM masks WHERE item_id = :item AND rater_id = :rater
        AND grid_id = :grid_id)sql"},
    {"labels.mask_bricks", R"sql(SELECT layer, brick, hash, object, object_size, offset, length
        FROM mask_bricks WHERE item_id = :item AND rater_id = :rater AND grid_id = :grid_id
        AND (:layer IS NULL OR layer = :layer) ORDER BY layer, brick)sql"},
    {"labels.mask_brick_hashes", R"sql(SELECT b.layer, b.brick, b.hash FROM json_each(:wanted) w
        JOIN mask_bricks b ON b.item_id = :item AND b.rater_id = :rater AND b.grid_id = :grid_id
          AND b.layer = :layer AND b.brick = w.value)sql"},
    {"labels.mask_patch", R"sql(SELECT * FROM mask_patches WHERE patch_id = :patch)sql"},
    {"labels.mask_segments", R"sql(SELECT annotation_id, segment, label FROM annotations
        WHERE item_id = :item AND rater_id = :rater AND grid_id = :grid_id
        AND target_type = 'mask' AND state <> 'retracted' ORDER BY segment)sql"},
    {"labels.adjudication", R"sql(SELECT a.*, r.display_name FROM adjudications a
        LEFT JOIN raters r USING (rater_id) WHERE a.item_id = :item)sql"},
    {"labels.adjudication_draft", R"sql(SELECT d.*, r.display_name FROM adjudication_drafts d
        LEFT JOIN raters r USING (rater_id) WHERE d.item_id = :item)sql"},
    {"labels.drafts_of_project", R"sql(SELECT item_id, rater_id FROM adjudication_drafts
        WHERE project_id = :project)sql"},
    // What a draft's person has on the item, beside what they had when it was begun.
    {"labels.draft_annotations", R"sql(SELECT a.annotation_id, a.revision, a.state,
        k.state AS kept_state, k.revision AS kept_revision, v.body, v.surface
        FROM annotations a LEFT JOIN kept_annotations k
          ON k.item_id = a.item_id AND k.annotation_id = a.annotation_id
        LEFT JOIN annotation_revisions v
          ON v.annotation_id = a.annotation_id AND v.revision = k.revision
        WHERE a.item_id = :item AND a.rater_id = :rater AND a.task_id = :task
        ORDER BY a.annotation_id)sql"},
    // Backwards through the project's events: a label is seldom far from the end.
    {"labels.votes_position", votes_position.c_str()},
    {"labels.votes_changes", votes_changes.c_str()},
    // Items whose adjudicated labels serve as gold: those of this rater under this task.
    {"labels.gold_items", R"sql(SELECT item_id, rater_id, task_id FROM adjudications
        WHERE project_id = :project AND gold = 1 ORDER BY item_id)sql"},
    {"labels.export", R"sql(SELECT e.*, r.display_name FROM exports e
        LEFT JOIN raters r ON r.rater_id = e.person WHERE e.export_id = :export)sql"},
    {"labels.exports", R"sql(SELECT e.*, r.display_name FROM exports e
        LEFT JOIN raters r ON r.rater_id = e.person WHERE e.project_id = :project
        ORDER BY e.created_at DESC, e.export_id)sql"},
    {"labels.exports_running", R"sql(SELECT * FROM exports WHERE state = 'running')sql"},
};

}  // namespace

Area labels_area() {
  return {.name = "labels",
          .migrations = migrations,
          .projections = projections,
          .queries = queries,
          .object_references = {"SELECT DISTINCT patient_id, object FROM mask_bricks",
                                "SELECT DISTINCT patient_id, object FROM kept_mask_bricks"}};
}

}  // namespace consilium::storage::sqlite
