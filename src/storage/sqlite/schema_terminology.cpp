// Which terminologies and value sets a site has loaded.
#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {
namespace {

const std::vector<Migration> migrations = {
    {1, R"sql(
CREATE TABLE terminologies (
  system TEXT NOT NULL, version TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
  digest TEXT NOT NULL, size_bytes INTEGER NOT NULL, concept_count INTEGER NOT NULL,
  term_count INTEGER NOT NULL, loaded_at INTEGER NOT NULL, loaded_by TEXT NOT NULL,
  sequence INTEGER NOT NULL, PRIMARY KEY (system, version)) STRICT;
)sql"},
};

const std::vector<Projection> projections = {
    {"terminology.loaded",
     {R"sql(INSERT OR REPLACE INTO terminologies VALUES (:system, :version, :kind, :title, :digest,
        :size_bytes, :concept_count, :term_count, :at, :loaded_by, :sequence))sql"}},
    {"terminology.removed",
     {R"sql(DELETE FROM terminologies WHERE system = :system AND version = :version)sql"}},
};

const std::vector<NamedQuery> queries = {
    {"terminology.all", "SELECT * FROM terminologies ORDER BY system, sequence DESC"},
};

}  // namespace

Area terminology_area() {
  return {.name = "terminology",
          .migrations = migrations,
          .projections = projections,
          .queries = queries,
          .object_references = {}};
}

}  // namespace consilium::storage::sqlite
