// The 64 MiB that are kept for what must go on when the disk is full: sign-ins, accesses, refusals.
//
// A file of that size, truly allocated, is cut shorter step by step when such a write finds less
// than `floor_bytes` free; ordinary writes are refused from then on, until there is room to make
// the file whole again. Nothing needs a restart. Safe from all threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.hpp"

namespace consilium::storage {

class Reserve {
 public:
  static constexpr std::uint64_t usual_bytes = 64ULL << 20U;
  static constexpr std::uint64_t step_bytes = 4ULL << 20U;
  static constexpr std::uint64_t floor_bytes = 8ULL << 20U;

  // Makes the file, of `full_bytes`, when there is room for it. Errors: Unavailable.
  static Result<std::unique_ptr<Reserve>> open(const std::filesystem::path& file,
                                               std::uint64_t full_bytes);
  Reserve(const Reserve&) = delete;
  Reserve& operator=(const Reserve&) = delete;
  virtual ~Reserve() = default;

  // Before an ordinary write. Errors: NoSpace.
  [[nodiscard]] virtual Status admit_ordinary() = 0;
  // Before a write that must go on; gives a step back to the disk when it is needed. Errors:
  // NoSpace when the reserve is spent.
  [[nodiscard]] virtual Status admit_reserved() = 0;
  [[nodiscard]] virtual std::uint64_t left_bytes() const = 0;

 protected:
  Reserve() = default;
};

}  // namespace consilium::storage
