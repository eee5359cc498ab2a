#include "storage/maintenance/rebuild_check.hpp"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "storage/files/object_store.hpp"
#include "storage/log/event_text.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/migrate.hpp"

namespace consilium::storage {
namespace {

namespace fs = std::filesystem;
using sqlite::Connection;
using sqlite::OpenMode;
using sqlite::Parameters;
using sqlite::Schema;

// The fresh database, removed when done with.
class FreshFile {
 public:
  explicit FreshFile(fs::path path) : path_(std::move(path)) { remove(); }
  FreshFile(const FreshFile&) = delete;
  FreshFile& operator=(const FreshFile&) = delete;
  ~FreshFile() { remove(); }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  void remove() const {
    std::error_code problem;
    fs::remove(path_, problem);
  }
  fs::path path_;
};

// "file:" names in SQLite are URIs: these characters would end the path.
std::string read_only_uri(const fs::path& file) {
  std::string uri = "file:";
  for (const char c : fs::absolute(file).string()) {
    if (c == '%') {
      uri += "%25";
    } else if (c == '?') {
      uri += "%3f";
    } else if (c == '#') {
      uri += "%23";
    } else {
      uri.push_back(c);
    }
  }
  return uri + "?mode=ro";
}

Status replay(const Connection& connection) {
  const Schema& schema = connection.schema();
  return connection.for_each(
      "SELECT sequence, body FROM kept.events ORDER BY sequence", {},
      [&](const Row& row) -> Status {
        const LoggedEvent event = CSL_TRY(read_event(row.text("body")));
        const std::vector<std::size_t>* statements = schema.projection(event.type);
        if (statements == nullptr) {
          return fail(ErrorCode::Unsupported,
                      "the log has an event that this version does not know",
                      "event " + std::to_string(row.integer("sequence")));
        }
        for (const std::size_t statement : *statements) {
          CSL_TRY(connection.query(statement, Parameters{&event.fields, &event.envelope}));
        }
        return {};
      });
}

// Tables that follow from the log: not the log itself, nor the keys, nor what may be lost.
Result<std::vector<std::string>> derived_tables(const Connection& connection) {
  const Rows rows = CSL_TRY(connection.query_sql(
      "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
      "ESCAPE "
      "'\\' AND name NOT LIKE 'volatile\\_%' ESCAPE '\\' AND name NOT IN ('events', 'heads', "
      "'log_tail', 'patient_keys', 'schema_versions') ORDER BY name"));
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.text("name"));
  return names;
}

Result<std::int64_t> number(const Connection& connection, const std::string& sql) {
  const Rows rows = CSL_TRY(connection.query_sql(sql));
  return rows.front().integer("n");
}

Status compare_tables(const Connection& connection, VerifyReport& report) {
  for (const std::string& name : CSL_TRY(derived_tables(connection))) {
    const std::string kept = "SELECT * FROM kept.\"" + name + "\"";
    const std::string made = "SELECT * FROM main.\"" + name + "\"";
    VerifyReport::Table table{.name = name};
    table.row_count =
        CSL_TRY(number(connection, "SELECT count(*) AS n FROM kept.\"" + name + "\""));
    const std::int64_t made_count =
        CSL_TRY(number(connection, "SELECT count(*) AS n FROM main.\"" + name + "\""));
    table.missing_count =
        CSL_TRY(number(connection, "SELECT count(*) AS n FROM (" + made + " EXCEPT " + kept + ")"));
    table.extra_count =
        CSL_TRY(number(connection, "SELECT count(*) AS n FROM (" + kept + " EXCEPT " + made + ")"));
    if (table.missing_count != 0 || table.extra_count != 0 || made_count != table.row_count) {
      report.problems.push_back("table " + name + ": " + std::to_string(table.missing_count) +
                                " rows of the log are not there, " +
                                std::to_string(table.extra_count) + " are not of the log");
    }
    report.tables.push_back(std::move(table));
  }
  return {};
}

// An erased patient must have no key, whatever was written to the table since.
Status check_erased(const Connection& connection, VerifyReport& report) {
  const std::int64_t kept_keys = CSL_TRY(
      number(connection,
             "SELECT count(*) AS n FROM kept.events e JOIN kept.patient_keys k ON k.patient_id = "
             "e.patient_id WHERE e.type = 'patient.erased' AND k.wrapped IS NOT NULL"));
  if (kept_keys > 0) report.problems.emplace_back("an erased patient has a key again");
  return {};
}

std::set<std::string> object_files(const fs::path& objects) {
  std::set<std::string> names;
  std::error_code problem;
  for (const auto& entry : fs::recursive_directory_iterator(objects, problem)) {
    const std::string name = entry.path().filename().string();
    if (is_object_name(name)) names.insert(name);
  }
  return names;
}

Status check_objects(const Connection& connection, const fs::path& folder, VerifyReport& report) {
  std::set<std::string> unnamed = object_files(folder / "objects");
  std::set<std::string> named;
  for (const sqlite::Area& area : connection.schema().areas()) {
    for (const char* sql : area.object_references) {
      CSL_TRY(connection.for_each(sql, {}, [&](const Row& row) -> Status {
        named.insert(row.text("object"));
        return {};
      }));
    }
  }
  report.object_count = static_cast<std::int64_t>(named.size());
  for (const std::string& name : named) {
    if (unnamed.erase(name) == 0) report.missing_objects.push_back(name);
  }
  report.unnamed_object_count = static_cast<std::int64_t>(unnamed.size());
  if (!report.missing_objects.empty()) {
    report.problems.push_back(std::to_string(report.missing_objects.size()) +
                              " objects are missing");
  }
  return {};
}

}  // namespace

Result<VerifyReport> verify_store(const fs::path& folder, std::vector<sqlite::Area> areas) {
  VerifyReport report;
  report.audit = CSL_TRY(audit_verify(folder));
  if (!report.audit.holds) {
    report.problems.push_back(report.audit.problem);
    return report;
  }
  const FreshFile file(folder / ("verify-" + std::to_string(::getpid()) + ".db"));
  const std::unique_ptr<Connection> connection = CSL_TRY(Connection::open(
      file.path(), OpenMode::ReadWrite, nullptr, std::make_shared<const Schema>(std::move(areas))));
  // Nothing of this file need survive.
  CSL_TRY(connection->run(
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = 1;"
      "PRAGMA cache_size = -65536"));
  CSL_TRY(sqlite::migrate(*connection));
  CSL_TRY(connection->query_sql("ATTACH :file AS kept",
                                Fields{{"file", read_only_uri(folder / "catalog.db")}}));
  CSL_TRY(connection->run("BEGIN"));
  const Status replayed = replay(*connection);
  if (!replayed) {
    report.problems.push_back("the log cannot be applied: " + replayed.error().what + " (" +
                              replayed.error().where + ")");
    return report;
  }
  CSL_TRY(compare_tables(*connection, report));
  CSL_TRY(check_erased(*connection, report));
  CSL_TRY(check_objects(*connection, folder, report));
  report.holds = report.problems.empty();
  return report;
}

}  // namespace consilium::storage
