// Rows of voxels as bits: 64 voxels a word, voxel x in bit x % 64 of word x / 64.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace consilium {

[[nodiscard]] constexpr std::size_t words_of(std::size_t voxels) { return (voxels + 63) / 64; }

// 8 bytes -> 8 bits, set where the byte is not 0.
[[nodiscard]] inline std::uint64_t nonzero_bits_of_8(std::uint64_t bytes) {
  constexpr std::uint64_t low_seven = 0x7F7F7F7F7F7F7F7FULL;
  const std::uint64_t high = (((bytes & low_seven) + low_seven) | bytes) & ~low_seven;
  // Bit 7 of byte i ends in bit 56 + i: no two of the products meet.
  return ((high >> 7U) * 0x0102040810204080ULL) >> 56U;
}

// Fills words_of(row.size()) words; the bits past the row's end are 0.
inline void pack_row(std::span<const std::uint8_t> row, std::uint64_t* words) {
  static_assert(std::endian::native == std::endian::little, "bytes are taken as they lie");
  const std::size_t word_count = words_of(row.size());
  for (std::size_t w = 0; w < word_count; ++w) {
    std::uint64_t word = 0;
    const std::size_t begin = w * 64;
    const std::size_t count = row.size() - begin < 64 ? row.size() - begin : 64;
    std::size_t i = 0;
    for (; i + 8 <= count; i += 8) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, row.data() + begin + i, 8);
      if (bytes != 0) word |= nonzero_bits_of_8(bytes) << i;
    }
    for (; i < count; ++i) word |= static_cast<std::uint64_t>(row[begin + i] != 0) << i;
    words[w] = word;
  }
}

}  // namespace consilium
