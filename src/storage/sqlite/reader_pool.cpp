#include "storage/sqlite/reader_pool.hpp"

#include <utility>

namespace consilium::storage::sqlite {

class SqliteReader final : public Reader {
 public:
  SqliteReader(ReaderPool& pool, std::unique_ptr<Connection> connection)
      : pool_(pool), connection_(std::move(connection)) {}
  ~SqliteReader() override { pool_.take_back(std::move(connection_)); }

  Result<Rows> query(std::string_view statement, const Fields& parameters) const override {
    return connection_->query(connection_->schema().query(statement), Parameters{&parameters});
  }

  Result<std::string> open_sealed(const PatientId& patient, ByteView sealed) const override {
    const Key key = CSL_TRY(key_of(patient));
    const Bytes plain = CSL_TRY(open_patient_text(key, patient, sealed));
    return std::string(text_of(plain));
  }

 private:
  Result<Key> key_of(const PatientId& patient) const {
    if (const std::optional<Key> known = pool_.keys_.cached(patient)) return *known;
    const Rows rows = CSL_TRY(query("core.key", Fields{{"patient_id", to_string(patient)}}));
    if (rows.empty() || rows.front().is_null("wrapped")) {
      return fail(ErrorCode::NotFound, "this patient was erased");
    }
    const Key key = CSL_TRY(pool_.keys_.unwrap(patient, rows.front().bytes("wrapped")));
    pool_.keys_.remember(patient, key);
    return key;
  }

  ReaderPool& pool_;
  std::unique_ptr<Connection> connection_;
};

Result<std::unique_ptr<Connection>> ReaderPool::open() const {
  std::unique_ptr<Connection> connection =
      CSL_TRY(Connection::open(file_, OpenMode::ReadOnly, vfs_, schema_));
  const std::size_t cache_kib = page_cache_bytes_ / 1024;
  CSL_TRY(
      connection->run("PRAGMA query_only = 1; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -" +
                      std::to_string(cache_kib)));
  return connection;
}

Result<std::unique_ptr<Reader>> ReaderPool::lend() {
  struct Loan {
    bool granted = false;
    std::unique_ptr<Connection> connection;
  };
  Loan loan = state_.with([](State& state) -> Loan {
    if (state.lent_count >= lent_max) return {};
    ++state.lent_count;
    if (state.idle.empty()) return {.granted = true, .connection = nullptr};
    std::unique_ptr<Connection> connection = std::move(state.idle.back());
    state.idle.pop_back();
    return {.granted = true, .connection = std::move(connection)};
  });
  if (!loan.granted) {
    return fail(ErrorCode::Unavailable, "too many readers at once", {}, "try again");
  }
  const Status begun = [&]() -> Status {
    if (!loan.connection) loan.connection = CSL_TRY(open());
    // BEGIN alone takes no snapshot; the first read does.
    CSL_TRY(loan.connection->query(schema_->query("core.begin_read"), {}));
    CSL_TRY(loan.connection->query(schema_->query("core.take_snapshot"), {}));
    return {};
  }();
  if (!begun) {
    state_.with([](State& state) { --state.lent_count; });
    return std::unexpected(begun.error());
  }
  return std::make_unique<SqliteReader>(*this, std::move(loan.connection));
}

void ReaderPool::take_back(std::unique_ptr<Connection> connection) {
  const bool clean = connection->query(schema_->query("core.end_read"), {}).has_value();
  state_.with([&](State& state) {
    --state.lent_count;
    if (clean && state.idle.size() < idle_max) state.idle.push_back(std::move(connection));
  });
}

}  // namespace consilium::storage::sqlite
