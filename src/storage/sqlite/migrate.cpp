#include "storage/sqlite/migrate.hpp"

#include <algorithm>

namespace consilium::storage::sqlite {
namespace {

Status run_migration(const Connection& connection, const Area& area, const Migration& migration) {
  CSL_TRY(connection.run("BEGIN IMMEDIATE"));
  const Status done = [&]() -> Status {
    CSL_TRY(connection.run(migration.sql));
    CSL_TRY(connection.query_sql(
        "INSERT INTO schema_versions (area, number) VALUES (:area, :number) "
        "ON CONFLICT (area) DO UPDATE SET number = excluded.number",
        Fields{{"area", std::string(area.name)}, {"number", std::int64_t{migration.number}}}));
    return connection.run("COMMIT");
  }();
  if (!done && connection.in_transaction()) static_cast<void>(connection.run("ROLLBACK"));
  return done;
}

}  // namespace

Status migrate(const Connection& connection) {
  CSL_TRY(
      connection.run("CREATE TABLE IF NOT EXISTS schema_versions (area TEXT PRIMARY KEY, "
                     "number INTEGER NOT NULL) STRICT, WITHOUT ROWID"));
  const Rows versions = CSL_TRY(connection.query_sql("SELECT area, number FROM schema_versions"));
  const std::vector<Area>& areas = connection.schema().areas();
  for (const Row& version : versions) {
    const auto area = std::find_if(areas.begin(), areas.end(), [&](const Area& candidate) {
      return version.text("area") == candidate.name;
    });
    if (area == areas.end() ||
        version.integer("number") > static_cast<std::int64_t>(area->migrations.size())) {
      return fail(ErrorCode::Unsupported, "a newer version of the program wrote this folder", {},
                  "start that version, or a newer one");
    }
  }
  for (const Area& area : areas) {
    const auto version = std::find_if(versions.begin(), versions.end(), [&](const Row& row) {
      return row.text("area") == area.name;
    });
    const std::int64_t have = version == versions.end() ? 0 : version->integer("number");
    for (const Migration& migration : area.migrations) {
      if (migration.number > have) CSL_TRY(run_migration(connection, area, migration));
    }
  }
  return {};
}

}  // namespace consilium::storage::sqlite
