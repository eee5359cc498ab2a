#include "storage/maintenance/backup.hpp"

#include <sqlite3.h>

#include <array>
#include <boost/json.hpp>
#include <memory>
#include <set>
#include <vector>

#include "base/canonical_json.hpp"
#include "storage/files/disk.hpp"
#include "storage/files/object_store.hpp"
#include "storage/keys/key_files.hpp"
#include "storage/maintenance/open_read_only.hpp"

namespace consilium::storage {
namespace {

namespace fs = std::filesystem;
using sqlite::Connection;
using sqlite::OpenMode;

constexpr std::array key_files{"store.key", "key_encryption.key", "log_signing.key", "vault.key"};
constexpr const char* manifest_name = "backup.json";

// One snapshot of a database into a new file, synced, then under its name.
Status copy_database(Disk& disk, const fs::path& from, const fs::path& to) {
  const fs::path making = to.string() + ".new";
  CSL_TRY(disk.remove(making));
  {
    const std::unique_ptr<Connection> source =
        CSL_TRY(Connection::open(from, OpenMode::ReadOnly, nullptr, nullptr));
    const std::unique_ptr<Connection> target =
        CSL_TRY(Connection::open(making, OpenMode::ReadWrite, nullptr, nullptr));
    CSL_TRY(target->run("PRAGMA synchronous = FULL"));
    sqlite3_backup* backup =
        sqlite3_backup_init(target->handle(), "main", source->handle(), "main");
    if (backup == nullptr) return fail(ErrorCode::Unavailable, "the backup cannot begin");
    // All pages in one step: one read snapshot, which a writer never makes start over.
    const int stepped = sqlite3_backup_step(backup, -1);
    const int finished = sqlite3_backup_finish(backup);
    if ((finished & 0xFF) == SQLITE_FULL) {
      return fail(ErrorCode::NoSpace, "the backup's disk is full");
    }
    if (stepped != SQLITE_DONE || finished != SQLITE_OK) {
      return fail(ErrorCode::Unavailable, "a database cannot be copied");
    }
    CSL_TRY(target->run("PRAGMA journal_mode = DELETE"));  // one file, without a log beside it
  }
  CSL_TRY(disk.rename(making, to));
  const std::array<fs::path, 1> files{to};
  const std::array<fs::path, 1> folders{to.parent_path()};
  return disk.sync(files, folders);
}

Status copy_file(Disk& disk, const fs::path& from, const fs::path& to,
                 std::uint64_t& copied_bytes) {
  const std::unique_ptr<ByteSource> source = CSL_TRY(disk.open(from));
  const fs::path making = to.string() + ".new";
  CSL_TRY(disk.remove(making));
  const std::unique_ptr<DiskFile> file = CSL_TRY(disk.create(making));
  Bytes piece;
  for (std::uint64_t at = 0; at < source->size(); at += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(1U << 20U, source->size() - at)));
    CSL_TRY(source->read(at, piece));
    CSL_TRY(file->append(piece));
  }
  CSL_TRY(file->close());
  CSL_TRY(disk.rename(making, to));
  copied_bytes += source->size();
  return {};
}

// Copies the objects that are not there yet, and syncs them in batches.
Status copy_objects(Disk& disk, const fs::path& from, const fs::path& to, BackupReport& report) {
  constexpr std::size_t batch = 256;
  std::vector<fs::path> copied;
  std::set<fs::path> folders{to, to.parent_path()};
  const auto sync = [&]() -> Status {
    const std::vector<fs::path> folder_list(folders.begin(), folders.end());
    CSL_TRY(disk.sync(copied, folder_list));
    copied.clear();
    return {};
  };
  CSL_TRY(disk.create_folders(to));
  std::error_code problem;
  for (const auto& entry : fs::recursive_directory_iterator(from, problem)) {
    const std::string name = entry.path().filename().string();
    if (!is_object_name(name)) continue;
    const fs::path target = object_path(to, name);
    if (disk.exists(target)) {
      ++report.known_object_count;
      continue;
    }
    CSL_TRY(disk.create_folders(target.parent_path()));
    const Status done = copy_file(disk, entry.path(), target, report.copied_bytes);
    if (!done && done.error().code == ErrorCode::NotFound) continue;  // discarded meanwhile
    CSL_TRY(Status(done));
    ++report.copied_object_count;
    folders.insert(target.parent_path());
    folders.insert(target.parent_path().parent_path());
    copied.push_back(target);
    if (copied.size() >= batch) CSL_TRY(sync());
  }
  if (problem) return fail(ErrorCode::Unavailable, "the objects cannot be listed");
  return sync();
}

