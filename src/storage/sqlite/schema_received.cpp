// Objects of other tools as they were received, and what is kept that could not be taken in yet.
#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {
namespace {

const std::vector<Migration> migrations = {
    {1, R"sql(
CREATE TABLE received_objects (
  project_id TEXT NOT NULL, study_id TEXT NOT NULL, patient_id TEXT NOT NULL,
  series_uid TEXT NOT NULL, series_number INTEGER, modality TEXT NOT NULL,
  sop_uid TEXT NOT NULL, sop_class_uid TEXT NOT NULL, content TEXT NOT NULL,
  object TEXT NOT NULL, object_size INTEGER NOT NULL, speaks_served INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (project_id, sop_uid)) STRICT;
CREATE INDEX received_objects_study ON received_objects (study_id, project_id);
CREATE INDEX received_objects_uid ON received_objects (sop_uid);
)sql"},
    {2, R"sql(
CREATE TABLE waiting_objects (
  project_id TEXT NOT NULL, patient_id TEXT NOT NULL, import_id TEXT NOT NULL,
  file_number INTEGER NOT NULL, sop_uid TEXT NOT NULL, sop_class_uid TEXT NOT NULL,
  modality TEXT NOT NULL, content TEXT NOT NULL, object TEXT NOT NULL,
  object_size INTEGER NOT NULL, code TEXT NOT NULL, what TEXT NOT NULL, place TEXT NOT NULL,
  remedy TEXT NOT NULL, received_at INTEGER NOT NULL,
  PRIMARY KEY (project_id, sop_uid)) STRICT;
CREATE INDEX waiting_objects_import ON waiting_objects (import_id);
CREATE INDEX waiting_objects_uid ON waiting_objects (sop_uid);
)sql"},
    {3, R"sql(
ALTER TABLE waiting_objects RENAME TO waiting_objects_before;
CREATE TABLE waiting_objects (
  project_id TEXT NOT NULL, patient_id TEXT NOT NULL, import_id TEXT NOT NULL,
  file_number INTEGER NOT NULL, sop_uid TEXT NOT NULL, sop_class_uid TEXT NOT NULL,
  modality TEXT NOT NULL, content TEXT NOT NULL, object TEXT NOT NULL,
  object_size INTEGER NOT NULL, code TEXT NOT NULL, what TEXT NOT NULL, place TEXT NOT NULL,
  remedy TEXT NOT NULL, received_at INTEGER NOT NULL, is_image INTEGER NOT NULL, names BLOB,
  PRIMARY KEY (import_id, file_number)) STRICT;
INSERT INTO waiting_objects SELECT *, 0, NULL FROM waiting_objects_before;
DROP TABLE waiting_objects_before;
CREATE INDEX waiting_objects_content ON waiting_objects (project_id, content);
CREATE INDEX waiting_objects_uid ON waiting_objects (sop_uid);
)sql"},
};

// Events written before images could wait name neither `is_image` nor names.
constexpr const char* end_waiting = R"sql(DELETE FROM waiting_objects
        WHERE import_id = :import_id AND file_number = :file_number)sql";

const std::vector<Projection> projections = {
    {"object.received",
     {R"sql(INSERT INTO received_objects VALUES (:project_id, :study_id, :patient_id, :series_uid,
        :series_number, :modality, :sop_uid, :sop_class_uid, :content, :object, :object_size,
        :speaks_served, :at))sql"}},
    {"object.waits",
     {R"sql(INSERT INTO waiting_objects VALUES (:project_id, :patient_id, :import_id, :file_number,
        :sop_uid, :sop_class_uid, :modality, :content, :object, :object_size, :code, :what, :place,
        :remedy, :at, coalesce(:is_image, 0), :names)
        ON CONFLICT (import_id, file_number) DO UPDATE SET code = excluded.code,
        what = excluded.what, place = excluded.place, remedy = excluded.remedy)sql"}},
    {"object.taken_in", {end_waiting}},
    {"object.discarded", {end_waiting}},
};

const std::vector<NamedQuery> queries = {
    {"received.of_study", R"sql(SELECT * FROM received_objects WHERE study_id = :study
        AND project_id = :project
        ORDER BY series_number IS NULL, series_number, series_uid, sop_uid)sql"},
    {"received.of_uid", R"sql(SELECT * FROM received_objects WHERE sop_uid = :uid
        AND project_id = :project)sql"},
    {"received.any_of_uid", R"sql(SELECT * FROM received_objects WHERE sop_uid = :uid
        ORDER BY received_at, project_id LIMIT 1)sql"},
    {"received.waiting_of_project", R"sql(SELECT * FROM waiting_objects
        WHERE project_id = :project ORDER BY received_at, sop_uid)sql"},
    {"received.waiting_of_import", R"sql(SELECT * FROM waiting_objects WHERE import_id = :import
        ORDER BY file_number)sql"},
    {"received.waiting_of_uid", R"sql(SELECT * FROM waiting_objects WHERE sop_uid = :uid
        AND project_id = :project ORDER BY received_at, import_id, file_number)sql"},
    {"received.waiting_of_content", R"sql(SELECT * FROM waiting_objects WHERE content = :content
        AND project_id = :project)sql"},
    {"received.any_waiting_of_uid", R"sql(SELECT * FROM waiting_objects WHERE sop_uid = :uid
        ORDER BY received_at, project_id LIMIT 1)sql"},
};

}  // namespace

Area received_area() {
  return {.name = "received",
          .migrations = migrations,
          .projections = projections,
          .queries = queries,
          .object_references = {"SELECT patient_id, object FROM received_objects",
                                "SELECT patient_id, object FROM waiting_objects"}};
}

}  // namespace consilium::storage::sqlite
