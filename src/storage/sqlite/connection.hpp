// One connection to an SQLite file, with the schema's statements kept prepared. The one file of
// ours that speaks SQLite's C interface, beside backup and the fault tests.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/fields.hpp"
#include "storage/sqlite/schema.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace consilium::storage::sqlite {

// Where a statement finds its parameters: the first that has the name counts.
struct Parameters {
  const Fields* first = nullptr;
  const Fields* second = nullptr;
  [[nodiscard]] const FieldValue* find(std::string_view name) const {
    const FieldValue* found = first != nullptr ? first->find(name) : nullptr;
    return found != nullptr || second == nullptr ? found : second->find(name);
  }
};

enum class OpenMode { ReadWrite, ReadOnly };

class Connection {
 public:
  // `schema` may be null for a file that has another one (the vault); only `run` and `query_sql`
  // are then of use. `vfs` null is the machine's own. Errors: Unavailable, Corrupt.
  static Result<std::unique_ptr<Connection>> open(const std::filesystem::path& file, OpenMode mode,
                                                  const char* vfs,
                                                  std::shared_ptr<const Schema> schema);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // One or several statements without parameters or answers.
  [[nodiscard]] Status run(const std::string& sql) const;
  // A statement of the schema; its rows. Errors: InvalidInput when a constraint refuses it,
  // NoSpace, Unavailable, Corrupt, Internal.
  [[nodiscard]] Result<Rows> query(std::size_t statement, const Parameters& parameters) const;
  // A statement that is not of the schema, prepared for this one use.
  [[nodiscard]] Result<Rows> query_sql(const std::string& sql, const Fields& parameters = {}) const;
  // Rows one by one, for tables that do not fit into memory; ends early when `row` fails.
  template <class Use>
  [[nodiscard]] Status for_each(const std::string& sql, const Fields& parameters, Use&& row) const {
    Prepared prepared = CSL_TRY(prepare(sql.c_str(), false));
    CSL_TRY(bind(prepared, Parameters{&parameters}));
    while (CSL_TRY(step(prepared))) CSL_TRY(row(row_of(prepared)));
    return {};
  }

  [[nodiscard]] const Schema& schema() const { return *schema_; }
  [[nodiscard]] bool in_transaction() const;
  // SQLite's extended result code of the last failure, to tell a failed fsync from a full disk.
  [[nodiscard]] int last_problem() const { return last_problem_; }
  [[nodiscard]] sqlite3* handle() const { return handle_; }

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  struct Prepared {
    std::unique_ptr<sqlite3_stmt, Finalizer> statement;
    std::vector<std::string> parameters;
    Row::Columns columns;
  };
  struct Resetter;

  Connection(sqlite3* handle, std::shared_ptr<const Schema> schema);
  [[nodiscard]] Result<Prepared> prepare(const char* sql, bool lasting) const;
  [[nodiscard]] Status bind(Prepared& prepared, const Parameters& parameters) const;
  [[nodiscard]] Result<bool> step(Prepared& prepared) const;
  [[nodiscard]] Row row_of(const Prepared& prepared) const;
  [[nodiscard]] Result<Rows> rows_of(Prepared& prepared, const Parameters& parameters) const;
  [[nodiscard]] std::unexpected<Error> problem(int code) const;

  sqlite3* handle_;
  std::shared_ptr<const Schema> schema_;
  mutable std::vector<Prepared> prepared_;
  mutable int last_problem_ = 0;
};

}  // namespace consilium::storage::sqlite
