// Work: tasks with their leases and places, and questions to the lead.
//
// `place` is the reader's place on an item and stage, 1..readers wanted, or null: a unique index
// makes more readers than places impossible, whatever races. A task without a place that is
// submitted is a further opinion. Heartbeats prolong a lease in `volatile_leases`, which the log
// does not hold: a lost one costs a rater nothing, for expiry discards nothing.
#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {
namespace {

const std::vector<Migration> migrations = {
    {1, R"sql(
CREATE TABLE tasks (
  task_id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL, item_id TEXT NOT NULL,
  stage TEXT NOT NULL, rater_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('assigned', 'leased', 'expired', 'released', 'skipped', 'submitted')),
  place INTEGER, lease_until INTEGER NOT NULL, assigned_by TEXT, skip_reason BLOB,
  duration_s REAL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  submitted_at INTEGER) STRICT;
CREATE UNIQUE INDEX tasks_rater ON tasks (item_id, stage, rater_id);
CREATE UNIQUE INDEX tasks_place ON tasks (item_id, stage, place) WHERE place IS NOT NULL;
CREATE INDEX tasks_of_rater ON tasks (project_id, rater_id, state);
CREATE TABLE volatile_leases (task_id TEXT NOT NULL PRIMARY KEY, lease_until INTEGER NOT NULL) STRICT;
CREATE TABLE questions (
  question_id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL, item_id TEXT NOT NULL,
  patient_id TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at INTEGER NOT NULL,
  question BLOB NOT NULL, answered_by TEXT, answered_at INTEGER, answer BLOB) STRICT;
CREATE INDEX questions_project ON questions (project_id, asked_at);
)sql"},
};

// What an item's state is follows from its tasks; kept in the row so that lists can filter by it.
constexpr const char* renew_item = R"sql(
UPDATE items SET revision = revision + 1, updated_at = :at,
  readers_submitted = (SELECT COUNT(*) FROM tasks t WHERE t.item_id = items.item_id
    AND t.stage = 'label' AND t.state = 'submitted' AND t.place IS NOT NULL),
  state = (SELECT CASE
      WHEN COALESCE(SUM(t.state = 'submitted' AND t.place IS NOT NULL), 0) >= items.readers_wanted
        THEN 'done'
      WHEN SUM(t.state = 'leased') > 0 THEN 'in_progress'
      WHEN SUM(t.state = 'submitted') > 0 THEN 'submitted'
      WHEN SUM(t.state = 'skipped') > 0 THEN 'skipped'
      ELSE 'available' END
    FROM tasks t WHERE t.item_id = items.item_id AND t.stage = 'label')
WHERE item_id = :item_id)sql";

const std::vector<Projection> projections = {
    {"task.assigned",
     {R"sql(INSERT INTO tasks (task_id, project_id, item_id, stage, rater_id, state, place,
        lease_until, assigned_by, created_at, updated_at) VALUES (:task_id, :project_id, :item_id,
        :stage, :rater_id, 'assigned', :place, 0, :person, :at, :at)
        ON CONFLICT (task_id) DO UPDATE SET state = 'assigned', place = excluded.place,
          assigned_by = excluded.assigned_by, updated_at = excluded.updated_at)sql",
      renew_item}},
    {"task.leased",
     {R"sql(INSERT INTO tasks (task_id, project_id, item_id, stage, rater_id, state, place,
        lease_until, created_at, updated_at) VALUES (:task_id, :project_id, :item_id, :stage,
        :rater_id, 'leased', :place, :lease_until, :at, :at)
        ON CONFLICT (task_id) DO UPDATE SET state = 'leased', place = excluded.place,
          lease_until = excluded.lease_until, skip_reason = NULL,
          updated_at = excluded.updated_at)sql",
      R"sql(INSERT INTO raters VALUES (:rater_id, 'human', :rater_name)
        ON CONFLICT (rater_id) DO UPDATE SET display_name = excluded.display_name)sql",
      renew_item}},
    {"task.expired",
     {R"sql(UPDATE tasks SET state = 'expired', place = NULL, updated_at = :at
        WHERE task_id = :task_id)sql",
      renew_item}},
    {"task.released",
     {R"sql(UPDATE tasks SET state = 'released', place = NULL, updated_at = :at
        WHERE task_id = :task_id)sql",
      renew_item}},
    {"task.skipped",
     {R"sql(UPDATE tasks SET state = 'skipped', place = NULL, skip_reason = :reason,
        updated_at = :at WHERE task_id = :task_id)sql",
      renew_item}},
    {"task.submitted",
     {R"sql(UPDATE tasks SET state = 'submitted', place = :place, duration_s = :duration_s,
        updated_at = :at, submitted_at = :at WHERE task_id = :task_id)sql",
      R"sql(UPDATE annotation_revisions SET state = 'submitted' WHERE (annotation_id, revision) IN
        (SELECT annotation_id, revision FROM annotations WHERE item_id = :item_id
          AND rater_id = :rater_id AND state = 'draft'))sql",
      R"sql(UPDATE annotations SET state = 'submitted', updated_at = :at
        WHERE item_id = :item_id AND rater_id = :rater_id AND state = 'draft')sql",
      renew_item}},
    {"task.reopened",
     {R"sql(UPDATE tasks SET state = 'leased', lease_until = :lease_until, updated_at = :at,
        submitted_at = NULL WHERE task_id = :task_id)sql",
      renew_item}},
    {"item.readers_set",
     {R"sql(UPDATE items SET readers_wanted = :readers_wanted WHERE item_id = :item_id)sql",
      renew_item}},
    {"question.asked",
     {R"sql(INSERT INTO questions VALUES (:question_id, :project_id, :item_id, :patient_id,
        :person, :at, :question, NULL, NULL, NULL))sql"}},
    {"question.answered",
     {R"sql(UPDATE questions SET answered_by = :person, answered_at = :at, answer = :answer
        WHERE question_id = :question_id)sql"}},
};

