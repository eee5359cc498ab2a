// The store on SQLite and files; open_store.hpp says what is in its folder.
#pragma once

#include <memory>
#include <vector>

#include "storage/open_store.hpp"
#include "storage/sqlite/schema.hpp"

namespace consilium::storage::sqlite {

// With these areas; the core area must be the first. Errors: as open_store.
[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite_store(const StoreOptions& options,
                                                               std::vector<Area> areas);

}  // namespace consilium::storage::sqlite
