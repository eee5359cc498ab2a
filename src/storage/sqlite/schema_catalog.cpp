// The catalog: projects, members and protocols; patients, studies, series, instances, notes and
// recordings as they were at import; items; imports; accountable reads.
//
// Sealed columns are BLOBs: they hold what identifies or quotes a patient (fields.hpp,
// PatientText). Dates in the clear are shifted by a number of days that is the patient's own and
// sealed.
#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {
namespace {

const std::vector<Migration> migrations = {
    {1, R"sql(
CREATE TABLE projects (
  project_id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL,
  deid_at TEXT NOT NULL CHECK (deid_at IN ('import', 'release')),
  readers_per_item INTEGER NOT NULL CHECK (readers_per_item BETWEEN 1 AND 99),
  protocol_hash TEXT, revision INTEGER NOT NULL, created_at INTEGER NOT NULL) STRICT;
CREATE TABLE protocols (
  hash TEXT NOT NULL PRIMARY KEY, protocol_id TEXT NOT NULL, version TEXT NOT NULL,
  title TEXT NOT NULL, item_unit TEXT NOT NULL, yaml TEXT NOT NULL,
  document TEXT NOT NULL) STRICT;
CREATE TABLE project_protocols (
  project_id TEXT NOT NULL, sequence INTEGER NOT NULL, hash TEXT NOT NULL, set_at INTEGER NOT NULL,
  set_by TEXT NOT NULL, PRIMARY KEY (project_id, sequence)) STRICT;
CREATE TABLE members (
  project_id TEXT NOT NULL, person_id TEXT NOT NULL, roles TEXT NOT NULL, set_at INTEGER NOT NULL,
  PRIMARY KEY (project_id, person_id)) STRICT;
CREATE INDEX members_person ON members (person_id);
CREATE TABLE raters (
  rater_id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, display_name TEXT NOT NULL) STRICT;

CREATE TABLE patients (
  patient_id TEXT NOT NULL PRIMARY KEY, pseudonym TEXT NOT NULL UNIQUE,
  date_shift_days BLOB NOT NULL, added_at INTEGER NOT NULL) STRICT;
CREATE TABLE studies (
  study_id TEXT NOT NULL PRIMARY KEY, patient_id TEXT NOT NULL, study_uid TEXT NOT NULL UNIQUE,
  date TEXT NOT NULL, facts BLOB) STRICT;
CREATE INDEX studies_patient ON studies (patient_id);
CREATE TABLE series (
  series_id TEXT NOT NULL PRIMARY KEY, study_id TEXT NOT NULL, patient_id TEXT NOT NULL,
  series_uid TEXT NOT NULL UNIQUE, number INTEGER, modality TEXT NOT NULL, body_part TEXT NOT NULL,
  facts BLOB, instance_count INTEGER NOT NULL DEFAULT 0, volumes TEXT, notes TEXT) STRICT;
CREATE INDEX series_study ON series (study_id);
CREATE TABLE instances (
  instance_id TEXT NOT NULL PRIMARY KEY, series_id TEXT NOT NULL, patient_id TEXT NOT NULL,
  sop_uid TEXT NOT NULL UNIQUE, sop_class_uid TEXT NOT NULL, content TEXT NOT NULL,
  object TEXT NOT NULL, object_size INTEGER NOT NULL,
  frames_object TEXT NOT NULL, frames_object_size INTEGER NOT NULL, first_frame_offset INTEGER NOT NULL,
  frame_count INTEGER NOT NULL, description TEXT NOT NULL, metadata BLOB) STRICT;
CREATE INDEX instances_series ON instances (series_id);
CREATE TABLE grids (grid_id TEXT NOT NULL PRIMARY KEY, grid TEXT NOT NULL) STRICT;
CREATE TABLE series_grids (
  series_id TEXT NOT NULL, grid_id TEXT NOT NULL, PRIMARY KEY (series_id, grid_id)) STRICT;
CREATE TABLE notes (
  note_id TEXT NOT NULL PRIMARY KEY, patient_id TEXT NOT NULL, source_key TEXT,
  content TEXT NOT NULL UNIQUE, file_content TEXT NOT NULL, date TEXT NOT NULL,
  length INTEGER NOT NULL, object TEXT NOT NULL, object_size INTEGER NOT NULL,
  facts BLOB) STRICT;
CREATE UNIQUE INDEX notes_source_key ON notes (source_key) WHERE source_key IS NOT NULL;
CREATE INDEX notes_file ON notes (file_content);
CREATE INDEX notes_patient ON notes (patient_id);
CREATE TABLE recordings (
  recording_id TEXT NOT NULL PRIMARY KEY, patient_id TEXT NOT NULL, content TEXT NOT NULL UNIQUE,
  format TEXT NOT NULL, date TEXT NOT NULL, header TEXT NOT NULL, file_names BLOB NOT NULL,
  pyramid_object TEXT NOT NULL, pyramid_object_size INTEGER NOT NULL) STRICT;
CREATE TABLE recording_files (
  recording_id TEXT NOT NULL, patient_id TEXT NOT NULL, file INTEGER NOT NULL,
  object TEXT NOT NULL, object_size INTEGER NOT NULL, PRIMARY KEY (recording_id, file)) STRICT;
CREATE INDEX recordings_patient ON recordings (patient_id);
CREATE TABLE contents (
  content TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, source_id TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE items (
  item_id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL, number INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('image', 'text', 'signal')), patient_id TEXT NOT NULL,
  source_id TEXT NOT NULL, title TEXT NOT NULL, modality TEXT NOT NULL, date TEXT NOT NULL,
  preview BLOB, state TEXT NOT NULL, readers_wanted INTEGER NOT NULL,
  readers_submitted INTEGER NOT NULL DEFAULT 0, revision INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, UNIQUE (project_id, number), UNIQUE (project_id, source_id)) STRICT;
CREATE INDEX items_source ON items (source_id);
CREATE INDEX items_patient ON items (project_id, patient_id);
CREATE INDEX items_state ON items (project_id, state, number);

CREATE TABLE imports (
  import_id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL, person TEXT NOT NULL,
  state TEXT NOT NULL, files_total INTEGER NOT NULL, files_done INTEGER NOT NULL,
  items_added INTEGER NOT NULL, duplicates INTEGER NOT NULL, started_at INTEGER NOT NULL,
  finished_at INTEGER) STRICT;
CREATE INDEX imports_project ON imports (project_id, started_at);
CREATE TABLE import_refusals (
  import_id TEXT NOT NULL, file_number INTEGER NOT NULL, code TEXT NOT NULL, what TEXT NOT NULL,
  place TEXT NOT NULL, remedy TEXT NOT NULL, PRIMARY KEY (import_id, file_number)) STRICT;
CREATE TABLE item_reads (
  person TEXT NOT NULL, item_id TEXT NOT NULL, purpose TEXT NOT NULL, sign_in TEXT NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY (person, item_id, purpose, sign_in)) STRICT, WITHOUT ROWID;
)sql"},
};

constexpr const char* set_import_progress = R"sql(
UPDATE imports SET files_total = :files_total, files_done = :files_done,
  items_added = :items_added, duplicates = :duplicates WHERE import_id = :import_id)sql";

