// The vault in an SQLite file: each identity sealed (AES-256-GCM) under the vault's key, found by
// the HMAC of issuer and patient id.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "storage/keys/seal.hpp"
#include "storage/vault.hpp"

namespace consilium::storage {

// `vfs` as in StoreOptions. Errors: Unavailable, Corrupt, NoSpace.
[[nodiscard]] Result<std::unique_ptr<Vault>> open_vault(const std::filesystem::path& file,
                                                        const char* vfs, const Key& key,
                                                        const Clock& clock, Random& random);

// Opens every seal of the file. Errors: Corrupt when one does not hold.
[[nodiscard]] Status check_vault(const std::filesystem::path& file, const Key& key);

}  // namespace consilium::storage
