#include "storage/fault/recording.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include "base/check.hpp"

namespace consilium::storage::fault {

namespace fs = std::filesystem;

namespace {

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

class RecordingFile final : public DiskFile {
 public:
  RecordingFile(Recording& recording, std::unique_ptr<DiskFile> file, int number)
      : recording_(recording), file_(std::move(file)), number_(number) {}
  Status append(ByteView bytes) override {
    CSL_TRY(file_->append(bytes));
    recording_.add(Wrote{number_, size_, Bytes(bytes.begin(), bytes.end())});
    size_ += bytes.size();
    return {};
  }
  Status close() override { return file_->close(); }

 private:
  Recording& recording_;
  std::unique_ptr<DiskFile> file_;
  int number_;
  std::uint64_t size_ = 0;
};

class RecordingDisk final : public Disk {
 public:
  explicit RecordingDisk(Recording& recording) : recording_(recording), disk_(real_disk()) {}

  Result<std::unique_ptr<DiskFile>> create(const fs::path& path) override {
    std::unique_ptr<DiskFile> file = CSL_TRY(disk_->create(path));
    const int number = recording_.made(path);
    return std::make_unique<RecordingFile>(recording_, std::move(file), number);
  }
  Status create_folders(const fs::path& path) override {
    CSL_TRY(disk_->create_folders(path));
    recording_.add(MadeFolder{recording_.relative(path)});
    return {};
  }
  Status rename(const fs::path& from, const fs::path& to) override {
    CSL_TRY(disk_->rename(from, to));
    recording_.renamed(from, to);
    return {};
  }
  Status remove(const fs::path& path) override {
    CSL_TRY(disk_->remove(path));
    recording_.removed(path);
    return {};
  }
  bool exists(const fs::path& path) const override { return disk_->exists(path); }
  Result<std::unique_ptr<ByteSource>> open(const fs::path& path) const override {
    return disk_->open(path);
  }
  // Always one by one, so that the model sees each; nothing need reach the real disk.
  Status sync(std::span<const fs::path> files, std::span<const fs::path> folders) override {
    if (recording_.fails_syncs()) return fail(ErrorCode::Unavailable, "the disk failed");
    for (const fs::path& file : files) {
      const int number = recording_.file_of(recording_.relative(file));
      if (number > 0) recording_.add(SyncedFile{number});
    }
    for (const fs::path& folder : folders) {
      recording_.add(SyncedFolder{recording_.relative(folder)});
    }
    return {};
  }

