// Brings a database file to the schema of this version.
#pragma once

#include "storage/sqlite/connection.hpp"

namespace consilium::storage::sqlite {

// Each migration is one transaction: a power loss leaves the schema before or after it, never
// between. Errors: Unsupported when the file has a migration or an area that this version does not
// know.
[[nodiscard]] Status migrate(const Connection& connection);

}  // namespace consilium::storage::sqlite
