// Objects of other tools as they were received, and those that wait for their images.
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
};

const std::vector<Projection> projections = {
    {"object.received",
     {R"sql(INSERT INTO received_objects VALUES (:project_id, :study_id, :patient_id, :series_uid,
        :series_number, :modality, :sop_uid, :sop_class_uid, :content, :object, :object_size,
        :speaks_served, :at))sql"}},
    {"object.waits",
     {R"sql(INSERT INTO waiting_objects VALUES (:project_id, :patient_id, :import_id, :file_number,
        :sop_uid, :sop_class_uid, :modality, :content, :object, :object_size, :code, :what, :place,
        :remedy, :at)
        ON CONFLICT (project_id, sop_uid) DO UPDATE SET code = excluded.code,
        what = excluded.what, place = excluded.place, remedy = excluded.remedy)sql"}},
    {"object.taken_in", {R"sql(DELETE FROM waiting_objects
        WHERE project_id = :project_id AND sop_uid = :sop_uid)sql"}},
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
