// The disk as the store's own files need it, so that the crash tests can stand in for it: every
// fsync of the store outside SQLite goes through here, and only here.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/byte_source.hpp"
#include "base/result.hpp"

namespace consilium::storage {

// A new file being written. Dropped without `close` it stays as it is.
class DiskFile {
 public:
  DiskFile() = default;
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;
  virtual ~DiskFile() = default;
  // At the end. Errors: NoSpace, Unavailable.
  [[nodiscard]] virtual Status append(ByteView bytes) = 0;
  [[nodiscard]] virtual Status close() = 0;
};

class Disk {
 public:
  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  // A file of mode 0600 that was not there before. Errors: Conflict when it was; NoSpace,
  // Unavailable.
  [[nodiscard]] virtual Result<std::unique_ptr<DiskFile>> create(
      const std::filesystem::path& path) = 0;
  // Folders of mode 0700, with those above them; no error when they are there.
  [[nodiscard]] virtual Status create_folders(const std::filesystem::path& path) = 0;
  // Replaces what has the new name.
  [[nodiscard]] virtual Status rename(const std::filesystem::path& from,
                                      const std::filesystem::path& to) = 0;
  [[nodiscard]] virtual Status remove(const std::filesystem::path& path) = 0;
  [[nodiscard]] virtual bool exists(const std::filesystem::path& path) const = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<ByteSource>> open(
      const std::filesystem::path& path) const = 0;

  // These files' bytes, then the folders' entries, are on the disk when this returns. Many files
  // cost one journal commit. Errors: Unavailable; what was written since the last success is then
  // unknown, and a repeated call may wrongly succeed: the caller must stop writing.
  [[nodiscard]] virtual Status sync(std::span<const std::filesystem::path> files,
                                    std::span<const std::filesystem::path> folders) = 0;
};

[[nodiscard]] std::unique_ptr<Disk> real_disk();

// create + append + close + sync of the file and its folder.
[[nodiscard]] Status write_durably(Disk& disk, const std::filesystem::path& path, ByteView bytes);

}  // namespace consilium::storage
