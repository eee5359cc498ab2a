// A folder that goes when its test ends, and a small area for tests of the engine: notes on a
// patient.
#pragma once

#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>

#include "base/check.hpp"
#include "storage/open_store.hpp"
#include "storage/sqlite/schema.hpp"
#include "storage/sqlite/sqlite_store.hpp"

namespace consilium::storage::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    // In memory where the machine offers it: an fsync on a busy disk takes longer than a test.
    const std::filesystem::path memory = "/dev/shm";
    const bool has_memory = ::access(memory.c_str(), W_OK) == 0;
    std::string name =
        ((has_memory ? memory : std::filesystem::temp_directory_path()) / "consilium-test-XXXXXX")
            .string();
    CSL_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code problem;
    std::filesystem::remove_all(path_, problem);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline sqlite::Area remark_area() {
  return sqlite::Area{
      .name = "remark",
      .migrations =
          {{1,
            "CREATE TABLE remarks (remark_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, "
            "at INTEGER NOT NULL, person TEXT NOT NULL, patient_id TEXT, text BLOB, "
            "weight REAL, body TEXT, revision INTEGER NOT NULL, object TEXT) STRICT;"
            "CREATE TABLE totals (person TEXT PRIMARY KEY, count INTEGER NOT NULL CHECK "
            "(count <= 1000000)) STRICT;"
            "CREATE TABLE volatile_seen (person TEXT PRIMARY KEY, at INTEGER) STRICT;"}},
      .projections =
          {{"remark.made",
            {"INSERT INTO totals (person, count) VALUES (:person, 1) ON CONFLICT (person) DO "
             "UPDATE "
             "SET count = count + 1",
             "INSERT INTO remarks VALUES (:remark_id, :sequence, :at, :person, :patient_id, :text, "
             ":weight, :body, 1, :object)"}},
           {"remark.changed",
            {"UPDATE remarks SET text = :text, weight = :weight, revision = revision + 1 "
             "WHERE remark_id = :remark_id"}}},
      .queries = {{"remark.all", "SELECT * FROM remarks ORDER BY remark_id"},
                  {"remark.by_id", "SELECT * FROM remarks WHERE remark_id = :remark_id"},
                  {"remark.count", "SELECT count(*) AS n FROM remarks"},
                  {"remark.total", "SELECT count FROM totals WHERE person = :person"},
                  {"remark.seen", "SELECT at FROM volatile_seen WHERE person = :person"}},
      .volatile_writes = {{"remark.see",
                           "INSERT INTO volatile_seen VALUES (:person, :at) ON CONFLICT (person) "
                           "DO UPDATE SET at = excluded.at"}},
      .object_references = {"SELECT patient_id, object FROM remarks WHERE object IS NOT NULL"},
  };
}

inline std::vector<sqlite::Area> test_areas() { return {sqlite::core_area(), remark_area()}; }

inline std::unique_ptr<Store> open_test_store(const StoreOptions& options) {
  Result<std::unique_ptr<Store>> store = sqlite::open_sqlite_store(options, test_areas());
  if (!store) std::fprintf(stderr, "%s\n", to_line(store.error()).c_str());
  CSL_CHECK(store.has_value());
  return std::move(*store);
}

inline Actor tester() { return Actor{.person = "tester", .sign_in = {}, .origin = "test"}; }

}  // namespace consilium::storage::test
