// A database of the store, opened to be looked at: one snapshot for all that is read, beside a
// running server or without one.
#pragma once

#include <filesystem>
#include <memory>

#include "storage/sqlite/connection.hpp"

namespace consilium::storage {

// Errors: NotFound, Unavailable, Corrupt.
[[nodiscard]] inline Result<std::unique_ptr<sqlite::Connection>> open_read_only(
    const std::filesystem::path& file) {
  std::error_code problem;
  if (!std::filesystem::exists(file, problem)) {
    return fail(ErrorCode::NotFound, "there is no store in this folder", {},
                "give the folder that the server uses as --data");
  }
  std::unique_ptr<sqlite::Connection> connection =
      CSL_TRY(sqlite::Connection::open(file, sqlite::OpenMode::ReadOnly, nullptr, nullptr));
  CSL_TRY(connection->run("BEGIN"));
  return connection;
}

}  // namespace consilium::storage
