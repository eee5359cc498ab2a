// Do the tables follow from the log? Rebuilds every table from the events into a fresh database and
// compares row by row, then looks whether the objects are there that the rows stand on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/maintenance/audit_check.hpp"
#include "storage/sqlite/schema.hpp"

namespace consilium::storage {

struct VerifyReport {
  bool holds = false;
  AuditReport audit;
  struct Table {
    std::string name;
    std::int64_t row_count = 0;
    std::int64_t missing_count = 0;  // the log makes them, the table lacks them
    std::int64_t extra_count = 0;    // the table has them, the log does not make them
  };
  std::vector<Table> tables;
  std::int64_t object_count = 0;             // that rows stand on
  std::vector<std::string> missing_objects;  // their names
  std::int64_t unnamed_object_count = 0;     // files that no row names: left by an import cut short
  std::vector<std::string> problems;         // sentences; empty when all holds
};

// Beside a running server or without one: one snapshot is compared. The fresh database is a file in
// the folder and removed at the end. Errors: as audit_verify, and NoSpace. Cost: about 15 us an
// event and a table row.
[[nodiscard]] Result<VerifyReport> verify_store(const std::filesystem::path& folder,
                                                std::vector<sqlite::Area> areas);

}  // namespace consilium::storage
