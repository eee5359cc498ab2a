// The four keys of a store's folder, each 32 bytes in a file of mode 0600 under keys/, made at the
// first start. Whoever has them and the database can read everything; whoever loses
// key_encryption.key has lost every patient's data.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/random.hpp"
#include "base/result.hpp"
#include "storage/files/disk.hpp"
#include "storage/keys/seal.hpp"

namespace consilium::storage {

struct StoreKeys {
  Key store;           // names objects (HMAC)
  Key key_encryption;  // wraps the patients' data keys
  Key log_signing;     // seed of the Ed25519 key that signs heads
  Key vault;           // seals identities
};

// Whether the folder holds a store already. A new one gets the keys that it lacks (its first start
// may have been cut short); an old one must have them all: a half restored backup must not be given
// new keys.
enum class StoreAge { New, Old };

// Errors: Unavailable; NotFound and Corrupt when a key of an old store is missing or has another
// size.
[[nodiscard]] Result<StoreKeys> load_or_make_keys(Disk& disk, const std::filesystem::path& folder,
                                                  StoreAge age, Random& random);
// Only what is there. Errors: as above.
[[nodiscard]] Result<StoreKeys> load_keys(Disk& disk, const std::filesystem::path& folder);

}  // namespace consilium::storage
