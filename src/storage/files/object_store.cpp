#include "storage/files/object_store.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/guarded.hpp"
#include "storage/files/chunk_cache.hpp"
#include "storage/files/container.hpp"

namespace consilium::storage {

namespace fs = std::filesystem;

namespace {

// Reads ranges of a container. Whole chunks go straight to the caller; of others the chunk is kept,
// for the next range is likely to begin where this one ended.
class SealedSource final : public ByteSource {
 public:
  SealedSource(std::string name, std::unique_ptr<Container> container,
               std::shared_ptr<ChunkCache> cache)
      : name_(std::move(name)), container_(std::move(container)), cache_(std::move(cache)) {}

  std::uint64_t size() const override { return container_->content_bytes(); }

  Status read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size() || out.size() > size() - offset) {
      return fail(ErrorCode::Corrupt, "a range runs past the end of its object",
                  "byte " + std::to_string(offset));
    }
    while (!out.empty()) {
      const std::uint64_t chunk = offset / chunk_bytes;
      const auto within = static_cast<std::size_t>(offset % chunk_bytes);
      const std::size_t whole = container_->chunk_size(chunk);
      const std::size_t count = std::min(out.size(), whole - within);
      CSL_TRY(read_part(chunk, whole, within, out.first(count)));
      out = out.subspan(count);
      offset += count;
    }
    return {};
  }

 private:
  Status read_part(std::uint64_t chunk, std::size_t whole, std::size_t within,
                   std::span<std::byte> out) const {
    if (cache_->copy(name_, chunk, within, out)) return {};
    if (out.size() == whole) return container_->read_chunk(chunk, out);
    Bytes plain(whole);
    CSL_TRY(container_->read_chunk(chunk, plain));
    std::memcpy(out.data(), plain.data() + within, out.size());
    cache_->put(name_, chunk, container_->patient(), std::move(plain));
    return {};
  }

  std::string name_;
  std::unique_ptr<Container> container_;
  std::shared_ptr<ChunkCache> cache_;
};

class Objects;

class FileWriter final : public ObjectWriter {
 public:
  FileWriter(Objects& store, fs::path temporary, std::unique_ptr<DiskFile> file,
             const PatientId& patient, const Key& key, const Key& store_key, Random& random);
  ~FileWriter() override;
  Status write(ByteView bytes) override {
    name_.update(bytes);
    return container_.write(bytes);
  }
  Result<Finished> finish() override;

 private:
  Status append(ByteView bytes);

  Objects& store_;
  fs::path temporary_;
  std::unique_ptr<DiskFile> file_;
  Hmac name_;
  ContainerWriter container_;
  bool finished_ = false;
};

class Objects final : public FileObjectStore {
 public:
  Objects(ObjectStoreOptions options, Disk& disk, KeySource& keys, const Key& store_key,
          Random& random, WriteGate& gate, Reserve& reserve)
      : options_(std::move(options)),
        disk_(disk),
        keys_(keys),
        store_key_(store_key),
        random_(random),
        gate_(gate),
        reserve_(reserve),
        cache_(std::make_shared<ChunkCache>(options_.chunk_cache_bytes)) {}

  Result<std::unique_ptr<ObjectWriter>> begin(const PatientId& patient) override {
    CSL_TRY(admit());
    const Key key = CSL_TRY(keys_.find_or_make_key(patient));
    fs::path temporary = options_.temporary / std::to_string(next_temporary_.fetch_add(1));
    std::unique_ptr<DiskFile> file = CSL_TRY(disk_.create(temporary));
    return std::make_unique<FileWriter>(*this, std::move(temporary), std::move(file), patient, key,
                                        store_key_, random_);
  }

  Status sync(std::span<const ObjectRef> objects) override {
    CSL_TRY(gate_.check());
    if (objects.empty()) return {};
    std::vector<fs::path> files;
    std::set<fs::path> folders{options_.objects};
    for (const ObjectRef& object : objects) {
      if (!is_object_name(object.name)) return no_such_object();
      fs::path path = object_path(options_.objects, object.name);
      folders.insert(path.parent_path());
      folders.insert(path.parent_path().parent_path());
      files.push_back(std::move(path));
    }
    const std::vector<fs::path> folder_list(folders.begin(), folders.end());
    const Status synced = disk_.sync(files, folder_list);
    if (!synced && synced.error().code != ErrorCode::NotFound) gate_.close();
    return synced;
  }

  Result<std::unique_ptr<ByteSource>> open(const PatientId& patient,
                                           const ObjectRef& object) override {
    if (!is_object_name(object.name)) return no_such_object();
    std::unique_ptr<ByteSource> file =
        CSL_TRY(disk_.open(object_path(options_.objects, object.name)));
    std::unique_ptr<Container> container =
        CSL_TRY(Container::open(std::move(file), [&](const PatientId& owner) -> Result<Key> {
          // A name is no right: the caller must know whose object it is.
          if (owner != patient) return no_such_object();
          return keys_.find_key(owner);
        }));
    if (container->content_bytes() != object.size_bytes) {
      return fail(ErrorCode::Corrupt, "a stored object has another size than its record says");
    }
    return std::make_unique<SealedSource>(object.name, std::move(container), cache_);
  }

