#include "storage/sqlite/transaction.hpp"

#include <algorithm>
#include <cstdio>

#include "base/check.hpp"
#include "storage/log/event_text.hpp"
#include "storage/log/signed_head.hpp"

namespace consilium::storage::sqlite {
namespace {

Bytes bytes_from(const Sha256Digest& digest) { return {digest.begin(), digest.end()}; }

std::unexpected<Error> erased() { return fail(ErrorCode::NotFound, "this patient was erased"); }

}  // namespace

Result<Rows> SqliteTransaction::query(std::string_view statement, const Fields& parameters) const {
  return connection_.query(connection_.schema().query(statement), Parameters{&parameters});
}

Result<std::string> SqliteTransaction::open_sealed(const PatientId& patient,
                                                   ByteView sealed) const {
  const std::optional<Key> key = CSL_TRY(find_key(patient));
  if (!key) return fail(ErrorCode::NotFound, "this patient has no key");
  const Bytes plain = CSL_TRY(open_patient_text(*key, patient, sealed));
  return std::string(text_of(plain));
}

Result<std::optional<Key>> SqliteTransaction::find_key(const PatientId& patient) const {
  for (const auto& [owner, key] : batch_.new_keys) {
    if (owner == patient) return key;
  }
  if (std::find(batch_.erased.begin(), batch_.erased.end(), patient) != batch_.erased.end()) {
    return erased();
  }
  if (std::optional<Key> known = keys_.cached(patient)) return known;
  const Rows rows = CSL_TRY(query("core.key", Fields{{"patient_id", to_string(patient)}}));
  if (rows.empty()) return std::optional<Key>{};
  if (rows.front().is_null("wrapped")) return erased();
  return std::optional<Key>{CSL_TRY(keys_.unwrap(patient, rows.front().bytes("wrapped")))};
}

Result<Key> SqliteTransaction::key_or_make(const PatientId& patient) {
  if (const std::optional<Key> known = CSL_TRY(find_key(patient))) return *known;
  const Key key = Key::random(keys_.random());
  CSL_TRY(query("core.insert_key", Fields{{"patient_id", to_string(patient)},
                                          {"at", now_.ms},
                                          {"wrapped", keys_.wrap(patient, key)}}));
  batch_.new_keys.emplace_back(patient, key);
  return key;
}

Status SqliteTransaction::erase_key(const PatientId& patient) {
  CSL_TRY(query("core.erase_key", Fields{{"patient_id", to_string(patient)}, {"at", now_.ms}}));
  std::erase_if(batch_.new_keys, [&](const auto& made) { return made.first == patient; });
  batch_.erased.push_back(patient);
  return {};
}

Status SqliteTransaction::append(EventDraft event) {
  if (fatal_) return std::unexpected(*fatal_);
  ++event_count_;
  const std::vector<std::size_t>* statements = connection_.schema().projection(event.type);
  if (statements == nullptr) std::fprintf(stderr, "no area declares %s\n", event.type.c_str());
  CSL_CHECK(statements != nullptr);
  const std::int64_t sequence = batch_.tail.sequence + 1;
  const Sealer sealer = [&](const PatientId& patient, std::string_view plain) -> Result<Bytes> {
    const Key key = CSL_TRY(key_or_make(patient));
    return seal_patient_text(key, patient, plain, keys_.random());
  };
  const std::string body = CSL_TRY(write_event(event, actor_, now_, sequence, sealer));
  // What SQL is given is read from the text, as `verify` will do.
  const LoggedEvent logged = CSL_TRY(read_event(body));
  CSL_TRY(apply(*statements, Parameters{&logged.fields, &logged.envelope}));
  CSL_TRY(insert(body, logged.envelope));

  Store::Change change{.sequence = sequence,
                       .type = std::move(event.type),
                       .person = actor_.person,
                       .project = event.project,
                       .item = event.item,
                       .fields = {}};
  for (const auto& [name, value] : event.fields.members()) {
    if (!std::holds_alternative<PatientText>(value)) change.fields.set(name, value);
  }
  batch_.changes.push_back(std::move(change));
  return {};
}

// All statements or none, since the caller may answer a refusal and go on; of a long write, all
// events or none.
Status SqliteTransaction::apply(const std::vector<std::size_t>& statements,
                                const Parameters& parameters) {
  if (statements.empty()) return {};
  if (statements.size() == 1) {  // SQLite undoes a failed statement by itself
    CSL_TRY(connection_.query(statements.front(), parameters));
    return {};
  }
  if (event_count_ > undone_singly_max) {
    for (const std::size_t statement : statements) {
      const Result<Rows> done = connection_.query(statement, parameters);
      if (done) continue;
      fatal_ = done.error();
      return std::unexpected(*fatal_);
    }
    return {};
  }
  CSL_TRY(connection_.query(connection_.schema().query("core.savepoint_event"), {}));
  for (const std::size_t statement : statements) {
    const Result<Rows> done = connection_.query(statement, parameters);
    if (done) continue;
    if (connection_.in_transaction()) {
      CSL_TRY(connection_.run("ROLLBACK TO event; RELEASE event"));
    }
    return std::unexpected(done.error());
  }
  CSL_TRY(connection_.query(connection_.schema().query("core.release_event"), {}));
  return {};
}

Status SqliteTransaction::insert(const std::string& body, const Fields& envelope) {
  LogTail& tail = batch_.tail;
  const Sha256Digest hash = chain_hash(tail.last_hash, body);
  const Sha256Digest leaf = merkle_leaf(bytes_of(body));
  const Fields log{{"body", body}, {"hash", bytes_from(hash)}, {"leaf", bytes_from(leaf)}};
  CSL_TRY(connection_.query(connection_.schema().query("core.insert_event"),
                            Parameters{&log, &envelope}));
  ++tail.sequence;
  tail.last_hash = hash;
  tail.tree.append(leaf);
  return {};
}

Status SqliteTransaction::volatile_write(std::string_view statement, const Fields& parameters) {
  CSL_TRY(
      connection_.query(connection_.schema().volatile_write(statement), Parameters{&parameters}));
  return {};
}

}  // namespace consilium::storage::sqlite
