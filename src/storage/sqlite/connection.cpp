#include "storage/sqlite/connection.hpp"

#include <sqlite3.h>

#include <utility>

#include "base/check.hpp"

namespace consilium::storage::sqlite {
namespace {

// A destructor for the C interface that copies: the value need not outlive the call.
const sqlite3_destructor_type copied = SQLITE_TRANSIENT;

int bind_value(sqlite3_stmt* statement, int index, const FieldValue& value) {
  struct Visitor {
    sqlite3_stmt* statement;
    int index;
    int operator()(std::monostate) const { return sqlite3_bind_null(statement, index); }
    int operator()(bool flag) const { return sqlite3_bind_int64(statement, index, flag ? 1 : 0); }
    int operator()(std::int64_t whole) const { return sqlite3_bind_int64(statement, index, whole); }
    int operator()(double number) const { return sqlite3_bind_double(statement, index, number); }
    int operator()(const std::string& text) const {
      return sqlite3_bind_text64(statement, index, text.data(), text.size(), copied, SQLITE_UTF8);
    }
    int operator()(const Bytes& bytes) const {
      // A null pointer would bind NULL, not an empty blob.
      return sqlite3_bind_blob64(statement, index,
                                 bytes.empty() ? "" : static_cast<const void*>(bytes.data()),
                                 bytes.size(), copied);
    }
    int operator()(const JsonText& json) const { return (*this)(json.text); }
    int operator()(const PatientText&) const {
      CSL_CHECK(false && "a patient's text must be sealed before it reaches SQL");
      return SQLITE_MISUSE;
    }
  };
  return std::visit(Visitor{statement, index}, value);
}

FieldValue column_value(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement, column));
      return Bytes(bytes, bytes + sqlite3_column_bytes(statement, column));
    }
    default:
      return std::monostate{};
  }
}

}  // namespace

void Connection::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

// Ends a kept statement's use whatever way its function is left: an open one would hold the
// snapshot.
struct Connection::Resetter {
  sqlite3_stmt* statement;
  ~Resetter() {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
  }
};

Connection::Connection(sqlite3* handle, std::shared_ptr<const Schema> schema)
    : handle_(handle), schema_(std::move(schema)) {
  if (schema_) prepared_.resize(schema_->statement_count());
}

Connection::~Connection() {
  prepared_.clear();
  sqlite3_close_v2(handle_);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& file,
                                                     OpenMode mode, const char* vfs,
                                                     std::shared_ptr<const Schema> schema) {
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI |
                    (mode == OpenMode::ReadWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                 : SQLITE_OPEN_READONLY);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags, vfs);
  std::unique_ptr<Connection> connection(new Connection(handle, std::move(schema)));
  if (code != SQLITE_OK) return connection->problem(code);
  sqlite3_busy_timeout(handle, 5000);
  // Text of outsiders is only ever bound; a schema that calls functions with side effects is none
  // of ours.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return connection;
}

std::unexpected<Error> Connection::problem(int code) const {
  last_problem_ = code;
  // SQLite's messages name tables and columns, never values.
  const std::string message = handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory";
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
      return fail(ErrorCode::InvalidInput, "a rule of the tables refuses this", message);
    case SQLITE_FULL:
      return fail(ErrorCode::NoSpace, "the disk is full", {}, "free space; no restart is needed");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(ErrorCode::Unavailable, "the database is locked", message, "try again");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail(ErrorCode::Corrupt, "the database file is damaged", message,
                  "run consilium verify, then restore the newest backup");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return fail(ErrorCode::Unavailable, "the disk failed", message,
                  "look at the machine's disk log, then start the server again");
    default:
      return fail(ErrorCode::Internal, "the database refused a statement", message);
  }
}

Status Connection::run(const std::string& sql) const {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return problem(code);
  return {};
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Result<Connection::Prepared> Connection::prepare(const char* sql, bool lasting) const {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql, -1, lasting ? SQLITE_PREPARE_PERSISTENT : 0U,
                                      &statement, nullptr);
  Prepared prepared;
  prepared.statement.reset(statement);
  if (code != SQLITE_OK) return problem(code);
  const int parameter_count = sqlite3_bind_parameter_count(statement);
  for (int i = 1; i <= parameter_count; ++i) {
    const char* name = sqlite3_bind_parameter_name(statement, i);
    CSL_CHECK(name != nullptr && name[0] == ':');
    prepared.parameters.emplace_back(name + 1);
  }
  std::vector<std::string> columns;
  const int column_count = sqlite3_column_count(statement);
  for (int i = 0; i < column_count; ++i) columns.emplace_back(sqlite3_column_name(statement, i));
  prepared.columns = std::make_shared<const std::vector<std::string>>(std::move(columns));
  return prepared;
}

Status Connection::bind(Prepared& prepared, const Parameters& parameters) const {
  for (std::size_t i = 0; i < prepared.parameters.size(); ++i) {
    const FieldValue* value = parameters.find(prepared.parameters[i]);
    if (value == nullptr) continue;
    const int code = bind_value(prepared.statement.get(), static_cast<int>(i) + 1, *value);
    if (code != SQLITE_OK) return problem(code);
  }
  return {};
}

Result<bool> Connection::step(Prepared& prepared) const {
  const int code = sqlite3_step(prepared.statement.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return problem(code);
}

Row Connection::row_of(const Prepared& prepared) const {
  std::vector<FieldValue> values;
  values.reserve(prepared.columns->size());
  for (std::size_t i = 0; i < prepared.columns->size(); ++i) {
    values.push_back(column_value(prepared.statement.get(), static_cast<int>(i)));
  }
  return Row(prepared.columns, std::move(values));
}

Result<Rows> Connection::rows_of(Prepared& prepared, const Parameters& parameters) const {
  const Resetter resetter{prepared.statement.get()};
  CSL_TRY(bind(prepared, parameters));
  Rows rows;
  while (CSL_TRY(step(prepared))) rows.push_back(row_of(prepared));
  return rows;
}

Result<Rows> Connection::query(std::size_t statement, const Parameters& parameters) const {
  Prepared& prepared = prepared_[statement];
  if (!prepared.statement) prepared = CSL_TRY(prepare(schema_->sql(statement), true));
  return rows_of(prepared, parameters);
}

Result<Rows> Connection::query_sql(const std::string& sql, const Fields& parameters) const {
  Prepared prepared = CSL_TRY(prepare(sql.c_str(), false));
  return rows_of(prepared, Parameters{&parameters});
}

}  // namespace consilium::storage::sqlite
