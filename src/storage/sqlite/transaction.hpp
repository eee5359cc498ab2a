// One write inside a batch of the writer: appends events to the log and applies them to the tables.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "storage/keys/patient_keys.hpp"
#include "storage/log/merkle.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/store.hpp"

namespace consilium::storage::sqlite {

// The end of the log.
struct LogTail {
  std::int64_t sequence = 0;
  Sha256Digest last_hash{};
  MerkleFrontier tree;
};

// What the batch's commit will make true.
struct Batch {
  LogTail tail;
  std::vector<Store::Change> changes;
  std::vector<std::pair<PatientId, Key>> new_keys;
  std::vector<PatientId> erased;
};

class SqliteTransaction final : public Transaction {
 public:
  SqliteTransaction(const Connection& connection, const PatientKeys& keys, Batch& batch,
                    const Actor& actor, Timestamp now)
      : connection_(connection), keys_(keys), batch_(batch), actor_(actor), now_(now) {}

  Result<Rows> query(std::string_view statement, const Fields& parameters) const override;
  Result<std::string> open_sealed(const PatientId& patient, ByteView sealed) const override;
  const Actor& actor() const override { return actor_; }
  Timestamp now() const override { return now_; }
  Status append(EventDraft event) override;
  Status volatile_write(std::string_view statement, const Fields& parameters) override;

  // The patient's data key, made with its row when there is none. Errors: NotFound when erased.
  Result<Key> key_or_make(const PatientId& patient);
  // What ends the write whatever its work says. From the event after `undone_singly_max` on a
  // refused event takes the whole write with it: a savepoint for each event walks the journal of
  // all before it, and a day of beats taken over as drafts would take hours.
  const std::optional<Error>& fatal() const { return fatal_; }
  // Destroys the key. The event is the caller's.
  Status erase_key(const PatientId& patient);

 private:
  Result<std::optional<Key>> find_key(const PatientId& patient) const;
  Status apply(const std::vector<std::size_t>& statements, const Parameters& parameters);
  Status insert(const std::string& body, const Fields& envelope);

  const Connection& connection_;
  const PatientKeys& keys_;
  Batch& batch_;
  const Actor& actor_;
  Timestamp now_;
  static constexpr std::size_t undone_singly_max = 1000;
  std::size_t event_count_ = 0;
  std::optional<Error> fatal_;
};

}  // namespace consilium::storage::sqlite
