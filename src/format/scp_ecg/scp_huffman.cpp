#include "format/scp_ecg/scp_huffman.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace consilium::scp {

Result<HuffmanTable> HuffmanTable::of(std::vector<HuffmanCode> codes) {
  HuffmanTable table;
  for (const HuffmanCode& code : codes) {
    const int value_bits = code.total_bits - code.prefix_bits;
    if (code.prefix_bits < 1 || code.prefix_bits > 32 || value_bits < 0 || value_bits > 16) {
      return fail(ErrorCode::Corrupt, "a Huffman code has an impossible length", "section 2");
    }
    table.longest_ = std::max(table.longest_, code.prefix_bits);
  }
  std::ranges::sort(codes, [](const HuffmanCode& a, const HuffmanCode& b) {
    return a.prefix_bits != b.prefix_bits ? a.prefix_bits < b.prefix_bits : a.prefix < b.prefix;
  });
  table.codes_ = std::move(codes);
  return table;
}

HuffmanTable HuffmanTable::standard() {
  std::vector<HuffmanCode> codes{{.prefix_bits = 1, .total_bits = 1, .base_value = 0, .prefix = 0}};
  // k ones, a zero, and the sign: 100 is +1, 101 is -1, 1100 is +2, ... (annex C.3).
  for (int k = 1; k <= 8; ++k) {
    const std::uint32_t ones = ((1U << static_cast<unsigned>(k)) - 1U) << 2U;
    const auto value = static_cast<std::int16_t>(k);
    codes.push_back({k + 2, k + 2, true, value, ones});
    codes.push_back({k + 2, k + 2, true, static_cast<std::int16_t>(-value), ones | 1U});
  }
  codes.push_back({.prefix_bits = 10, .total_bits = 18, .prefix = 0x3FE});
  codes.push_back({.prefix_bits = 10, .total_bits = 26, .prefix = 0x3FF});
  HuffmanTable table;
  table.longest_ = 10;
  table.codes_ = std::move(codes);
  return table;
}

const HuffmanCode* HuffmanTable::find(std::uint32_t bits, int count) const {
  const auto before = [](const HuffmanCode& code, const std::pair<int, std::uint32_t>& wanted) {
    return code.prefix_bits != wanted.first ? code.prefix_bits < wanted.first
                                            : code.prefix < wanted.second;
  };
  const auto found = std::lower_bound(codes_.begin(), codes_.end(), std::pair(count, bits), before);
  if (found == codes_.end() || found->prefix_bits != count || found->prefix != bits) return nullptr;
  return &*found;
}

namespace {

class Bits {
 public:
  explicit Bits(ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] std::size_t left() const { return bytes_.size() * 8 - at_; }
  std::uint32_t take(int count) {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i, ++at_) {
      const auto byte = std::to_integer<std::uint32_t>(bytes_[at_ / 8]);
      value = value << 1U | (byte >> (7U - at_ % 8) & 1U);
    }
    return value;
  }
  void back(int count) { at_ -= static_cast<std::size_t>(count); }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<std::int32_t>> decode_huffman(const std::vector<HuffmanTable>& tables,
                                                 ByteView bytes, std::size_t count_max) {
  std::vector<std::int32_t> values;
  values.reserve(std::min(count_max, bytes.size() * 8));
  Bits bits(bytes);
  std::size_t table = 0;
  while (values.size() < count_max && bits.left() > 0) {
    const HuffmanCode* code = nullptr;
    std::uint32_t prefix = 0;
    int count = 0;
    while (code == nullptr && count < tables[table].longest()) {
      if (bits.left() == 0) return values;
      prefix = prefix << 1U | bits.take(1);
      code = tables[table].find(prefix, ++count);
    }
    if (code == nullptr) {
      return fail(ErrorCode::Corrupt, "no Huffman code begins like this",
                  fmt::format("value {}", values.size()));
    }
    if (!code->is_value) {
      const auto wanted = static_cast<std::size_t>(code->base_value);
      if (code->base_value < 1 || wanted > tables.size()) {
        return fail(ErrorCode::Corrupt, "the Huffman codes switch to a table that is not there",
                    fmt::format("value {}", values.size()));
      }
      table = wanted - 1;
      continue;
    }
    const int value_bits = code->total_bits - code->prefix_bits;
    if (value_bits == 0) {
      values.push_back(code->base_value);
      continue;
    }
    if (bits.left() < static_cast<std::size_t>(value_bits)) return values;
    const auto raw = static_cast<std::int32_t>(bits.take(value_bits));
    const std::int32_t sign = 1 << (value_bits - 1);
    values.push_back((raw ^ sign) - sign);
  }
  return values;
}

}  // namespace consilium::scp
