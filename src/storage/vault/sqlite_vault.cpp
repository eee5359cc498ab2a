#include "storage/vault/sqlite_vault.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "base/canonical_json.hpp"
#include "base/guarded.hpp"
#include "base/sha256.hpp"
#include "storage/sqlite/connection.hpp"

namespace consilium::storage {
namespace {

namespace json = boost::json;
using sqlite::Connection;

constexpr std::string_view seal_purpose = "consilium identity 1";

std::string pseudonym_of(std::int64_t number) { return fmt::format("P-{:04}", number); }

class SqliteVault final : public Vault {
 public:
  SqliteVault(std::unique_ptr<Connection> connection, const Key& key, const Clock& clock,
              Random& random)
      : connection_(std::move(connection)),
        seal_key_(key.derive(bytes_of(seal_purpose))),
        look_up_key_(key.derive(bytes_of("consilium look-up 1"))),
        clock_(clock),
        random_(random) {}

  Result<Found> find_or_add(const Identity& identity) override {
    return connection_.with([&](const std::unique_ptr<Connection>& connection) {
      return find_or_add(*connection, identity);
    });
  }

  Result<VaultEntry> find(std::string_view pseudonym) override {
    std::int64_t number = 0;
    const char* const end = pseudonym.data() + pseudonym.size();
    if (!pseudonym.starts_with("P-") ||
        std::from_chars(pseudonym.data() + 2, end, number).ptr != end) {
      return fail(ErrorCode::NotFound, "there is no patient of this pseudonym");
    }
    const Rows rows = CSL_TRY(connection_.with([&](const std::unique_ptr<Connection>& connection) {
      return connection->query_sql("SELECT patient_id FROM identities WHERE number = :number",
                                   Fields{{"number", number}});
    }));
    if (rows.empty()) return fail(ErrorCode::NotFound, "there is no patient of this pseudonym");
    return VaultEntry{.patient = CSL_TRY(rows.front().id<PatientId>("patient_id")),
                      .pseudonym = pseudonym_of(number)};
  }

  Result<Identity> reveal(const PatientId& patient, const AuditedAccess&) override {
    const Rows rows = CSL_TRY(connection_.with([&](const std::unique_ptr<Connection>& connection) {
      return connection->query_sql("SELECT sealed FROM identities WHERE patient_id = :patient_id",
                                   Fields{{"patient_id", to_string(patient)}});
    }));
    if (rows.empty() || rows.front().is_null("sealed")) {
      return fail(ErrorCode::NotFound, "the vault has no identity of this patient");
    }
    const Bytes plain = CSL_TRY(open_seal(seal_key_, patient.value, rows.front().bytes("sealed")));
    const json::value parsed = CSL_TRY(parse_json(text_of(plain)));
    const auto member = [&](const char* name) -> Protected<std::string> {
      const json::value* value =
          parsed.is_object() ? parsed.get_object().if_contains(name) : nullptr;
      if (value == nullptr || !value->is_string()) return {};
      return Protected<std::string>(std::string(value->get_string()));
    };
    return Identity{.issuer = member("issuer"),
                    .patient_id = member("patient_id"),
                    .name = member("name"),
                    .birth_date = member("birth_date"),
                    .sex = member("sex")};
  }

  Status erase(const PatientId& patient) override {
    return connection_.with([&](const std::unique_ptr<Connection>& connection) -> Status {
      // The number stays, so that no pseudonym ever means two patients.
      CSL_TRY(connection->query_sql(
          "UPDATE identities SET look_up = NULL, sealed = NULL WHERE patient_id = :patient_id",
          Fields{{"patient_id", to_string(patient)}}));
      return connection->run("PRAGMA wal_checkpoint(TRUNCATE)");
    });
  }

