// Objects as files: objects/<2 digits>/<2 digits>/<64 digits>, written under tmp/ and renamed.
// Invariants O1 to O9: semantics.md.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "storage/files/disk.hpp"
#include "storage/files/reserve.hpp"
#include "storage/files/write_gate.hpp"
#include "storage/keys/key_source.hpp"
#include "storage/objects.hpp"

namespace consilium::storage {

class FileObjectStore : public ObjectStore {
 public:
  // Drops what is in memory of an erased patient's objects.
  virtual void forget(const PatientId& patient) = 0;
};

struct ObjectStoreOptions {
  std::filesystem::path objects;
  std::filesystem::path temporary;  // on the same file system; emptied here
  std::size_t chunk_cache_bytes = 0;
};

// objects/ab/cd/abcd...; the name must be 64 hexadecimal digits.
[[nodiscard]] std::filesystem::path object_path(const std::filesystem::path& objects,
                                                std::string_view name);
[[nodiscard]] bool is_object_name(std::string_view name);

// Everything passed in must outlive the store. Errors: Unavailable, NoSpace.
[[nodiscard]] Result<std::unique_ptr<FileObjectStore>> open_object_store(
    const ObjectStoreOptions& options, Disk& disk, KeySource& keys, const Key& store_key,
    Random& random, WriteGate& gate, Reserve& reserve);

}  // namespace consilium::storage
