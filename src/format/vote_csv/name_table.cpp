#include "format/vote_csv/name_table.hpp"

#include <cstring>
#include <limits>

#include "base/check.hpp"

namespace consilium {
namespace {

constexpr std::size_t block_bytes = 1U << 18U;
constexpr std::size_t first_slots = 64;

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

}  // namespace

std::string_view NameTable::operator[](std::uint32_t number) const {
  std::uint16_t size = 0;
  std::memcpy(&size, place_[number], sizeof size);
  return {place_[number] + sizeof size, size};
}

std::size_t NameTable::slot_of(std::string_view name, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot slot = slots_[at];
    if (slot == 0) return at;
    if (((slot ^ hash) >> 32U) == 0 && (*this)[static_cast<std::uint32_t>(slot) - 1] == name) {
      return at;
    }
  }
}

std::uint32_t NameTable::intern(std::string_view name) {
  if (!place_.empty() && (*this)[last_] == name) return last_;
  // A quarter is kept free: with linear probing a look-up then visits two or three slots.
  if (place_.size() + 1 > slots_.size() / 4 * 3) grow();
  const std::uint64_t hash = hash_of(name);
  Slot& slot = slots_[slot_of(name, hash)];
  if (slot == 0) {
    CSL_CHECK(place_.size() < std::numeric_limits<std::uint32_t>::max() - 1);
    place_.push_back(keep(name));
    slot = (hash >> 32U << 32U) | place_.size();
  }
  last_ = static_cast<std::uint32_t>(slot) - 1;
  return last_;
}

std::optional<std::uint32_t> NameTable::find(std::string_view name) const {
  if (slots_.empty()) return std::nullopt;
  const Slot slot = slots_[slot_of(name, hash_of(name))];
  if (slot == 0) return std::nullopt;
  return static_cast<std::uint32_t>(slot) - 1;
}

const char* NameTable::keep(std::string_view name) {
  CSL_CHECK(name.size() <= name_bytes_max);
  const auto size = static_cast<std::uint16_t>(name.size());
  if (block_left_ < sizeof size + name.size()) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes));
    block_at_ = blocks_.back().get();
    block_left_ = block_bytes;
  }
  char* const at = block_at_;
  std::memcpy(at, &size, sizeof size);
  if (!name.empty()) std::memcpy(at + sizeof size, name.data(), name.size());
  block_at_ += sizeof size + name.size();
  block_left_ -= sizeof size + name.size();
  return at;
}

void NameTable::grow() {
  const std::size_t slot_count = slots_.empty() ? first_slots : slots_.size() * 2;
  slots_ = {};  // the old ones go first: they are made again from the names
  slots_.resize(slot_count);
  const std::size_t mask = slot_count - 1;
  for (std::uint32_t number = 0; number < place_.size(); ++number) {
    const std::uint64_t hash = hash_of((*this)[number]);
    std::size_t at = hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = (hash >> 32U << 32U) | (std::uint64_t{number} + 1);
  }
}

}  // namespace consilium
