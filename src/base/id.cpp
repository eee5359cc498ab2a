#include "base/id.hpp"

#include <cstdint>

namespace consilium {

IdBytes make_id_bytes(Timestamp now, Random& random) {
  IdBytes value{};
  random.fill(value);
  const auto ms = static_cast<std::uint64_t>(now.ms);
  for (std::size_t i = 0; i < 6; ++i) {
    value[i] = static_cast<std::byte>((ms >> (40U - 8U * i)) & 0xFFU);
  }
  value[6] = (value[6] & std::byte{0x0F}) | std::byte{0x70};  // version 7
  value[8] = (value[8] & std::byte{0x3F}) | std::byte{0x80};  // variant of RFC 9562
  return value;
}

std::string id_text(const IdBytes& value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    const auto byte = std::to_integer<unsigned>(value[i]);
    text.push_back(digits[byte >> 4U]);
    text.push_back(digits[byte & 0xFU]);
  }
  return text;
}

Result<IdBytes> parse_id_bytes(std::string_view text) {
  const auto bad = [] {
    return fail(ErrorCode::InvalidInput, "not an id", {},
                "ids are UUIDs of 36 characters, such as 0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3b");
  };
  if (text.size() != 36) return bad();
  IdBytes value{};
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return bad();
      continue;
    }
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10U;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<unsigned>(c - 'A') + 10U;
    } else {
      return bad();
    }
    value[nibble / 2] |= static_cast<std::byte>(nibble % 2 == 0 ? digit << 4U : digit);
    ++nibble;
  }
  return value;
}

}  // namespace consilium
