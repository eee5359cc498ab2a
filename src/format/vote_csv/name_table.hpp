// Names become numbers from 0, in the order in which they first come: 20 million items of a votes
// file take their letters and some 24 bytes each, where a map of strings takes over 100.
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
  // there are fewer than 2^32 - 1 names (CSL_CHECKed). Cost: a hash and about one look into memory;
  // less for the name of the call before, which the votes of one item make common.
  [[nodiscard]] std::uint32_t intern(std::string_view name);
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const;

  // Valid for as long as the table.
  [[nodiscard]] std::string_view operator[](std::uint32_t number) const;
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(place_.size()); }

 private:
  // The upper half is the upper half of the name's hash, the lower one its number plus 1; 0: free.
  using Slot = std::uint64_t;
  [[nodiscard]] std::size_t slot_of(std::string_view name, std::uint64_t hash) const;
  [[nodiscard]] const char* keep(std::string_view name);
  void grow();

  std::vector<Slot> slots_;
  std::vector<const char*> place_;  // two bytes of length, then the letters
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_left_ = 0;
  char* block_at_ = nullptr;
  std::uint32_t last_ = 0;
};

}  // namespace consilium