  Status discard(const ObjectRef& object) override {
    return claims_.with([&](Claims& claims) -> Status {
      const auto found = claims.by_name.find(object.name);
      if (found == claims.by_name.end()) return {};
      if (--found->second > 0) return {};
      claims.by_name.erase(found);
      return disk_.remove(object_path(options_.objects, object.name));
    });
  }

  Sha256Digest keyed_hash(std::string_view purpose, ByteView bytes) const override {
    return hmac_sha256(store_key_.derive(bytes_of(purpose)).view(), bytes);
  }

  void forget(const PatientId& patient) override { cache_->forget(patient); }

  Status admit() {
    CSL_TRY(gate_.check());
    return reserve_.admit_ordinary();
  }

  // Gives a finished file its name, unless good content of that name is there.
  Result<bool> adopt(const fs::path& temporary, const std::string& name) {
    const fs::path path = object_path(options_.objects, name);
    bool is_good = false;
    const bool is_ours =
        claims_.with([&](Claims& claims) { return claims.by_name.contains(name); });
    // One that an earlier run left may never have been synced, and be torn: read it before trusting
    // it.
    if (!is_ours && disk_.exists(path)) is_good = check(path, name).has_value();
    if (!is_good && !is_ours) CSL_TRY(disk_.create_folders(path.parent_path()));
    // Under the lock, so that no file which another write has synced is replaced by one that is
    // not.
    return claims_.with([&](Claims& claims) -> Result<bool> {
      const auto found = claims.by_name.find(name);
      if (found != claims.by_name.end()) {
        ++found->second;
        CSL_TRY(disk_.remove(temporary));
        return true;
      }
      if (is_good) {
        CSL_TRY(disk_.remove(temporary));
        return true;
      }
      CSL_TRY(disk_.create_folders(path.parent_path()));
      CSL_TRY(disk_.rename(temporary, path));
      claims.add(name);
      return false;
    });
  }

  Status drop_temporary(const fs::path& temporary) { return disk_.remove(temporary); }

 private:
  // Objects that this run made, and how many writers were told of each. What it forgets is then
  // never removed, and read in full before it is trusted.
  struct Claims {
    static constexpr std::size_t size_max = 100'000;
    std::unordered_map<std::string, std::size_t> by_name;
    std::deque<std::string> oldest_first;
    void add(const std::string& name) {
      if (oldest_first.size() >= size_max) {
        by_name.erase(oldest_first.front());
        oldest_first.pop_front();
      }
      by_name.emplace(name, 1);
      oldest_first.push_back(name);
    }
  };

  static std::unexpected<Error> no_such_object() {
    return fail(ErrorCode::NotFound, "there is no such object");
  }

  Status check(const fs::path& path, const std::string& name) {
    std::unique_ptr<ByteSource> file = CSL_TRY(disk_.open(path));
    return check_container(
        std::move(file), store_key_, [&](const PatientId& owner) { return keys_.find_key(owner); },
        name);
  }

  ObjectStoreOptions options_;
  Disk& disk_;
  KeySource& keys_;
  Key store_key_;
  Random& random_;
  WriteGate& gate_;
  Reserve& reserve_;
  std::shared_ptr<ChunkCache> cache_;
  std::atomic<std::uint64_t> next_temporary_{1};
  Guarded<Claims> claims_;
};

FileWriter::FileWriter(Objects& store, fs::path temporary, std::unique_ptr<DiskFile> file,
                       const PatientId& patient, const Key& key, const Key& store_key,
                       Random& random)
    : store_(store),
      temporary_(std::move(temporary)),
      file_(std::move(file)),
      name_(begin_object_name(store_key, patient)),
      container_(patient, key, random, [this](ByteView bytes) { return append(bytes); }) {}

FileWriter::~FileWriter() {
  file_.reset();
  // What cannot be removed now is removed at the next start.
  if (!finished_) static_cast<void>(store_.drop_temporary(temporary_));
}

Status FileWriter::append(ByteView bytes) {
  CSL_TRY(store_.admit());
  return file_->append(bytes);
}

Result<ObjectWriter::Finished> FileWriter::finish() {
  CSL_CHECK(!finished_);
  CSL_TRY(container_.finish());
  CSL_TRY(file_->close());
  Finished finished{
      .object = {.name = to_hex(name_.finish()), .size_bytes = container_.content_bytes()},
      .existed = false};
  finished.existed = CSL_TRY(store_.adopt(temporary_, finished.object.name));
  finished_ = true;
  return finished;
}

}  // namespace

bool is_object_name(std::string_view name) {
  return name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

fs::path object_path(const fs::path& objects, std::string_view name) {
  CSL_CHECK(is_object_name(name));
  return objects / name.substr(0, 2) / name.substr(2, 2) / name;
}

Result<std::unique_ptr<FileObjectStore>> open_object_store(const ObjectStoreOptions& options,
                                                           Disk& disk, KeySource& keys,
                                                           const Key& store_key, Random& random,
                                                           WriteGate& gate, Reserve& reserve) {
  CSL_TRY(disk.create_folders(options.objects));
  CSL_TRY(disk.create_folders(options.temporary));
  std::error_code problem;
  for (const fs::directory_entry& left : fs::directory_iterator(options.temporary, problem)) {
    CSL_TRY(disk.remove(left.path()));
  }
  return std::make_unique<Objects>(options, disk, keys, store_key, random, gate, reserve);
}

}  // namespace consilium::storage
