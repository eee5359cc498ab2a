#include "storage/keys/key_files.hpp"

#include <array>
#include <string>

namespace consilium::storage {
namespace {

namespace fs = std::filesystem;

struct Slot {
  const char* file;
  Key StoreKeys::* key;
};
constexpr std::array<Slot, 4> slots{{{"store.key", &StoreKeys::store},
                                     {"key_encryption.key", &StoreKeys::key_encryption},
                                     {"log_signing.key", &StoreKeys::log_signing},
                                     {"vault.key", &StoreKeys::vault}}};

}  // namespace

Result<StoreKeys> load_keys(Disk& disk, const fs::path& folder) {
  StoreKeys keys;
  for (const Slot& slot : slots) {
    if (!disk.exists(folder / slot.file)) {
      return fail(ErrorCode::NotFound, "a key of the store is missing", slot.file,
                  "put the keys folder of the backup in place");
    }
    const std::unique_ptr<ByteSource> file = CSL_TRY(disk.open(folder / slot.file));
    Bytes bytes = CSL_TRY(read_all(*file, 4096));
    if (bytes.size() != Key::size_bytes) {
      return fail(ErrorCode::Corrupt, "a key of the store has the wrong size", slot.file,
                  "put the keys folder of the backup in place");
    }
    keys.*slot.key = Key(bytes);
    wipe(bytes);
  }
  return keys;
}

Result<StoreKeys> load_or_make_keys(Disk& disk, const fs::path& folder, StoreAge age,
                                    Random& random) {
  if (age == StoreAge::Old) return load_keys(disk, folder);
  CSL_TRY(disk.create_folders(folder));
  for (const Slot& slot : slots) {
    const fs::path path = folder / slot.file;
    if (disk.exists(path)) {
      const std::unique_ptr<ByteSource> file = CSL_TRY(disk.open(path));
      if (file->size() == Key::size_bytes) continue;
      CSL_TRY(disk.remove(path));  // cut short by a power loss at the first start
    }
    const Key key = Key::random(random);
    CSL_TRY(write_durably(disk, path, key.view()));
  }
  const std::array<fs::path, 1> parent{folder.parent_path()};
  CSL_TRY(disk.sync({}, parent));
  return load_keys(disk, folder);
}

}  // namespace consilium::storage
