// The recording beneath SQLite: an sqlite3_vfs that passes all to the machine's own and notes
// writes, truncations, syncs and removals of the database and its write-ahead log. Shared memory is
// passed on: a power cut takes it, and SQLite makes it anew from the log.
#include <sqlite3.h>

#include <cstring>
#include <new>
#include <string>

#include "base/check.hpp"
#include "storage/fault/recording.hpp"

namespace consilium::storage::fault {
namespace {

sqlite3_vfs* own_vfs() { return sqlite3_vfs_find(nullptr); }

struct Shim {
  sqlite3_file base;  // first: SQLite sees only this
  Recording* recording;
  int file;
  bool records_name;  // the machine's own VFS syncs the folder with the first sync of a new log
  std::string* folder;
  // The machine's own sqlite3_file follows in the same piece of memory.
};

Shim* shim_of(sqlite3_file* file) { return reinterpret_cast<Shim*>(file); }
sqlite3_file* real_of(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(file) + sizeof(Shim));
}

int close_file(sqlite3_file* file) {
  delete shim_of(file)->folder;
  shim_of(file)->folder = nullptr;
  return real_of(file)->pMethods->xClose(real_of(file));
}
int read_file(sqlite3_file* file, void* out, int count, sqlite3_int64 offset) {
  return real_of(file)->pMethods->xRead(real_of(file), out, count, offset);
}
int write_file(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  const int code = real_of(file)->pMethods->xWrite(real_of(file), bytes, count, offset);
  const Shim* shim = shim_of(file);
  if (code == SQLITE_OK && shim->file > 0) {
    const auto* begin = static_cast<const std::byte*>(bytes);
    shim->recording->add(
        Wrote{shim->file, static_cast<std::uint64_t>(offset), Bytes(begin, begin + count)});
  }
  return code;
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  const int code = real_of(file)->pMethods->xTruncate(real_of(file), size);
  const Shim* shim = shim_of(file);
  if (code == SQLITE_OK && shim->file > 0) {
    shim->recording->add(Cut{shim->file, static_cast<std::uint64_t>(size)});
  }
  return code;
}
int sync_file(sqlite3_file* file, int) {
  Shim* shim = shim_of(file);
  if (shim->recording->fails_syncs()) return SQLITE_IOERR_FSYNC;
  if (shim->file > 0) {
    shim->recording->add(SyncedFile{shim->file});
    if (shim->records_name) {
      shim->recording->add(SyncedFolder{*shim->folder});
      shim->records_name = false;
    }
  }
  return SQLITE_OK;  // the recording is the disk: nothing need reach the real one
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}
int lock_file(sqlite3_file* file, int lock) {
  return real_of(file)->pMethods->xLock(real_of(file), lock);
}
int unlock_file(sqlite3_file* file, int lock) {
  return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}
int check_reserved_lock(sqlite3_file* file, int* answer) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), answer);
}
int file_control(sqlite3_file* file, int operation, void* argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}
int sector_size(sqlite3_file*) { return 512; }
// No promise of atomic or ordered writes: SQLite must not lean on one that the model breaks.
int characteristics(sqlite3_file*) { return 0; }
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
void barrier_shared(sqlite3_file* file) { real_of(file)->pMethods->xShmBarrier(real_of(file)); }
int unmap_shared(sqlite3_file* file, int remove) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

const sqlite3_io_methods methods = {2,
                                    close_file,
                                    read_file,
                                    write_file,
                                    truncate_file,
                                    sync_file,
                                    file_size,
                                    lock_file,
                                    unlock_file,
                                    check_reserved_lock,
                                    file_control,
                                    sector_size,
                                    characteristics,
                                    map_shared,
                                    lock_shared,
                                    barrier_shared,
                                    unmap_shared,
                                    nullptr,
                                    nullptr};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* recording = static_cast<Recording*>(vfs->pAppData);
  Shim* shim = new (file) Shim{};
  shim->recording = recording;
  const bool is_kept =
      name != nullptr &&
      (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  int existed = 0;
  if (is_kept) own_vfs()->xAccess(own_vfs(), name, SQLITE_ACCESS_EXISTS, &existed);
  const int code = own_vfs()->xOpen(own_vfs(), name, real_of(file), flags, out_flags);
  if (code != SQLITE_OK) return code;
  shim->base.pMethods = &methods;
  if (is_kept) {
    const std::string path = recording->relative(name);
    const std::size_t slash = path.rfind('/');
    shim->folder = new std::string(slash == std::string::npos ? "" : path.substr(0, slash));
    shim->file = existed != 0 ? recording->file_of(path) : recording->made(name);
    shim->records_name = existed == 0 && (flags & SQLITE_OPEN_MAIN_DB) == 0;
  }
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  auto* recording = static_cast<Recording*>(vfs->pAppData);
  const int code = own_vfs()->xDelete(own_vfs(), name, 0);
  const std::string path = recording->relative(name);
  if (code == SQLITE_OK && recording->file_of(path) > 0) {
    recording->removed(name);
    const std::size_t slash = path.rfind('/');
    if (sync_folder != 0) {
      recording->add(SyncedFolder{slash == std::string::npos ? "" : path.substr(0, slash)});
    }
  }
  return code;
}

sqlite3_vfs registered{};

}  // namespace

RecordingVfs::RecordingVfs(Recording& recording) {
  CSL_CHECK(registered.zName == nullptr);
  registered = *own_vfs();
  registered.zName = name;
  registered.pNext = nullptr;
  registered.pAppData = &recording;
  registered.szOsFile = static_cast<int>(sizeof(Shim)) + own_vfs()->szOsFile;
  registered.xOpen = open_file;
  registered.xDelete = delete_file;
  CSL_CHECK(sqlite3_vfs_register(&registered, 0) == SQLITE_OK);
}

RecordingVfs::~RecordingVfs() {
  sqlite3_vfs_unregister(&registered);
  registered = {};
}

}  // namespace consilium::storage::fault
