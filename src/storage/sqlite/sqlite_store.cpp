#include "storage/sqlite/sqlite_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "storage/files/disk.hpp"
#include "storage/files/object_store.hpp"
#include "storage/files/reserve.hpp"
#include "storage/keys/key_files.hpp"
#include "storage/keys/key_source.hpp"
#include "storage/sqlite/migrate.hpp"
#include "storage/sqlite/reader_pool.hpp"
#include "storage/sqlite/writer.hpp"
#include "storage/vault/sqlite_vault.hpp"

namespace consilium::storage::sqlite {
namespace {

namespace fs = std::filesystem;

// Held while the folder is open; the kernel lets go of it when the process ends, however it ends.
class FolderLock {
 public:
  FolderLock() = default;
  FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FolderLock() {
    if (file_ >= 0) ::close(file_);
  }
  static Result<FolderLock> take(const fs::path& path) {
    FolderLock lock;
    lock.file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock.file_ < 0) return fail(ErrorCode::Unavailable, "the data folder cannot be opened");
    if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
      return fail(ErrorCode::Conflict, "another process has this data folder open", {},
                  "stop that server first");
    }
    return lock;
  }

 private:
  int file_ = -1;
};

Result<LogTail> read_tail(const Connection& connection) {
  const Rows sizes =
      CSL_TRY(connection.query_sql("SELECT ifnull(max(sequence), 0) AS n FROM events"));
  const Rows tails =
      CSL_TRY(connection.query_sql("SELECT tree_size, last_hash, peaks FROM log_tail"));
  LogTail tail;
  tail.sequence = sizes.front().integer("n");
  if (tails.empty() && tail.sequence == 0) return tail;
  if (tails.empty() || tails.front().integer("tree_size") != tail.sequence ||
      tails.front().bytes("last_hash").size() != tail.last_hash.size()) {
    return fail(ErrorCode::Corrupt, "the log and its tail do not belong together", {},
                "run consilium audit verify, then restore the newest backup");
  }
  const Bytes hash = tails.front().bytes("last_hash");
  std::copy(hash.begin(), hash.end(), tail.last_hash.begin());
  tail.tree = CSL_TRY(MerkleFrontier::from_peaks(static_cast<std::uint64_t>(tail.sequence),
                                                 tails.front().bytes("peaks")));
  return tail;
}

