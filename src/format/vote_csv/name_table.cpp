#include "format/vote_csv/name_table.hpp"

#include <sys/mman.h>

#include <cstring>
#include <limits>
#include <utility>

#include "base/check.hpp"

namespace consilium {
namespace {

constexpr std::size_t step_bytes = 8;
constexpr unsigned block_bits = 15;
constexpr std::size_t block_steps = std::size_t{1} << block_bits;
constexpr std::size_t number_bytes = 4;
constexpr std::size_t head_bytes = 6;
constexpr unsigned first_slot_bits = 6;

std::uint64_t load(const char* at, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, size);
  return word;
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

// Eight bytes a step, each folded in by a 128-bit product. Not for keys that an enemy chooses; here
// such a one would only make slow what he has to wait for himself.
std::uint64_t hash_of(std::string_view name) {
  constexpr std::uint64_t first_factor = 0x9E3779B97F4A7C15ULL;
  constexpr std::uint64_t second_factor = 0xD6E8FEB86659FD93ULL;
  std::uint64_t hash = name.size() * first_factor;
  const char* at = name.data();
  std::size_t left = name.size();
  for (; left >= 8; at += 8, left -= 8) hash = mix(hash ^ load(at, 8), second_factor);
  return mix(hash ^ load(at, left) ^ first_factor, second_factor ^ hash);
}

// A look-up in a table of many megabytes misses the page tables' cache as well as the cache; with
// pages of 2 MiB only the latter. Where the machine has none nothing changes.
void ask_for_huge_pages(void* memory, std::size_t size_bytes) {
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20U;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t last = (begin + size_bytes) / page * page;
  if (first >= last) return;
  static_cast<void>(
      ::madvise(static_cast<char*>(memory) + (first - begin), last - first, MADV_HUGEPAGE));
}

}  // namespace

const char* NameTable::at(Place place) const {
  return reinterpret_cast<const char*>(blocks_[place >> block_bits].get() +
                                       (place & (block_steps - 1)));
}

std::string_view NameTable::operator[](std::uint32_t number) const {
  const char* const name = at(place_[number]);
  std::uint16_t size = 0;
  std::memcpy(&size, name + number_bytes, sizeof size);
  return {name + head_bytes, size};
}

std::size_t NameTable::slot_of(std::string_view name, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t s = hash >> (64 - slot_bits_);; s = (s + 1) & mask) {
    const Slot slot = slots_[s];
    if (slot == 0) return s;
    if (((slot ^ hash) >> 32U) != 0) continue;
    const char* const known = at(static_cast<Place>(slot) - 1);
    std::uint16_t size = 0;
    std::memcpy(&size, known + number_bytes, sizeof size);
    if (std::string_view(known + head_bytes, size) == name) return s;
  }
}

std::uint32_t NameTable::intern(std::string_view name) {
  if (!place_.empty() && (*this)[last_] == name) return last_;
  // A quarter is kept free: with linear probing a look-up then visits two or three slots.
  if (place_.size() + 1 > slots_.size() / 4 * 3) grow();
  const std::uint64_t hash = hash_of(name);
  Slot& slot = slots_[slot_of(name, hash)];
  if (slot == 0) {
    const Place place = keep(name);
    slot = (hash >> 32U << 32U) | (std::uint64_t{place} + 1);
    place_.push_back(place);
  }
  std::memcpy(&last_, at(static_cast<Place>(slot) - 1), number_bytes);
  return last_;
}

std::optional<std::uint32_t> NameTable::find(std::string_view name) const {
  if (slots_.empty()) return std::nullopt;
  const Slot slot = slots_[slot_of(name, hash_of(name))];
  if (slot == 0) return std::nullopt;
  std::uint32_t number = 0;
  std::memcpy(&number, at(static_cast<Place>(slot) - 1), number_bytes);
  return number;
}

NameTable::Place NameTable::keep(std::string_view name) {
  CSL_CHECK(name.size() <= name_bytes_max);
  const std::size_t steps = (head_bytes + name.size() + step_bytes - 1) / step_bytes;
  if (blocks_.empty() || block_used_ + steps > block_steps) {
    // The last place of all would be 0 once 1 is added to it, so its block is not opened.
    CSL_CHECK((blocks_.size() + 1) << block_bits < std::numeric_limits<Place>::max());
    blocks_.push_back(std::make_unique_for_overwrite<std::uint64_t[]>(block_steps));
    block_used_ = 0;
  }
  const auto number = static_cast<std::uint32_t>(place_.size());
  const auto size = static_cast<std::uint16_t>(name.size());
  char* const to = reinterpret_cast<char*>(blocks_.back().get() + block_used_);
  std::memcpy(to, &number, number_bytes);
  std::memcpy(to + number_bytes, &size, sizeof size);
  if (!name.empty()) std::memcpy(to + head_bytes, name.data(), name.size());
  const std::size_t place = ((blocks_.size() - 1) << block_bits) + block_used_;
  block_used_ += steps;
  return static_cast<Place>(place);
}

void NameTable::grow() {
  const unsigned bits = slots_.empty() ? first_slot_bits : slot_bits_ + 1;
  CSL_CHECK(bits <= 32);
  std::vector<Slot> grown;
  grown.reserve(std::size_t{1} << bits);
  ask_for_huge_pages(grown.data(), grown.capacity() * sizeof(Slot));
  grown.resize(grown.capacity());
  const std::size_t mask = grown.size() - 1;
  for (const Slot slot : slots_) {
    if (slot == 0) continue;
    std::size_t s = slot >> (64 - bits);
    while (grown[s] != 0) s = (s + 1) & mask;
    grown[s] = slot;
  }
  slots_ = std::move(grown);
  slot_bits_ = bits;
}

}  // namespace consilium
