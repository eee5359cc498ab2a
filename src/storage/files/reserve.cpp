#include "storage/files/reserve.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/guarded.hpp"

namespace consilium::storage {
namespace {

class FileReserve final : public Reserve {
 public:
  FileReserve(int file, std::uint64_t size, std::uint64_t full_bytes)
      : full_bytes_(full_bytes), state_(State{file, size}) {}
  ~FileReserve() override {
    state_.with([](State& state) { ::close(state.file); });
  }

  Status admit_ordinary() override {
    return state_.with([this](State& state) -> Status {
      const std::uint64_t missing = full_bytes_ - state.size;
      if (free_bytes(state) < floor_bytes + missing) return full();
      if (missing > 0 && !refill(state)) return full();
      return {};
    });
  }

  Status admit_reserved() override {
    return state_.with([](State& state) -> Status {
      while (free_bytes(state) < floor_bytes && state.size > 0) {
        const std::uint64_t shorter = state.size - std::min(state.size, step_bytes);
        if (::ftruncate(state.file, static_cast<off_t>(shorter)) != 0) break;
        state.size = shorter;
      }
      // With the reserve gone, the last of the disk still serves, but never to its last page: a
      // database that cannot write its shared memory could not even be read.
      return free_bytes(state) < last_bytes ? full() : Status{};
    });
  }

  std::uint64_t left_bytes() const override {
    return state_.with([](const State& state) { return state.size; });
  }

  static bool make_whole(int file, std::uint64_t full_bytes) {
    return full_bytes == 0 || ::posix_fallocate(file, 0, static_cast<off_t>(full_bytes)) == 0;
  }

 private:
  static constexpr std::uint64_t last_bytes = 1ULL << 20U;

  struct State {
    int file = -1;
    std::uint64_t size = 0;
  };

  static std::unexpected<Error> full() {
    return fail(ErrorCode::NoSpace, "the disk is full", {}, "free space; no restart is needed");
  }
  // What anybody may use; a file system that cannot say is taken to have room.
  static std::uint64_t free_bytes(const State& state) {
    struct statvfs space{};
    if (::fstatvfs(state.file, &space) != 0) return ~0ULL;
    return static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  }
  bool refill(State& state) const {
    if (!make_whole(state.file, full_bytes_)) return false;
    state.size = full_bytes_;
    return true;
  }

  const std::uint64_t full_bytes_;
  Guarded<State> state_;
};

}  // namespace

Result<std::unique_ptr<Reserve>> Reserve::open(const std::filesystem::path& path,
                                               std::uint64_t full_bytes) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return fail(ErrorCode::Unavailable, "the reserve for a full disk cannot be opened");
  }
  const off_t end = ::lseek(file, 0, SEEK_END);
  std::uint64_t size = end > 0 ? static_cast<std::uint64_t>(end) : 0;
  if (size < full_bytes) {
    // A disk with no room for it starts as a full disk: readable, and writable once there is room.
    if (FileReserve::make_whole(file, full_bytes)) {
      size = full_bytes;
    } else if (::ftruncate(file, static_cast<off_t>(size)) != 0) {
      size = 0;
    }
  }
  return std::make_unique<FileReserve>(file, std::min(size, full_bytes), full_bytes);
}

}  // namespace consilium::storage
