// Which detectors label a project's recordings before people read them.
#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {
namespace {

const std::vector<Migration> migrations = {
    {1, R"sql(
CREATE TABLE signal_detectors (
  project_id TEXT NOT NULL, detector TEXT NOT NULL, is_on INTEGER NOT NULL,
  changed_at INTEGER NOT NULL, changed_by TEXT NOT NULL,
  PRIMARY KEY (project_id, detector)) STRICT;
)sql"},
};

const std::vector<Projection> projections = {
    {"signal_detector.set",
     {R"sql(INSERT OR REPLACE INTO signal_detectors VALUES (:project_id, :detector, :is_on, :at,
        :changed_by))sql"}},
};

const std::vector<NamedQuery> queries = {
    {"signal_detectors.of_project",
     "SELECT * FROM signal_detectors WHERE project_id = :project ORDER BY detector"},
};

}  // namespace

Area signal_detectors_area() {
  return {.name = "signal_detectors",
          .migrations = migrations,
          .projections = projections,
          .queries = queries,
          .object_references = {}};
}

}  // namespace consilium::storage::sqlite
