#include "storage/open_store.hpp"

#include "storage/sqlite/areas.hpp"
#include "storage/sqlite/sqlite_store.hpp"

namespace consilium::storage {

Result<std::unique_ptr<Store>> open_store(const StoreOptions& options) {
  return sqlite::open_sqlite_store(options, sqlite::product_areas());
}

}  // namespace consilium::storage
