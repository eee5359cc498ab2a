// For crash tests only: a file system that remembers the order in which bytes, names and syncs
// reached it, and can then say what a disk may hold after a power cut at any moment.
//
// A run of the store writes real files through `recording_vfs` (beneath SQLite) and
// `recording_disk` (beneath keys and objects); both append to one `Recording`. Afterwards
// `CrashDisk` walks the recording up to a cut and makes one possible disk: whatever was synced
// before the cut is there; of the rest each write and each name is kept, dropped or torn at 512 or
// 4096 bytes, as a seed decides. Dropping an earlier and keeping a later write is what reordering
// does to a disk, so no order is tried apart.
//
// Rules of the model, the strictest that POSIX allows: a file's bytes are safe after a sync of that
// file; its name (made, renamed or removed) after a sync of its folder, and so for folders; nothing
// else is ever safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/random.hpp"
#include "storage/files/disk.hpp"

namespace consilium::storage::fault {

// What happened, in order. Paths are relative to the store's folder; "" is the folder itself.
struct Made {
  std::string path;
  int file = 0;  // a number that stays with the file when it is renamed
};
struct Wrote {
  int file = 0;
  std::uint64_t offset = 0;
  Bytes bytes;
};
struct Cut {  // truncated
  int file = 0;
  std::uint64_t size = 0;
};
struct SyncedFile {
  int file = 0;
};
struct MadeFolder {
  std::string path;
};
struct Renamed {
  std::string from;
  std::string to;
};
struct Removed {
  std::string path;
};
struct SyncedFolder {
  std::string path;
};
struct Acknowledged {  // the caller of the store was told that this write is safe
  std::string what;
};
using Operation = std::variant<Made, Wrote, Cut, SyncedFile, MadeFolder, Renamed, Removed,
                               SyncedFolder, Acknowledged>;

class Recording {
 public:
  explicit Recording(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Called by the shims and by the test; safe from all threads.
  void add(Operation operation);
  void acknowledge(std::string what) { add(Acknowledged{std::move(what)}); }
  // The number of the file of that path now; -1 when none was made.
  [[nodiscard]] int file_of(const std::string& path) const;
  int made(const std::filesystem::path& path);
  void renamed(const std::filesystem::path& from, const std::filesystem::path& to);
  void removed(const std::filesystem::path& path);
  // From now on the disk refuses every sync, as one that fails does.
  void fail_syncs(bool fail) { fails_syncs_ = fail; }
  [[nodiscard]] bool fails_syncs() const { return fails_syncs_; }
  [[nodiscard]] std::string relative(const std::filesystem::path& path) const;
  // Only when nothing is being added any more.
  [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }

 private:
  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  std::vector<Operation> operations_;
  std::map<std::string, int> files_;
  int next_file_ = 1;
  std::atomic<bool> fails_syncs_{false};
};

[[nodiscard]] std::unique_ptr<Disk> recording_disk(Recording& recording);

// An sqlite3_vfs of that name, which passes everything to the machine's own. One at a time.
class RecordingVfs {
 public:
  explicit RecordingVfs(Recording& recording);
  RecordingVfs(const RecordingVfs&) = delete;
  RecordingVfs& operator=(const RecordingVfs&) = delete;
  ~RecordingVfs();
  static constexpr const char* name = "consilium-recording";
};

// Whether syncs count. A disk that ignores them must be found out by the test.
enum class Syncs { Honoured, Ignored };

// The disk at a moving point of the recording.
class CrashDisk {
 public:
  CrashDisk(const std::vector<Operation>& operations, Syncs syncs)
      : operations_(operations), syncs_(syncs) {}

  [[nodiscard]] bool at_end() const { return next_ == operations_.size(); }
  [[nodiscard]] const Operation& next() const { return operations_[next_]; }
  void step();
  // What was acknowledged so far.
  [[nodiscard]] const std::vector<std::string>& acknowledged() const { return acknowledged_; }
  // One disk that a power cut now may leave, as files under `folder` (which is emptied first).
  void materialise(const std::filesystem::path& folder, SeededRandom& random) const;

 private:
  struct Pending {
    std::uint64_t offset = 0;
    Bytes bytes;
    bool is_cut = false;  // then offset is the size
  };
  struct File {
    Bytes safe;
    std::vector<Pending> pending;
  };
  // A change of names that its folders have not synced yet.
  struct NameChange {
    std::string path;  // given to `file`, or removed when file is 0
    int file = 0;
    std::string from;  // for a rename: the name that goes with it
  };

  static void apply(Bytes& content, const Pending& pending, std::size_t keep_bytes);
  void sync_folder(const std::string& path);
  void make_folder(const std::string& path);
  [[nodiscard]] std::map<std::string, int> names_left(SeededRandom& random,
                                                      double keep_share) const;

  const std::vector<Operation>& operations_;
  Syncs syncs_;
  std::size_t next_ = 0;
  std::map<int, File> files_;
  std::map<std::string, int> safe_names_;
  std::map<std::string, int> names_;
  std::vector<NameChange> name_changes_;
  std::set<std::string> folders_;
  std::set<std::string> unsafe_folders_;  // made, and the folder above not synced since
  std::vector<std::string> acknowledged_;
};

}  // namespace consilium::storage::fault
