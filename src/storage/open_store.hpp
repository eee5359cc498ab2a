// Opens the store in a folder, or makes it there:
//
//   lock          held while a server has the folder open: a second one is refused
//   catalog.db    events, heads, wrapped keys and every table (SQLite, WAL)
//   vault.db      who the patients are
//   keys/         four key files, mode 0600
//   objects/      sealed objects, two levels of folders by name
//   tmp/          objects being written; emptied at the start
//   reserve       64 MiB kept for a full disk
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

class Disk;  // files/disk.hpp

struct StoreOptions {
  std::filesystem::path folder;
  const Clock* clock = nullptr;  // null: the system's. Must outlive the store
  Random* random = nullptr;  // null: the system's. Must outlive it, and be safe from all threads
  std::size_t page_cache_bytes = 64U << 20U;   // of the writer; a reader has an eighth
  std::size_t chunk_cache_bytes = 64U << 20U;  // of decoded pieces of objects
  std::uint64_t reserve_bytes = 64U << 20U;    // kept for a full disk
  int checkpoint_pages = 2048;  // of the write-ahead log, before it is moved into the database
  // Only the crash tests set these: another file system beneath SQLite and beneath everything else.
  const char* sqlite_vfs = nullptr;
  Disk* disk = nullptr;
};

// With the tables of all areas. Errors: Conflict when another process has it open; Unsupported when
// a newer version wrote it; Unavailable, Corrupt, NotFound (keys are missing), NoSpace.
[[nodiscard]] Result<std::unique_ptr<Store>> open_store(const StoreOptions& options);

}  // namespace consilium::storage