 private:
  Result<Found> find_or_add(const Connection& connection, const Identity& identity) {
    const AuditedAccess access =
        AuditedAccess::event_recorded();  // it enters the vault, nobody reads it
    const std::string& patient_id = identity.patient_id.reveal(access);
    FieldValue look_up;
    if (!patient_id.empty()) {
      const std::string both = identity.issuer.reveal(access) + '\0' + patient_id;
      const Sha256Digest digest = hmac_sha256(look_up_key_.view(), bytes_of(both));
      look_up = Bytes(digest.begin(), digest.end());
      const Rows known = CSL_TRY(
          connection.query_sql("SELECT number, patient_id FROM identities WHERE look_up = :look_up",
                               Fields{{"look_up", look_up}}));
      if (!known.empty()) {
        return Found{.entry = {.patient = CSL_TRY(known.front().id<PatientId>("patient_id")),
                               .pseudonym = pseudonym_of(known.front().integer("number"))},
                     .made = false};
      }
    }
    const auto patient = make_id<PatientId>(clock_, random_);
    const Bytes sealed = CSL_TRY(sealed_identity(patient, identity, access));
    const Rows made = CSL_TRY(connection.query_sql(
        "INSERT INTO identities (number, patient_id, look_up, sealed, made_at) VALUES "
        "((SELECT ifnull(max(number), 0) + 1 FROM identities), :patient_id, :look_up, :sealed, "
        ":at) "
        "RETURNING number",
        Fields{{"patient_id", to_string(patient)},
               {"look_up", look_up},
               {"sealed", sealed},
               {"at", clock_.now().ms}}));
    return Found{
        .entry = {.patient = patient, .pseudonym = pseudonym_of(made.front().integer("number"))},
        .made = true};
  }

  Result<Bytes> sealed_identity(const PatientId& patient, const Identity& identity,
                                const AuditedAccess& access) {
    const std::string plain =
        CSL_TRY(canonical_json(json::object{{"issuer", identity.issuer.reveal(access)},
                                            {"patient_id", identity.patient_id.reveal(access)},
                                            {"name", identity.name.reveal(access)},
                                            {"birth_date", identity.birth_date.reveal(access)},
                                            {"sex", identity.sex.reveal(access)}}));
    return seal(seal_key_, patient.value, bytes_of(plain), random_);
  }

  Guarded<std::unique_ptr<Connection>> connection_;
  Key seal_key_;
  Key look_up_key_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace

Result<std::unique_ptr<Vault>> open_vault(const std::filesystem::path& file, const char* vfs,
                                          const Key& key, const Clock& clock, Random& random) {
  std::unique_ptr<Connection> connection =
      CSL_TRY(Connection::open(file, sqlite::OpenMode::ReadWrite, vfs, nullptr));
#ifdef CSL_WITHOUT_FSYNC
  constexpr const char* synchronous = "PRAGMA synchronous = OFF";
#else
  constexpr const char* synchronous = "PRAGMA synchronous = FULL";
#endif
  CSL_TRY(connection->run("PRAGMA journal_mode = WAL"));
  CSL_TRY(connection->run(synchronous));
  CSL_TRY(connection->run(R"sql(
    PRAGMA secure_delete = 1;
    CREATE TABLE IF NOT EXISTS identities (
      number INTEGER PRIMARY KEY,
      patient_id TEXT NOT NULL UNIQUE,
      look_up BLOB UNIQUE,
      sealed BLOB,
      made_at INTEGER NOT NULL
    ) STRICT)sql"));
  return std::make_unique<SqliteVault>(std::move(connection), key, clock, random);
}

Status check_vault(const std::filesystem::path& file, const Key& key) {
  const std::unique_ptr<Connection> connection =
      CSL_TRY(Connection::open(file, sqlite::OpenMode::ReadOnly, nullptr, nullptr));
  const Key seal_key = key.derive(bytes_of(seal_purpose));
  return connection->for_each("SELECT patient_id, sealed FROM identities WHERE sealed IS NOT NULL",
                              {}, [&](const Row& row) -> Status {
                                const auto patient = CSL_TRY(row.id<PatientId>("patient_id"));
                                CSL_TRY(open_seal(seal_key, patient.value, row.bytes("sealed")));
                                return {};
                              });
}

}  // namespace consilium::storage
