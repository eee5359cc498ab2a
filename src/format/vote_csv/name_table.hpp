// Names become numbers from 0, in the order in which they first come: each name of a votes file
// takes its letters and some 30 bytes, where a map of strings takes over 100.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace consilium {

inline constexpr std::size_t name_bytes_max = 4096;

// Moved, not copied: names stay where they are for as long as the table (or what it was moved to).
class NameTable {
 public:
  NameTable() = default;
  NameTable(const NameTable&) = delete;
  NameTable& operator=(const NameTable&) = delete;
  NameTable(NameTable&&) = default;
  NameTable& operator=(NameTable&&) = default;
  ~NameTable() = default;

  // The name's number, a new one when it is new. The name has at most `name_bytes_max` bytes, and
  // all names together at most 32 GiB
  // (CSL_CHECKed). Cost: a hash and two looks into memory;
  // less for the name of the call before, which the votes of one item make common.
  [[nodiscard]] std::uint32_t intern(std::string_view name);
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const;

  // Valid for as long as the table.
  [[nodiscard]] std::string_view operator[](std::uint32_t number) const;
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(place_.size()); }

 private:
  // The upper half is the upper half of the name's hash, which is also where the slot is near to:
  // so a table grows by one pass over its slots. The lower half is the name's place plus 1; 0:
  // free.
  using Slot = std::uint64_t;
  // In steps of 8 bytes: the number (4 bytes), the length (2 bytes), the letters. The number stands
  // with the letters, so that a look-up goes into memory twice, not three times.
  using Place = std::uint32_t;
  [[nodiscard]] const char* at(Place place) const;
  [[nodiscard]] std::size_t slot_of(std::string_view name, std::uint64_t hash) const;
  [[nodiscard]] Place keep(std::string_view name);
  void grow();

  unsigned slot_bits_ = 0;
  std::vector<Slot> slots_;
  std::vector<Place> place_;  // by number
  std::vector<std::unique_ptr<std::uint64_t[]>> blocks_;
  std::size_t block_used_ = 0;
  std::uint32_t last_ = 0;
};

}  // namespace consilium