const std::vector<Projection> projections = {
    {"project.added",
     {R"sql(INSERT INTO projects VALUES (:project_id, :name, :description, :deid_at,
        :readers_per_item, NULL, 1, :at))sql"}},
    {"project.changed",
     {R"sql(UPDATE projects SET name = :name, description = :description, deid_at = :deid_at,
        readers_per_item = :readers_per_item, revision = revision + 1
        WHERE project_id = :project_id)sql",
      R"sql(UPDATE items SET readers_wanted = :readers_per_item, revision = revision + 1,
        updated_at = :at,
        state = CASE WHEN readers_submitted >= :readers_per_item THEN 'done'
                     WHEN state = 'done' THEN 'submitted' ELSE state END
        WHERE project_id = :project_id AND readers_wanted <> :readers_per_item)sql"}},
    {"protocol.set",
     {R"sql(INSERT OR IGNORE INTO protocols
        VALUES (:hash, :protocol, :version, :title, :item_unit, :yaml, :document))sql",
      R"sql(INSERT INTO project_protocols VALUES (:project_id, :sequence, :hash, :at, :person))sql",
      R"sql(UPDATE projects SET protocol_hash = :hash, revision = revision + 1
        WHERE project_id = :project_id)sql"}},
    {"member.set",
     {R"sql(INSERT OR REPLACE INTO members VALUES (:project_id, :member, :roles, :at))sql",
      R"sql(INSERT INTO raters VALUES (:member, 'human', :display_name)
        ON CONFLICT (rater_id) DO UPDATE SET display_name = excluded.display_name)sql"}},
    {"rater.named", {R"sql(INSERT INTO raters VALUES (:rater_id, :kind, :display_name)
        ON CONFLICT (rater_id) DO UPDATE SET display_name = excluded.display_name)sql"}},
    {"member.removed",
     {R"sql(DELETE FROM members WHERE project_id = :project_id AND person_id = :member)sql"}},

    {"patient.added",
     {R"sql(INSERT INTO patients VALUES (:patient_id, :pseudonym, :date_shift_days, :at))sql"}},
    {"study.added",
     {R"sql(INSERT INTO studies VALUES (:study_id, :patient_id, :study_uid, :date, :facts))sql"}},
    {"series.added",
     {R"sql(INSERT INTO series (series_id, study_id, patient_id, series_uid, number, modality,
        body_part, facts) VALUES (:series_id, :study_id, :patient_id, :series_uid, :number,
        :modality, :body_part, :facts))sql"}},
    {"instance.added",
     {R"sql(INSERT INTO instances VALUES (:instance_id, :series_id, :patient_id, :sop_uid,
        :sop_class_uid, :content, :object, :object_size, :frames_object, :frames_object_size,
        :first_frame_offset, :frame_count, :description, :metadata))sql",
      R"sql(UPDATE series SET instance_count = instance_count + 1
        WHERE series_id = :series_id)sql",
      R"sql(INSERT INTO contents VALUES (:content, 'instance', :instance_id))sql"}},
    {"instance.described",
     {R"sql(UPDATE instances SET metadata = :metadata WHERE instance_id = :instance_id)sql"}},
    {"series.arranged",
     {R"sql(UPDATE series SET volumes = :volumes, notes = :notes WHERE series_id = :series_id)sql",
      R"sql(INSERT OR IGNORE INTO grids SELECT json_extract(value, '$.grid_id'),
        json_extract(value, '$.grid') FROM json_each(:volumes))sql",
      R"sql(INSERT OR IGNORE INTO series_grids SELECT :series_id, json_extract(value, '$.grid_id')
        FROM json_each(:volumes))sql"}},
    {"note.added",
     {R"sql(INSERT INTO notes VALUES (:note_id, :patient_id, :source_key, :content, :file_content,
        :date, :length, :object, :object_size, :facts))sql"}},
    {"file.finished",
     {R"sql(INSERT OR IGNORE INTO contents VALUES (:content, :kind, :source_id))sql"}},
    {"recording.added",
     {R"sql(INSERT INTO recordings VALUES (:recording_id, :patient_id, :content, :format, :date,
        :header, :file_names, :pyramid_object, :pyramid_object_size))sql",
      R"sql(INSERT INTO recording_files SELECT :recording_id, :patient_id, key,
        json_extract(value, '$.object'), json_extract(value, '$.size') FROM json_each(:files))sql",
      R"sql(INSERT INTO contents VALUES (:content, 'recording', :recording_id))sql"}},
    {"item.added",
     {R"sql(INSERT INTO items (item_id, project_id, number, kind, patient_id, source_id, title,
        modality, date, preview, state, readers_wanted, revision, updated_at)
        SELECT :item_id, :project_id,
          COALESCE((SELECT MAX(number) FROM items WHERE project_id = :project_id), 0) + 1,
          :kind, :patient_id, :source_id, :title, :modality, :date, :preview, 'available',
          readers_per_item, 1, :at FROM projects WHERE project_id = :project_id)sql"}},
    {"item.changed",
     {R"sql(UPDATE items SET title = :title, modality = :modality, revision = revision + 1,
        updated_at = :at WHERE item_id = :item_id)sql"}},

    {"import.begun",
     {R"sql(INSERT INTO imports VALUES (:import_id, :project_id, :person, :state, 0, 0, 0, 0, :at,
        NULL) ON CONFLICT (import_id) DO UPDATE SET state = excluded.state)sql"}},
    {"import.progressed", {set_import_progress}},
    {"import.refused", {R"sql(INSERT OR REPLACE INTO import_refusals
        VALUES (:import_id, :file_number, :code, :what, :place, :remedy))sql"}},
    {"import.finished",
     {set_import_progress,
      R"sql(UPDATE imports SET state = :state, finished_at = :at
        WHERE import_id = :import_id)sql"}},
    {"item.read", {R"sql(INSERT OR IGNORE INTO item_reads
        VALUES (:person, :item_id, :purpose, :sign_in, :at))sql"}},
};

const std::vector<NamedQuery> queries = {
    {"catalog.project", R"sql(SELECT p.*, r.protocol_id, r.version AS protocol_version,
        r.title AS protocol_title, r.item_unit FROM projects p
        LEFT JOIN protocols r ON r.hash = p.protocol_hash WHERE p.project_id = :project)sql"},
    {"catalog.projects", R"sql(SELECT p.*, r.protocol_id, r.version AS protocol_version,
        r.title AS protocol_title, r.item_unit FROM projects p
        LEFT JOIN protocols r ON r.hash = p.protocol_hash ORDER BY p.name, p.project_id)sql"},
    {"catalog.project_counts", R"sql(SELECT COUNT(*) AS items,
        COALESCE(SUM(kind = 'image'), 0) AS image, COALESCE(SUM(kind = 'text'), 0) AS text,
        COALESCE(SUM(kind = 'signal'), 0) AS signal, COALESCE(SUM(state = 'done'), 0) AS done
        FROM items WHERE project_id = :project)sql"},
    {"catalog.protocol", R"sql(SELECT * FROM protocols WHERE hash = :hash)sql"},
    {"catalog.protocol_versions", R"sql(SELECT v.sequence, v.hash, v.set_at, v.set_by,
        p.protocol_id, p.version, p.title FROM project_protocols v JOIN protocols p USING (hash)
        WHERE v.project_id = :project ORDER BY v.sequence DESC)sql"},
    {"catalog.protocol_of_version", R"sql(SELECT p.hash FROM project_protocols v
        JOIN protocols p USING (hash) WHERE v.project_id = :project AND p.protocol_id = :protocol
        AND p.version = :version ORDER BY v.sequence DESC LIMIT 1)sql"},
    {"catalog.members", R"sql(SELECT m.person_id, m.roles, m.set_at, r.display_name FROM members m
        LEFT JOIN raters r ON r.rater_id = m.person_id WHERE m.project_id = :project
        ORDER BY r.display_name, m.person_id)sql"},
    {"catalog.member", R"sql(SELECT m.roles, r.display_name FROM members m
        LEFT JOIN raters r ON r.rater_id = m.person_id
        WHERE m.project_id = :project AND m.person_id = :member)sql"},
    {"catalog.memberships",
     R"sql(SELECT project_id, roles FROM members WHERE person_id = :member)sql"},
    {"catalog.rater", R"sql(SELECT * FROM raters WHERE rater_id = :rater)sql"},

    {"catalog.patient", R"sql(SELECT * FROM patients WHERE patient_id = :patient)sql"},
    {"catalog.study", R"sql(SELECT * FROM studies WHERE study_id = :study)sql"},
    {"catalog.study_of_uid", R"sql(SELECT * FROM studies WHERE study_uid = :uid)sql"},
    {"catalog.series", R"sql(SELECT * FROM series WHERE series_id = :series)sql"},
    {"catalog.series_of_uid", R"sql(SELECT * FROM series WHERE series_uid = :uid)sql"},
    {"catalog.series_of_study", R"sql(SELECT * FROM series WHERE study_id = :study
        ORDER BY number IS NULL, number, series_uid)sql"},
    {"catalog.instance_of_uid",
     R"sql(SELECT instance_id, content, series_id FROM instances WHERE sop_uid = :uid)sql"},
    {"catalog.whole_instance_of_uid", R"sql(SELECT * FROM instances WHERE sop_uid = :uid)sql"},
    {"catalog.instances_of_series", R"sql(SELECT * FROM instances WHERE series_id = :series
        ORDER BY sop_uid)sql"},
    {"catalog.frame_places", R"sql(SELECT sop_uid, frames_object, frames_object_size,
        first_frame_offset, frame_count FROM instances WHERE series_id = :series)sql"},
    {"catalog.study_of_instance", R"sql(SELECT s.study_id, s.patient_id FROM instances i
        JOIN series s USING (series_id) WHERE i.instance_id = :source)sql"},
    {"catalog.grid", R"sql(SELECT grid FROM grids WHERE grid_id = :grid_id)sql"},
    {"catalog.series_of_grid", R"sql(SELECT s.* FROM series_grids g JOIN series s USING (series_id)
        WHERE g.grid_id = :grid_id AND s.study_id = :study)sql"},
    {"catalog.note", R"sql(SELECT * FROM notes WHERE note_id = :note)sql"},
    {"catalog.note_of_content",
     R"sql(SELECT note_id, patient_id FROM notes WHERE content = :content)sql"},
    {"catalog.note_of_key",
     R"sql(SELECT note_id, patient_id, content FROM notes WHERE source_key = :key)sql"},
    {"catalog.notes_of_file", R"sql(SELECT * FROM notes WHERE file_content = :content
        ORDER BY note_id)sql"},
    {"catalog.recording", R"sql(SELECT * FROM recordings WHERE recording_id = :recording)sql"},
    {"catalog.recording_files", R"sql(SELECT object, object_size FROM recording_files
        WHERE recording_id = :recording ORDER BY file)sql"},
    {"catalog.recording_of_content", R"sql(SELECT * FROM recordings WHERE content = :content)sql"},
    {"catalog.content", R"sql(SELECT kind, source_id FROM contents WHERE content = :content)sql"},

    {"catalog.item", R"sql(SELECT i.*, p.pseudonym FROM items i JOIN patients p USING (patient_id)
        WHERE i.item_id = :item AND i.project_id = :project)sql"},
    {"catalog.items", R"sql(SELECT i.*, p.pseudonym FROM items i JOIN patients p USING (patient_id)
        WHERE i.project_id = :project ORDER BY i.number)sql"},
    {"catalog.item_of_source",
     R"sql(SELECT item_id FROM items WHERE project_id = :project AND source_id = :source)sql"},
    {"catalog.any_item_of_source", R"sql(SELECT * FROM items WHERE source_id = :source
        ORDER BY item_id LIMIT 1)sql"},
    // A patient's items in the projects given as [[id, sees all], ...]; a rater who does not see
    // all of a project sees what is open there and what was theirs, as in its work list.
    {"catalog.related", R"sql(SELECT i.item_id, i.project_id, i.kind, i.modality, i.date, i.title
        FROM json_each(:projects) p CROSS JOIN items i
          ON i.project_id = json_extract(p.value, '$[0]') AND i.patient_id = :patient
        WHERE i.item_id <> :item AND (json_extract(p.value, '$[1]') OR i.state <> 'done'
          OR EXISTS (SELECT 1 FROM tasks t WHERE t.item_id = i.item_id AND t.stage = 'label'
            AND t.rater_id = :rater))
        ORDER BY i.date, i.kind, i.project_id, i.number)sql"},
    {"catalog.prior_studies", R"sql(SELECT item_id, source_id FROM items
        WHERE project_id = :project AND patient_id = :patient AND kind = 'image'
          AND item_id <> :item AND date <> '' AND date < :date
        ORDER BY date DESC, number DESC LIMIT :limit)sql"},
    // The studies that a person sees as image items of a project, or one of them. Volumes of other
    // formats have no SOP class: their series are none of DICOM's.
    {"catalog.dicom_studies", R"sql(SELECT i.item_id, i.project_id, i.number, i.title, i.date,
        i.patient_id, p.pseudonym, s.study_id, s.study_uid, s.facts, r.deid_at,
        (SELECT group_concat(DISTINCT e.modality) FROM series e WHERE e.study_id = s.study_id
          AND EXISTS (SELECT 1 FROM instances n WHERE n.series_id = e.series_id
            AND n.sop_class_uid <> '')) AS modalities,
        (SELECT COUNT(*) FROM series e WHERE e.study_id = s.study_id
          AND EXISTS (SELECT 1 FROM instances n WHERE n.series_id = e.series_id
            AND n.sop_class_uid <> '')) AS series_count,
        (SELECT SUM(e.instance_count) FROM series e WHERE e.study_id = s.study_id
          AND EXISTS (SELECT 1 FROM instances n WHERE n.series_id = e.series_id
            AND n.sop_class_uid <> '')) AS instance_count
        FROM items i JOIN patients p USING (patient_id) JOIN studies s ON s.study_id = i.source_id
        JOIN projects r USING (project_id)
        WHERE i.project_id = :project AND i.kind = 'image'
          AND (:study IS NULL OR s.study_id = :study)
          AND EXISTS (SELECT 1 FROM series e JOIN instances n USING (series_id)
            WHERE e.study_id = s.study_id AND n.sop_class_uid <> '')
          AND (:all OR i.state <> 'done' OR EXISTS (SELECT 1 FROM tasks t
            WHERE t.item_id = i.item_id AND t.stage = 'label' AND t.rater_id = :rater))
        ORDER BY i.number)sql"},
    {"catalog.dicom_series_of_study", R"sql(SELECT * FROM series e WHERE study_id = :study
        AND EXISTS (SELECT 1 FROM instances n WHERE n.series_id = e.series_id
          AND n.sop_class_uid <> '')
        ORDER BY number IS NULL, number, series_uid)sql"},
    {"catalog.metadata_of_series", R"sql(SELECT instance_id, sop_uid, metadata FROM instances
        WHERE series_id = :series
        ORDER BY json_extract(description, '$.number'), sop_uid)sql"},
    {"catalog.item_ids",
     R"sql(SELECT item_id FROM items WHERE project_id = :project ORDER BY number)sql"},
    {"catalog.item_was_read", R"sql(SELECT 1 AS found FROM item_reads WHERE person = :reader
        AND item_id = :item AND purpose = :purpose
        AND (:reader_sign_in IS NULL OR sign_in = :reader_sign_in) LIMIT 1)sql"},

    {"catalog.import", R"sql(SELECT * FROM imports WHERE import_id = :import)sql"},
    {"catalog.imports", R"sql(SELECT * FROM imports WHERE project_id = :project
        ORDER BY started_at DESC, import_id DESC)sql"},
    {"catalog.imports_receiving",
     R"sql(SELECT * FROM imports WHERE state = 'receiving' AND person = :person)sql"},
    {"catalog.imports_unfinished",
     R"sql(SELECT * FROM imports WHERE state IN ('running', 'failed'))sql"},
    {"catalog.import_refusals", R"sql(SELECT * FROM import_refusals WHERE import_id = :import
        ORDER BY file_number)sql"},
};

}  // namespace

Area catalog_area() {
  return {.name = "catalog",
          .migrations = migrations,
          .projections = projections,
          .queries = queries,
          .object_references = {
              "SELECT patient_id, object FROM instances",
              "SELECT patient_id, frames_object AS object FROM instances",
              "SELECT patient_id, object FROM notes",
              "SELECT patient_id, object FROM recording_files",
              "SELECT patient_id, pyramid_object AS object FROM recordings",
          }};
}

}  // namespace consilium::storage::sqlite