 private:
  Recording& recording_;
  std::unique_ptr<Disk> disk_;
};

}  // namespace

void Recording::add(Operation operation) {
  const std::scoped_lock lock(mutex_);
  operations_.push_back(std::move(operation));
}

int Recording::file_of(const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  const auto found = files_.find(path);
  return found == files_.end() ? -1 : found->second;
}

int Recording::made(const fs::path& path) {
  const std::string name = relative(path);
  const std::scoped_lock lock(mutex_);
  const int number = next_file_++;
  files_[name] = number;
  operations_.emplace_back(Made{name, number});
  return number;
}

void Recording::renamed(const fs::path& from, const fs::path& to) {
  const std::string old_name = relative(from);
  const std::string new_name = relative(to);
  const std::scoped_lock lock(mutex_);
  files_[new_name] = files_[old_name];
  files_.erase(old_name);
  operations_.emplace_back(Renamed{old_name, new_name});
}

void Recording::removed(const fs::path& path) {
  const std::string name = relative(path);
  const std::scoped_lock lock(mutex_);
  files_.erase(name);
  operations_.emplace_back(Removed{name});
}

std::string Recording::relative(const fs::path& path) const {
  const std::string text = path.lexically_relative(folder_).string();
  return text == "." || text.starts_with("..") ? std::string() : text;
}

std::unique_ptr<Disk> recording_disk(Recording& recording) {
  return std::make_unique<RecordingDisk>(recording);
}

void CrashDisk::apply(Bytes& content, const Pending& pending, std::size_t keep_bytes) {
  if (pending.is_cut) {
    content.resize(static_cast<std::size_t>(pending.offset));
    return;
  }
  const auto offset = static_cast<std::size_t>(pending.offset);
  const std::size_t count = std::min(keep_bytes, pending.bytes.size());
  if (content.size() < offset + count) content.resize(offset + count);
  std::copy_n(pending.bytes.begin(), count, content.begin() + static_cast<std::ptrdiff_t>(offset));
}

void CrashDisk::make_folder(const std::string& path) {
  if (path.empty() || !folders_.insert(path).second) return;
  unsafe_folders_.insert(path);
  make_folder(parent_of(path));
}

void CrashDisk::sync_folder(const std::string& path) {
  std::erase_if(unsafe_folders_,
                [&](const std::string& folder) { return parent_of(folder) == path; });
  std::vector<NameChange> left;
  for (NameChange& change : name_changes_) {
    // A rename is one step of the journal: it is safe when either of its folders is synced.
    const bool is_here =
        parent_of(change.path) == path || (!change.from.empty() && parent_of(change.from) == path);
    if (!is_here) {
      left.push_back(std::move(change));
      continue;
    }
    if (!change.from.empty()) safe_names_.erase(change.from);
    if (change.file == 0) {
      safe_names_.erase(change.path);
    } else {
      safe_names_[change.path] = change.file;
    }
  }
  name_changes_ = std::move(left);
}

void CrashDisk::step() {
  struct Visitor {
    CrashDisk& disk;
    void operator()(const Made& made) const {
      disk.files_[made.file];
      disk.names_[made.path] = made.file;
      disk.name_changes_.push_back({made.path, made.file, {}});
    }
    void operator()(const Wrote& wrote) const {
      disk.files_[wrote.file].pending.push_back({wrote.offset, wrote.bytes, false});
    }
    void operator()(const Cut& cut) const {
      disk.files_[cut.file].pending.push_back({cut.size, {}, true});
    }
    void operator()(const SyncedFile& synced) const {
      if (disk.syncs_ == Syncs::Ignored) return;
      File& file = disk.files_[synced.file];
      for (const Pending& pending : file.pending) apply(file.safe, pending, pending.bytes.size());
      file.pending.clear();
    }
    void operator()(const MadeFolder& made) const { disk.make_folder(made.path); }
    void operator()(const Renamed& renamed) const {
      const int file = disk.names_[renamed.from];
      disk.names_.erase(renamed.from);
      disk.names_[renamed.to] = file;
      disk.name_changes_.push_back({renamed.to, file, renamed.from});
    }
    void operator()(const Removed& removed) const {
      if (disk.names_.erase(removed.path) == 0) return;
      disk.name_changes_.push_back({removed.path, 0, {}});
    }
    void operator()(const SyncedFolder& synced) const {
      if (disk.syncs_ == Syncs::Honoured) disk.sync_folder(synced.path);
    }
    void operator()(const Acknowledged& acknowledged) const {
      disk.acknowledged_.push_back(acknowledged.what);
    }
  };
  CSL_CHECK(!at_end());
  std::visit(Visitor{*this}, operations_[next_]);
  ++next_;
}

std::map<std::string, int> CrashDisk::names_left(SeededRandom& random, double keep_share) const {
  std::map<std::string, int> names = safe_names_;
  for (const NameChange& change : name_changes_) {
    if (random.uniform() >= keep_share) continue;
    if (!change.from.empty()) names.erase(change.from);
    if (change.file == 0) {
      names.erase(change.path);
    } else {
      names[change.path] = change.file;
    }
  }
  for (const std::string& folder : unsafe_folders_) {
    if (random.uniform() < keep_share) continue;
    std::erase_if(names, [&](const auto& name) { return name.first.starts_with(folder + "/"); });
  }
  return names;
}

void CrashDisk::materialise(const fs::path& folder, SeededRandom& random) const {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  fs::create_directories(folder);
  // Some cuts lose nearly all that was not synced, some nearly nothing.
  const double keep_share = random.uniform();
  const std::map<std::string, int> names = names_left(random, keep_share);
  for (const auto& [path, number] : names) {
    const File& file = files_.at(number);
    Bytes content = file.safe;
    for (const Pending& pending : file.pending) {
      const double fate = random.uniform();
      if (fate >= keep_share) continue;
      std::size_t keep = pending.bytes.size();
      if (fate < 0.15 * keep_share && keep > 0) {  // torn: only its first sectors or pages arrived
        const std::size_t unit = random.below(2) == 0 ? 512 : 4096;
        keep = random.below(keep / unit + 1) * unit;
      }
      apply(content, pending, keep);
    }
    const fs::path target = folder / path;
    fs::create_directories(target.parent_path());
    std::ofstream out(target, std::ios::binary);
    out.write(reinterpret_cast<const char*>(content.data()),
              static_cast<std::streamsize>(content.size()));
  }
}

}  // namespace consilium::storage::fault
