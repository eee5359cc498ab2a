// Reading connections, each on a snapshot of its own while it is lent out.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/guarded.hpp"
#include "storage/keys/patient_keys.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/store.hpp"

namespace consilium::storage::sqlite {

class ReaderPool {
 public:
  ReaderPool(std::filesystem::path file, std::shared_ptr<const Schema> schema, const char* vfs,
             std::size_t page_cache_bytes, PatientKeys& keys)
      : file_(std::move(file)),
        schema_(std::move(schema)),
        vfs_(vfs),
        page_cache_bytes_(page_cache_bytes),
        keys_(keys) {}
  // Errors: Unavailable when too many readers are out.
  [[nodiscard]] Result<std::unique_ptr<Reader>> lend();

 private:
  friend class SqliteReader;
  static constexpr std::size_t lent_max = 256;
  static constexpr std::size_t idle_max = 16;
  struct State {
    std::vector<std::unique_ptr<Connection>> idle;
    std::size_t lent_count = 0;
  };
  void take_back(std::unique_ptr<Connection> connection);
  [[nodiscard]] Result<std::unique_ptr<Connection>> open() const;

  std::filesystem::path file_;
  std::shared_ptr<const Schema> schema_;
  const char* vfs_;
  std::size_t page_cache_bytes_;
  PatientKeys& keys_;
  Guarded<State> state_;
};

}  // namespace consilium::storage::sqlite
