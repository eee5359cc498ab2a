// The store: what was acknowledged is there after kill -9, power loss, a full disk or a torn write.
//
// Everything that changes the catalog is an *event*: chained (SHA-256 over the canonical JSON of
// RFC 8785), put into the Merkle tree of RFC 9162, and applied to the tables in the same
// transaction, by statements that are declared beside the schema (sqlite/schema_*.cpp: event type
// -> SQL with the event's fields as named parameters). So `consilium verify` can rebuild every
// table from the events alone. One thread writes; waiting writes share one transaction and one
// fsync (group commit), each in a savepoint of its own, and each batch closes with one signed head.
//
// Reads run in parallel on snapshots. SQL lives under storage/sqlite only; everyone else names a
// statement: the typed functions of people.hpp, catalog.hpp, work.hpp and labels.hpp do, and
// services call those.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/fields.hpp"

namespace consilium::storage {

class ObjectStore;  // objects.hpp
class Vault;        // vault.hpp

// On whose behalf a write happens; part of every event.
struct Actor {
  std::string person;        // a PersonId, or "system" for what nobody asked for (expiry, set-up)
  std::string sign_in = {};  // a SignInId, or empty
  std::string origin = {};   // network address as text, "command line", or empty
};

struct EventDraft {
  std::string type;  // "annotation.revised": noun.past_participle, declared with its statements
  std::optional<ProjectId> project = std::nullopt;
  std::optional<ItemId> item = std::nullopt;
  std::optional<PatientId> patient = std::nullopt;  // needed when a field is PatientText
  Fields fields = {};
};

class Reader {
 public:
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  virtual ~Reader() = default;
  // Rows of the named statement. Parameters that the statement lacks are ignored; a missing one is
  // null. Errors: Internal (an unknown name is our bug and ends the process), Unavailable.
  [[nodiscard]] virtual Result<Rows> query(std::string_view statement,
                                           const Fields& parameters = {}) const = 0;
  // The plain text of a sealed column of that patient. Errors: NotFound when the patient was
  // erased, Corrupt when the seal does not hold.
  [[nodiscard]] virtual Result<std::string> open_sealed(const PatientId& patient,
                                                        ByteView sealed) const = 0;
};

// Inside the writer: reads see what this transaction appended.
class Transaction : public Reader {
 public:
  [[nodiscard]] virtual const Actor& actor() const = 0;
  [[nodiscard]] virtual Timestamp now() const = 0;
  // Adds the event and applies it to the tables. Errors: InvalidInput when a table's constraint
  // refuses it and on values that JSON cannot hold; NotFound when the patient of a PatientText was
  // erased. Nothing of the event stays then, and the transaction may go on (a bulk call that
  // answers each row). An event type that no area declared is our bug and ends the process.
  [[nodiscard]] virtual Status append(EventDraft event) = 0;
  // A statement of `volatile_writes` (sqlite/schema.hpp) in this transaction.
  [[nodiscard]] virtual Status volatile_write(std::string_view statement,
                                              const Fields& parameters) = 0;
};

struct Receipt {
  std::int64_t event_count = 0;    // events of this write
  std::int64_t last_sequence = 0;  // sequence number of the last event of the batch
};

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // Runs `work` in the writer; when it returns an error nothing of it stays. Returns after the
  // fsync. `work` may be called on another thread, must not block and must not call `write`.
  // Errors: those of `work`; NoSpace on a full disk (reads go on); Unavailable when a failed fsync
  // closed the store to writes (only a restart, which checks what is on disk, opens it again).
  [[nodiscard]] virtual Result<Receipt> write(const Actor& actor,
                                              const std::function<Status(Transaction&)>& work) = 0;
  // The same for what must go on when the disk is full: sign-ins, accesses and refusals. It may use
  // the reserve of 64 MiB; when that is spent it fails with NoSpace, and what it stood for is
  // refused.
  [[nodiscard]] virtual Result<Receipt> write_from_reserve(
      const Actor& actor, const std::function<Status(Transaction&)>& work) = 0;
  // A statement on volatile_* tables (heartbeats, last_seen, rate limits): no event, and nobody
  // waits for the disk; a power loss may take the last ones. Runs with the next commit, in order
  // with the writes. Errors: Unavailable when the store is closing.
  [[nodiscard]] virtual Status volatile_write(std::string_view statement, Fields parameters) = 0;
  // The state now, which no later write changes. Cheap; not for use by two threads at once.
  [[nodiscard]] virtual Result<std::unique_ptr<Reader>> read() const = 0;

  // Destroys the patient's data key and identity, with the event `patient.erased`: everything
  // sealed for the patient, in the log, the tables and the objects, can never be read again, and
  // the log still verifies. Backups made before still hold the key: they are to be replaced.
  // Repeating it is harmless. The key is overwritten in the database before this returns, and in
  // its write-ahead log as soon as no reader holds an older snapshot.
  [[nodiscard]] virtual Result<Receipt> erase_patient(const Actor& actor, const PatientId& patient,
                                                      std::string reason) = 0;

  [[nodiscard]] virtual ObjectStore& objects() = 0;
  [[nodiscard]] virtual Vault& vault() = 0;

  // Called after each commit with the events' type, project and item, on the writer's thread; must
  // return at once. For the event stream of browsers.
  struct Change {
    std::int64_t sequence = 0;
    std::string type;
    std::string person;
    std::optional<ProjectId> project;
    std::optional<ItemId> item;
    Fields fields;  // without PatientText
  };
  virtual void on_change(std::function<void(const Change&)> listener) = 0;
};

}  // namespace consilium::storage
