// Terminologies and value sets that a site has loaded. They are no patient data: their search form
// lies as a plain file in the data folder, `terminologies/NAME`, named by the digest of its bytes,
// and an event says who loaded or removed what (so that `verify` knows the table).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

class Disk;  // files/disk.hpp

struct TerminologyRow {
  std::string system = {};   // URI of the code system, or of the value set
  std::string version = {};  // may be empty
  std::string kind = {};     // "code_system" | "value_set"
  std::string title = {};
  std::string digest = {};  // SHA-256 of the file, hexadecimal
  std::int64_t size_bytes = 0;
  std::int64_t concept_count = 0;
  std::int64_t term_count = 0;
  Timestamp loaded_at = {};
  std::string loaded_by = {};  // a PersonId, or "system"
};

// By system, then the last loaded first.
[[nodiscard]] Result<std::vector<TerminologyRow>> terminologies(const Reader& reader);

// The event of loading (what had the same system and version is replaced) and of removing.
[[nodiscard]] EventDraft terminology_loaded(const TerminologyRow& row);
[[nodiscard]] EventDraft terminology_removed(const std::string& system, const std::string& version);

// The files. Safe from several threads, one writer at a time.
class TerminologyFiles {
 public:
  TerminologyFiles(Disk& disk, std::filesystem::path folder)
      : disk_(disk), folder_(std::move(folder)) {}
  // Durable when it returns; the same digest again changes nothing.
  [[nodiscard]] Status put(const std::string& digest, ByteView bytes);
  // Errors: NotFound; Corrupt when the bytes are not those of the digest's size.
  [[nodiscard]] Result<Bytes> get(const std::string& digest, std::int64_t size_bytes) const;
  [[nodiscard]] Status remove(const std::string& digest);

 private:
  [[nodiscard]] std::filesystem::path path_of(const std::string& digest) const;
  Disk& disk_;
  std::filesystem::path folder_;
};

}  // namespace consilium::storage
