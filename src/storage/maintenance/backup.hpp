// Backup beside a running server, and the way back.
//
// A backup is a folder of the same form as the store's (catalog.db, vault.db, objects/, keys/ if
// asked for) and backup.json, written last: a folder without it is a backup that was cut short.
// Repeating a backup into the same folder copies only new objects. The databases go through
// SQLite's backup interface (one snapshot each); objects are copied after the catalog, so every
// object that it names is there, and the vault after it too, so every patient of the catalog has an
// identity.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/maintenance/audit_check.hpp"

namespace consilium::storage {

// Whoever has a backup with its keys can read every patient; without them nobody can, and the keys
// folder has to be kept elsewhere.
enum class BackupKeys { Included, LeftOut };

struct BackupReport {
  LogHead head;  // of the catalog's copy, which was verified
  std::int64_t event_count = 0;
  std::int64_t copied_object_count = 0;
  std::int64_t known_object_count = 0;  // were there from an earlier backup
  std::uint64_t copied_bytes = 0;
};

// Errors: Conflict when `target` holds something else; NoSpace; Unavailable; Corrupt when the
// copy's log does not hold. Durable when it returns.
[[nodiscard]] Result<BackupReport> back_up(const std::filesystem::path& folder,
                                           const std::filesystem::path& target, BackupKeys keys,
                                           const Clock& clock);

// Makes `folder`, which must not exist or be empty, from a backup; `keys_folder` when the backup
// has none. Everything is verified before it returns. Errors: NotFound, Conflict, NoSpace,
// Unavailable, Corrupt.
[[nodiscard]] Result<BackupReport> restore(const std::filesystem::path& backup,
                                           const std::filesystem::path& folder,
                                           const std::filesystem::path& keys_folder = {});

}  // namespace consilium::storage
