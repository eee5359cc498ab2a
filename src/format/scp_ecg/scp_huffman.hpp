// The Huffman codes of SCP-ECG (EN 1064 5.5 and annex C). Used by scp_ecg.cpp alone.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium::scp {

struct HuffmanCode {
  int prefix_bits = 0;
  int total_bits = 0;    // above prefix_bits: the value follows the prefix, signed
  bool is_value = true;  // else the code switches to table `base_value` (from 1)
  std::int16_t base_value = 0;
  std::uint32_t prefix = 0;  // its first bit is the highest of `prefix_bits`
};

// Codes of one table, found by their first bits.
class HuffmanTable {
 public:
  // Errors: Corrupt when a code has no bits or more than 32, or is the beginning of another.
  [[nodiscard]] static Result<HuffmanTable> of(std::vector<HuffmanCode> codes);
  [[nodiscard]] static HuffmanTable standard();
  // The code that the low `count` bits of `bits` are, or nullptr.
  [[nodiscard]] const HuffmanCode* find(std::uint32_t bits, int count) const;
  [[nodiscard]] int longest() const { return longest_; }

 private:
  std::vector<HuffmanCode> codes_;  // by length, then prefix
  int longest_ = 0;
};

// Up to `count_max` values; fewer when the bits end. Bits after the last code are padding.
// Errors: Corrupt when no code begins with what stands there, with the value's number.
[[nodiscard]] Result<std::vector<std::int32_t>> decode_huffman(
    const std::vector<HuffmanTable>& tables, ByteView bytes, std::size_t count_max);

}  // namespace consilium::scp
