// Numbers and short texts appended to bytes, little-endian: what ByteReader reads back. Each
// appends and cannot fail.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace consilium {

template <std::integral Number>
void put_number(Bytes& out, Number number) {
  for (unsigned i = 0; i < sizeof(Number); ++i) {
    out.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(number) >> (8U * i)));
  }
}
inline void put_number(Bytes& out, float number) {
  put_number(out, std::bit_cast<std::uint32_t>(number));
}

// Its bytes as they stand.
inline void put_text(Bytes& out, std::string_view text) {
  const ByteView bytes = bytes_of(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}
// Its length in two bytes, then its bytes. CSL_CHECKs that it has fewer than 65,536.
inline void put_short_text(Bytes& out, std::string_view text) {
  CSL_CHECK(text.size() <= UINT16_MAX);
  put_number(out, static_cast<std::uint16_t>(text.size()));
  put_text(out, text);
}

}  // namespace consilium