const std::vector<NamedQuery> queries = {
    {"work.task", R"sql(SELECT t.*, i.patient_id, i.readers_wanted,
        MAX(t.lease_until, COALESCE(v.lease_until, 0)) AS lease FROM tasks t
        JOIN items i USING (item_id) LEFT JOIN volatile_leases v USING (task_id)
        WHERE t.task_id = :task AND t.project_id = :project)sql"},
    {"work.task_of_rater", R"sql(SELECT t.*, i.patient_id, i.readers_wanted,
        MAX(t.lease_until, COALESCE(v.lease_until, 0)) AS lease FROM tasks t
        JOIN items i USING (item_id) LEFT JOIN volatile_leases v USING (task_id)
        WHERE t.item_id = :item AND t.stage = :stage AND t.rater_id = :rater)sql"},
    {"work.tasks_of_item", R"sql(SELECT t.*, i.patient_id, i.readers_wanted,
        MAX(t.lease_until, COALESCE(v.lease_until, 0)) AS lease FROM tasks t
        JOIN items i USING (item_id) LEFT JOIN volatile_leases v USING (task_id)
        WHERE t.item_id = :item AND t.stage = :stage ORDER BY t.place, t.task_id)sql"},
    {"work.open_items_of_rater", R"sql(SELECT item_id FROM tasks WHERE project_id = :project
        AND rater_id = :rater AND state IN ('leased', 'assigned') AND stage = 'label')sql"},
    // Who finished which item, by stage.
    {"work.readings_of_project", R"sql(SELECT t.*, r.kind, r.display_name FROM tasks t
        LEFT JOIN raters r USING (rater_id)
        WHERE t.project_id = :project AND t.state = 'submitted')sql"},
    {"work.readings_of_item", R"sql(SELECT t.*, r.kind, r.display_name FROM tasks t
        LEFT JOIN raters r USING (rater_id) WHERE t.item_id = :item AND t.project_id = :project
        AND t.state = 'submitted')sql"},
    // The next item for a rater: own open work, then what the lead assigned, then the first item
    // with a place left (a lapsed lease leaves its place to whoever comes): those of :preferred in
    // its order, then by number.
    {"work.next", R"sql(
        WITH preferred(item_id, position) AS MATERIALIZED
          (SELECT value, key FROM json_each(:preferred))
        SELECT i.item_id, i.number, CASE WHEN t.state = 'leased' THEN 0
            WHEN t.state = 'assigned' THEN 1 ELSE 2 END AS rank
        FROM items i LEFT JOIN tasks t
          ON t.item_id = i.item_id AND t.stage = 'label' AND t.rater_id = :rater
        LEFT JOIN preferred p ON p.item_id = i.item_id
        WHERE i.project_id = :project AND i.item_id <> :after
          AND NOT EXISTS (SELECT 1 FROM tasks w WHERE w.item_id = i.item_id
            AND w.stage = 'adjudicate' AND w.rater_id = :rater)
          AND NOT (:without_reviewed AND EXISTS (SELECT 1 FROM item_reads s
            WHERE s.person = :rater AND s.item_id = i.item_id AND s.purpose = 'review'))
          AND (t.state IN ('leased', 'assigned')
            OR ((t.state IS NULL OR t.state IN ('released', 'expired')) AND i.state <> 'done'
              AND (SELECT COUNT(*) FROM tasks o LEFT JOIN volatile_leases v USING (task_id)
                   WHERE o.item_id = i.item_id AND o.stage = 'label' AND o.place IS NOT NULL
                     AND NOT (o.state = 'leased'
                       AND MAX(o.lease_until, COALESCE(v.lease_until, 0)) < :now))
                  < i.readers_wanted))
        ORDER BY rank, p.position IS NULL, p.position, i.number <= :after_number, i.number
        LIMIT 1)sql"},
    // Gold that the rater neither read nor adjudicated.
    {"work.next_gold", R"sql(SELECT g.item_id FROM adjudications g
        WHERE g.project_id = :project AND g.gold = 1 AND NOT EXISTS (SELECT 1 FROM tasks t
          WHERE t.item_id = g.item_id AND t.rater_id = :rater)
        ORDER BY g.item_id LIMIT 1)sql"},
    {"work.progress_of_rater", R"sql(SELECT COALESCE(SUM(state = 'submitted'), 0) AS submitted,
        COALESCE(SUM(state IN ('leased', 'assigned')), 0) AS begun FROM tasks
        WHERE project_id = :project AND rater_id = :rater AND stage = 'label')sql"},
    // What work.next would hand out one after the other, the rater's own open work left out.
    {"work.takeable_count", R"sql(SELECT COUNT(*) AS count FROM items i
        LEFT JOIN tasks t ON t.item_id = i.item_id AND t.stage = 'label' AND t.rater_id = :rater
        WHERE i.project_id = :project AND i.state <> 'done'
          AND NOT EXISTS (SELECT 1 FROM tasks w WHERE w.item_id = i.item_id
            AND w.stage = 'adjudicate' AND w.rater_id = :rater)
          AND (t.state IS NULL OR t.state IN ('released', 'expired'))
          AND (SELECT COUNT(*) FROM tasks o LEFT JOIN volatile_leases v USING (task_id)
               WHERE o.item_id = i.item_id AND o.stage = 'label' AND o.place IS NOT NULL
                 AND NOT (o.state = 'leased'
                   AND MAX(o.lease_until, COALESCE(v.lease_until, 0)) < :now))
              < i.readers_wanted)sql"},
    {"work.rater_statistics", R"sql(SELECT t.rater_id, r.display_name,
        COALESCE(SUM(t.state = 'submitted'), 0) AS submitted,
        COALESCE(SUM(t.state = 'submitted' AND t.submitted_at >= :today), 0) AS today,
        MAX(t.submitted_at) AS last_submitted_at,
        COALESCE(SUM(t.state = 'leased'), 0) AS open_leases
        FROM tasks t LEFT JOIN raters r USING (rater_id)
        WHERE t.project_id = :project AND t.stage = 'label' GROUP BY t.rater_id ORDER BY r.display_name, t.rater_id)sql"},
    {"work.durations", R"sql(SELECT rater_id, duration_s FROM tasks WHERE project_id = :project
        AND stage = 'label' AND state = 'submitted' AND duration_s IS NOT NULL ORDER BY duration_s)sql"},
    {"work.submitted_per_day", R"sql(SELECT submitted_at / 86400000 AS day, COUNT(*) AS submitted
        FROM tasks WHERE project_id = :project AND state = 'submitted' AND stage = 'label'
        AND (:rater IS NULL OR rater_id = :rater) GROUP BY day ORDER BY day)sql"},
    // A project's items with what one rater has on them. A rater who is not to see all sees those
    // that they hold a task on or could still take. `mine` is what the API calls it.
    {"work.items", R"sql(
        WITH seen AS (SELECT i.*, p.pseudonym, t.task_id, t.lease_until, t.skip_reason,
            t.updated_at AS task_updated_at,
            CASE WHEN t.state = 'submitted' THEN 'submitted' WHEN t.state = 'skipped' THEN 'skipped'
              WHEN EXISTS (SELECT 1 FROM annotations a WHERE a.item_id = i.item_id
                AND a.task_id = t.task_id AND a.state <> 'retracted') THEN 'draft'
              WHEN t.state = 'leased' THEN 'leased' ELSE 'none' END AS mine,
            -- Who reads gold is not told that others have finished it.
            CASE WHEN t.state = 'leased' AND i.state = 'done' THEN 'in_progress'
              ELSE i.state END AS shown_state
          FROM items i JOIN patients p USING (patient_id) LEFT JOIN tasks t
            ON t.item_id = i.item_id AND t.stage = 'label' AND t.rater_id = :rater
          WHERE i.project_id = :project
            AND (:item IS NULL OR i.item_id = :item)
            AND (:all OR t.task_id IS NOT NULL OR i.state <> 'done'))
        SELECT seen.*, (SELECT COUNT(*) FROM annotations a WHERE a.item_id = seen.item_id
            AND a.task_id = seen.task_id AND a.state <> 'retracted') AS annotation_count
        FROM seen WHERE (:kind IS NULL OR kind = :kind) AND (:state IS NULL OR shown_state = :state)
          AND (:mine IS NULL OR mine = :mine)
          AND (:text IS NULL OR instr(lower(pseudonym || ' ' || title || ' ' || number), :text) > 0)
        ORDER BY
          CASE WHEN :descending THEN NULL ELSE CASE :sort WHEN 'date' THEN date
            WHEN 'state' THEN shown_state WHEN 'pseudonym' THEN pseudonym
            WHEN 'updated' THEN updated_at END END,
          CASE WHEN :descending THEN CASE :sort WHEN 'date' THEN date WHEN 'state' THEN shown_state
            WHEN 'pseudonym' THEN pseudonym WHEN 'updated' THEN updated_at
            ELSE number END END DESC,
          number LIMIT :limit OFFSET :offset)sql"},
    {"work.item_facets", R"sql(
        WITH seen AS (SELECT i.kind,
            CASE WHEN t.state = 'leased' AND i.state = 'done' THEN 'in_progress'
              ELSE i.state END AS state, lower(p.pseudonym || ' ' || i.title || ' ' || i.number)
              AS words,
            CASE WHEN t.state = 'submitted' THEN 'submitted' WHEN t.state = 'skipped' THEN 'skipped'
              WHEN EXISTS (SELECT 1 FROM annotations a WHERE a.item_id = i.item_id
                AND a.task_id = t.task_id AND a.state <> 'retracted') THEN 'draft'
              WHEN t.state = 'leased' THEN 'leased' ELSE 'none' END AS mine
          FROM items i JOIN patients p USING (patient_id) LEFT JOIN tasks t
            ON t.item_id = i.item_id AND t.stage = 'label' AND t.rater_id = :rater
          WHERE i.project_id = :project AND (:all OR t.task_id IS NOT NULL OR i.state <> 'done'))
        SELECT kind, state, mine, COUNT(*) AS count FROM seen
        WHERE :text IS NULL OR instr(words, :text) > 0 GROUP BY kind, state, mine)sql"},
    {"work.items_by", R"sql(SELECT kind, state, COUNT(*) AS count FROM items
        WHERE project_id = :project GROUP BY kind, state)sql"},
    // Every item that somebody submitted: which opinions there are, and how far adjudication is.
    // `opinions` changes whenever one of them does.
    {"work.review_items", R"sql(SELECT i.item_id, i.number, i.readers_wanted, i.readers_submitted,
        (SELECT group_concat(task_id || '@' || submitted_at, ' ') FROM (SELECT t.task_id,
            t.submitted_at FROM tasks t WHERE t.item_id = i.item_id AND t.stage = 'label'
            AND t.state = 'submitted' ORDER BY t.task_id)) AS opinions,
        COALESCE((SELECT revision FROM adjudications d WHERE d.item_id = i.item_id), 0)
          AS adjudication_revision,
        EXISTS (SELECT 1 FROM tasks o WHERE o.item_id = i.item_id AND o.stage = 'label'
          AND o.rater_id = :rater AND o.state IN ('leased', 'assigned')) AS is_open_to_rater
        FROM items i WHERE i.project_id = :project AND EXISTS (SELECT 1 FROM tasks s
          WHERE s.item_id = i.item_id AND s.stage = 'label' AND s.state = 'submitted')
        ORDER BY i.number)sql"},
    {"work.question", R"sql(SELECT q.*, r.display_name AS asked_by_name,
        a.display_name AS answered_by_name, i.number FROM questions q JOIN items i USING (item_id)
        LEFT JOIN raters r ON r.rater_id = q.asked_by
        LEFT JOIN raters a ON a.rater_id = q.answered_by
        WHERE q.question_id = :question)sql"},
    {"work.questions", R"sql(SELECT q.*, r.display_name AS asked_by_name,
        a.display_name AS answered_by_name, i.number FROM questions q JOIN items i USING (item_id)
        LEFT JOIN raters r ON r.rater_id = q.asked_by
        LEFT JOIN raters a ON a.rater_id = q.answered_by
        WHERE q.project_id = :project AND (:rater IS NULL OR q.asked_by = :rater)
        ORDER BY q.asked_at DESC, q.question_id)sql"},
};

const std::vector<NamedQuery> volatile_writes = {
    {"work.prolong", R"sql(INSERT INTO volatile_leases VALUES (:task, :lease_until)
        ON CONFLICT (task_id) DO UPDATE SET lease_until = excluded.lease_until)sql"},
};

}  // namespace

Area work_area() {
  return {.name = "work",
          .migrations = migrations,
          .projections = projections,
          .queries = queries,
          .volatile_writes = volatile_writes};
}

}  // namespace consilium::storage::sqlite