Status copy_keys(Disk& disk, const fs::path& from, const fs::path& to) {
  CSL_TRY(disk.create_folders(to));
  std::uint64_t bytes = 0;
  std::vector<fs::path> files;
  for (const char* name : key_files) {
    CSL_TRY(copy_file(disk, from / name, to / name, bytes));
    files.push_back(to / name);
  }
  const std::array<fs::path, 2> folders{to, to.parent_path()};
  return disk.sync(files, folders);
}

Result<AuditReport> verified(const fs::path& folder) {
  AuditReport audit = CSL_TRY(audit_verify(folder));
  if (!audit.holds || !audit.newest_head) {
    return fail(ErrorCode::Corrupt, "the copy's log does not hold", audit.problem,
                "run consilium audit verify on the store itself");
  }
  return audit;
}

bool is_empty_or_absent(const fs::path& folder) {
  std::error_code problem;
  return !fs::exists(folder, problem) || fs::is_empty(folder, problem);
}

}  // namespace

Result<BackupReport> back_up(const fs::path& folder, const fs::path& target, BackupKeys keys,
                             const Clock& clock) {
  const std::unique_ptr<Disk> disk = real_disk();
  if (!disk->exists(folder / "catalog.db")) {
    return fail(ErrorCode::NotFound, "there is no store in this folder", {},
                "give the folder that the server uses as --data");
  }
  if (!is_empty_or_absent(target) && !disk->exists(target / manifest_name)) {
    return fail(ErrorCode::Conflict, "the target folder holds something else", {},
                "name an empty folder, or an earlier backup");
  }
  CSL_TRY(disk->create_folders(target));
  BackupReport report;
  CSL_TRY(copy_database(*disk, folder / "catalog.db", target / "catalog.db"));
  CSL_TRY(copy_database(*disk, folder / "vault.db", target / "vault.db"));
  CSL_TRY(copy_objects(*disk, folder / "objects", target / "objects", report));
  if (keys == BackupKeys::Included) CSL_TRY(copy_keys(*disk, folder / "keys", target / "keys"));
  const AuditReport audit = CSL_TRY(verified(target));
  report.head = *audit.newest_head;
  report.event_count = audit.event_count;
  const std::string manifest = CSL_TRY(canonical_json(
      boost::json::object{{"format", "consilium backup 1"},
                          {"at", to_rfc3339(clock.now())},
                          {"events", report.event_count},
                          {"keys", keys == BackupKeys::Included},
                          {"objects", report.copied_object_count + report.known_object_count},
                          {"root", to_hex(report.head.root)}}));
  CSL_TRY(disk->remove(target / manifest_name));
  CSL_TRY(write_durably(*disk, target / manifest_name, bytes_of(manifest)));
  return report;
}

Result<BackupReport> restore(const fs::path& backup, const fs::path& folder,
                             const fs::path& keys_folder) {
  const std::unique_ptr<Disk> disk = real_disk();
  if (!disk->exists(backup / manifest_name)) {
    return fail(ErrorCode::NotFound, "this folder holds no finished backup");
  }
  if (!is_empty_or_absent(folder)) {
    return fail(ErrorCode::Conflict, "the folder to restore into is not empty", {},
                "name a folder that does not exist yet");
  }
  const fs::path keys = keys_folder.empty() ? backup / "keys" : keys_folder;
  CSL_TRY(load_keys(*disk, keys));
  CSL_TRY(disk->create_folders(folder));
  BackupReport report;
  CSL_TRY(copy_keys(*disk, keys, folder / "keys"));
  CSL_TRY(copy_objects(*disk, backup / "objects", folder / "objects", report));
  CSL_TRY(copy_database(*disk, backup / "vault.db", folder / "vault.db"));
  // Last: a folder without a catalog is no store yet, should this be cut short.
  CSL_TRY(copy_database(*disk, backup / "catalog.db", folder / "catalog.db"));
  const AuditReport audit = CSL_TRY(verified(folder));
  report.head = *audit.newest_head;
  report.event_count = audit.event_count;
  return report;
}

}  // namespace consilium::storage
