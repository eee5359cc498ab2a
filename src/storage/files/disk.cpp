#include "storage/files/disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/descriptor.hpp"

namespace consilium::storage {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> disk_error(int error, std::string what) {
  if (error == ENOSPC || error == EDQUOT) {
    return fail(ErrorCode::NoSpace, "the disk is full", {}, "free space; no restart is needed");
  }
  if (error == EEXIST) return fail(ErrorCode::Conflict, "a file of this name is there already");
  if (error == ENOENT) return fail(ErrorCode::NotFound, "there is no such file");
  std::array<char, 128> buffer{};
  return fail(ErrorCode::Unavailable, std::move(what),
              ::strerror_r(error, buffer.data(), buffer.size()),
              "look at the machine's disk log, then start the server again");
}

int open_retrying(const fs::path& path, int flags, mode_t mode = 0) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (number < 0 && errno == EINTR);
  return number;
}

class RealFile final : public DiskFile {
 public:
  explicit RealFile(int number) : file_(number) {}

  Status append(ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return disk_error(errno, "a file cannot be written");
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  Status close() override {
    // Some file systems report a failed write only here.
    if (::close(file_.release()) != 0 && errno != EINTR) {
      return disk_error(errno, "a file cannot be closed");
    }
    return {};
  }

 private:
  Descriptor file_;
};

class RealDisk final : public Disk {
 public:
  Result<std::unique_ptr<DiskFile>> create(const fs::path& path) override {
    const int number = open_retrying(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (number < 0) return disk_error(errno, "a file cannot be made");
    return std::make_unique<RealFile>(number);
  }

  Status create_folders(const fs::path& path) override {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    if (errno == ENOENT && path.has_relative_path() && path.parent_path() != path) {
      CSL_TRY(create_folders(path.parent_path()));
      if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    }
    return disk_error(errno, "a folder cannot be made");
  }

  Status rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return disk_error(errno, "a file cannot be renamed");
    return {};
  }

  Status remove(const fs::path& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return disk_error(errno, "a file cannot be removed");
    }
    return {};
  }

  bool exists(const fs::path& path) const override { return ::access(path.c_str(), F_OK) == 0; }

  Result<std::unique_ptr<ByteSource>> open(const fs::path& path) const override {
    return open_file_source(path);
  }

  Status sync(std::span<const fs::path> files, std::span<const fs::path> folders) override {
    // One syncfs writes everything in one journal commit, where fsync would make one for each file.
    constexpr std::size_t many = 16;
    if (files.size() >= many) {
      CSL_TRY(sync_one(files.front(), O_RDONLY, Scope::FileSystem));
      return {};
    }
    for (const fs::path& file : files) CSL_TRY(sync_one(file, O_RDONLY, Scope::One));
    for (const fs::path& folder : folders) {
      // The parent of a relative path of one part is empty: the working folder.
      CSL_TRY(
          sync_one(folder.empty() ? fs::path(".") : folder, O_RDONLY | O_DIRECTORY, Scope::One));
    }
    return {};
  }

 private:
  enum class Scope { One, FileSystem };

  static Status sync_one(const fs::path& path, int flags, Scope scope) {
    const Descriptor file(open_retrying(path, flags));
    if (file.get() < 0) return disk_error(errno, "a file cannot be opened to be synced");
#ifdef CSL_WITHOUT_FSYNC
    // For the crash tests alone, which must then find losses.
    static_cast<void>(scope);
    return {};
#else
    const int done = scope == Scope::One ? ::fsync(file.get()) : ::syncfs(file.get());
    if (done != 0) return disk_error(errno, "the disk did not take what was written");
    return {};
#endif
  }
};

}  // namespace

std::unique_ptr<Disk> real_disk() { return std::make_unique<RealDisk>(); }

Status write_durably(Disk& disk, const fs::path& path, ByteView bytes) {
  const std::unique_ptr<DiskFile> file = CSL_TRY(disk.create(path));
  CSL_TRY(file->append(bytes));
  CSL_TRY(file->close());
  const std::array<fs::path, 1> files{path};
  const std::array<fs::path, 1> folders{path.parent_path()};
  return disk.sync(files, folders);
}

}  // namespace consilium::storage
