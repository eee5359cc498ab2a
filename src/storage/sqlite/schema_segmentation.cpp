// What a project's pixel classifier learns from; the classifier itself follows from it.
#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {
namespace {

const std::vector<Migration> migrations = {
    {1, R"sql(
CREATE TABLE pixel_samples (
  item_id TEXT NOT NULL, rater_id TEXT NOT NULL, project_id TEXT NOT NULL,
  patient_id TEXT NOT NULL, object TEXT NOT NULL, object_size INTEGER NOT NULL,
  sample_count INTEGER NOT NULL, kept_at INTEGER NOT NULL, sequence INTEGER NOT NULL,
  PRIMARY KEY (item_id, rater_id)) STRICT;
CREATE INDEX pixel_samples_project ON pixel_samples (project_id, sequence);
)sql"},
};

const std::vector<Projection> projections = {
    {"pixel_samples.kept",
     {R"sql(INSERT OR REPLACE INTO pixel_samples VALUES (:item_id, :rater_id, :project_id,
        :patient_id, :object, :object_size, :sample_count, :at, :sequence))sql"}},
};

const std::vector<NamedQuery> queries = {
    {"segmentation.pixel_samples", R"sql(SELECT * FROM pixel_samples WHERE project_id = :project
        ORDER BY sequence DESC LIMIT :limit)sql"},
};

}  // namespace

Area segmentation_area() {
  return {.name = "segmentation",
          .migrations = migrations,
          .projections = projections,
          .queries = queries,
          .object_references = {"SELECT patient_id, object FROM pixel_samples"}};
}

}  // namespace consilium::storage::sqlite