class SqliteStore final : public Store, private KeySource {
 public:
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options,
                                             std::shared_ptr<const Schema> schema) {
    std::unique_ptr<SqliteStore> store(new SqliteStore(options));
    CSL_TRY(store->start(options, std::move(schema)));
    return store;
  }

  Result<Receipt> write(const Actor& actor,
                        const std::function<Status(Transaction&)>& work) override {
    CSL_TRY(reserve_->admit_ordinary());
    return writer_->run(actor, work);
  }
  Result<Receipt> write_from_reserve(const Actor& actor,
                                     const std::function<Status(Transaction&)>& work) override {
    CSL_TRY(reserve_->admit_reserved());
    return writer_->run(actor, work);
  }
  Status volatile_write(std::string_view statement, Fields parameters) override {
    CSL_TRY(reserve_->admit_ordinary());
    return writer_->post([name = std::string(statement),
                          values = std::move(parameters)](SqliteTransaction& transaction) {
      return transaction.volatile_write(name, values);
    });
  }
  Result<std::unique_ptr<Reader>> read() const override { return readers_->lend(); }
  ObjectStore& objects() override { return *objects_; }
  Vault& vault() override { return *vault_; }
  void on_change(std::function<void(const Change&)> listener) override {
    writer_->on_change(std::move(listener));
  }

  Result<Receipt> erase_patient(const Actor& actor, const PatientId& patient,
                                std::string reason) override {
    CSL_TRY(reserve_->admit_reserved());
    CSL_TRY(vault_->erase(patient));
    const Receipt receipt =
        CSL_TRY(writer_->run(actor, [&](SqliteTransaction& transaction) -> Status {
          CSL_TRY(transaction.erase_key(patient));
          EventDraft event{.type = "patient.erased"};
          event.patient = patient;
          event.fields.set("reason", std::move(reason));
          return transaction.append(std::move(event));
        }));
    objects_->forget(patient);
    // The row that held the key must not live on in the write-ahead log.
    CSL_TRY(writer_->empty_write_ahead_log());
    return receipt;
  }

 private:
  explicit SqliteStore(const StoreOptions& options)
      : own_clock_(options.clock == nullptr ? system_clock() : nullptr),
        own_random_(options.random == nullptr ? system_random() : nullptr),
        own_disk_(options.disk == nullptr ? real_disk() : nullptr),
        clock_(options.clock == nullptr ? *own_clock_ : *options.clock),
        random_(options.random == nullptr ? *own_random_ : *options.random),
        disk_(options.disk == nullptr ? *own_disk_ : *options.disk) {}

  Status start(const StoreOptions& options, std::shared_ptr<const Schema> schema) {
    const fs::path& folder = options.folder;
    CSL_TRY(disk_.create_folders(folder));
    lock_ = CSL_TRY(FolderLock::take(folder / "lock"));
    const fs::path catalog = folder / "catalog.db";
    const StoreAge age = disk_.exists(catalog) ? StoreAge::Old : StoreAge::New;
    const StoreKeys keys = CSL_TRY(load_or_make_keys(disk_, folder / "keys", age, random_));
    reserve_ = CSL_TRY(Reserve::open(folder / "reserve", options.reserve_bytes));
    keys_ = std::make_unique<PatientKeys>(keys.key_encryption, random_);
    signer_ = std::make_unique<HeadSigner>(keys.log_signing);

    std::unique_ptr<Connection> connection =
        CSL_TRY(Connection::open(catalog, OpenMode::ReadWrite, options.sqlite_vfs, schema));
    CSL_TRY(prepare(*connection, options.page_cache_bytes));
    LogTail tail = CSL_TRY(read_tail(*connection));
    const bool is_empty = tail.sequence == 0;
    writer_ = std::make_unique<Writer>(std::move(connection), *keys_, *signer_, clock_, gate_,
                                       std::move(tail), options.checkpoint_pages);
    readers_ = std::make_unique<ReaderPool>(catalog, schema, options.sqlite_vfs,
                                            options.page_cache_bytes / 8, *keys_);
    vault_ =
        CSL_TRY(open_vault(folder / "vault.db", options.sqlite_vfs, keys.vault, clock_, random_));
    objects_ = CSL_TRY(
        open_object_store(ObjectStoreOptions{.objects = folder / "objects",
                                             .temporary = folder / "tmp",
                                             .chunk_cache_bytes = options.chunk_cache_bytes},
                          disk_, *this, keys.store, random_, gate_, *reserve_));
    // SQLite syncs its files, but not the entries of new files in the folder.
    const std::array<fs::path, 2> folders{folder, folder.parent_path()};
    CSL_TRY(disk_.sync({}, std::span(folders).first(age == StoreAge::New ? 2 : 1)));
    if (is_empty) CSL_TRY(begin_log());
    return {};
  }

  static Status prepare(const Connection& connection, std::size_t page_cache_bytes) {
    // cache_spill off: nothing of a batch reaches the disk before its commit, so a full disk is met
    // there and only there. secure_delete: an erased key is overwritten, not only unlinked.
#ifdef CSL_WITHOUT_FSYNC
    constexpr const char* synchronous = "PRAGMA synchronous = OFF;";
#else
    constexpr const char* synchronous = "PRAGMA synchronous = FULL;";
#endif
    CSL_TRY(connection.run("PRAGMA journal_mode = WAL"));
    CSL_TRY(connection.run(synchronous));
    CSL_TRY(connection.run(
        "PRAGMA foreign_keys = 1; PRAGMA cache_spill = 0; PRAGMA secure_delete = 1;"
        "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -" +
        std::to_string(page_cache_bytes / 1024)));
    return migrate(connection);
  }

  // The first event names the key that signs the heads.
  Status begin_log() {
    CSL_TRY(writer_->run(Actor{.person = "system"}, [&](SqliteTransaction& transaction) {
      EventDraft event{.type = "store.created"};
      event.fields.set("log_public_key", to_hex(signer_->public_key()));
      return transaction.append(std::move(event));
    }));
    return {};
  }

  Result<Key> find_key(const PatientId& patient) override {
    if (const std::optional<Key> known = keys_->cached(patient)) return *known;
    const std::unique_ptr<Reader> reader = CSL_TRY(readers_->lend());
    const Rows rows =
        CSL_TRY(reader->query("core.key", Fields{{"patient_id", to_string(patient)}}));
    if (rows.empty() || rows.front().is_null("wrapped")) {
      return fail(ErrorCode::NotFound, "this patient was erased");
    }
    const Key key = CSL_TRY(keys_->unwrap(patient, rows.front().bytes("wrapped")));
    keys_->remember(patient, key);
    return key;
  }

  Result<Key> find_or_make_key(const PatientId& patient) override {
    if (const std::optional<Key> known = keys_->cached(patient)) return *known;
    CSL_TRY(reserve_->admit_ordinary());
    Key key;
    CSL_TRY(writer_->run(Actor{.person = "system"}, [&](SqliteTransaction& transaction) -> Status {
      key = CSL_TRY(transaction.key_or_make(patient));
      return {};
    }));
    keys_->remember(patient, key);
    return key;
  }

  std::unique_ptr<Clock> own_clock_;
  std::unique_ptr<Random> own_random_;
  std::unique_ptr<Disk> own_disk_;
  const Clock& clock_;
  Random& random_;
  Disk& disk_;
  FolderLock lock_;
  WriteGate gate_;
  std::unique_ptr<Reserve> reserve_;
  std::unique_ptr<PatientKeys> keys_;
  std::unique_ptr<HeadSigner> signer_;
  std::unique_ptr<ReaderPool> readers_;
  std::unique_ptr<FileObjectStore> objects_;
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<Writer> writer_;  // last: its thread uses what stands above
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const StoreOptions& options,
                                                 std::vector<Area> areas) {
  return SqliteStore::open(options, std::make_shared<const Schema>(std::move(areas)));
}

}  // namespace consilium::storage::sqlite
