// Reads everything that is kept and finds any bit that turned: every chunk of every object, and the
// pages of both databases.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace consilium::storage {

struct ScrubReport {
  bool holds = false;
  std::int64_t object_count = 0;
  std::uint64_t read_bytes = 0;   // as they lie on the disk
  std::int64_t erased_count = 0;  // of erased patients: unreadable by intention, and counted only
  struct Damage {
    std::string object;
    std::string what;
  };
  std::vector<Damage> damaged;
  std::vector<std::string> problems;  // sentences; empty when all holds
};

// Beside a running server or without one; on `threads` cores. Errors: NotFound, Unavailable.
// Cost: about 1 GB of stored bytes a second a core, or the disk.
[[nodiscard]] Result<ScrubReport> scrub_store(const std::filesystem::path& folder,
                                              unsigned threads = 2);

}  // namespace consilium::storage
