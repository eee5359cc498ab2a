#include "base/bytes.hpp"

namespace consilium {
namespace {

std::string base64(ByteView bytes, std::string_view alphabet, bool padded) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8U) | (k < left ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0U);
    }
    const std::size_t digits = left >= 3 ? 4 : left + 1;
    for (std::size_t k = 0; k < 4; ++k) {
      if (k < digits) {
        text.push_back(alphabet[(group >> (18U - 6U * k)) & 0x3FU]);
      } else if (padded) {
        text.push_back('=');
      }
    }
  }
  return text;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text.push_back(digits[value >> 4U]);
    text.push_back(digits[value & 0xFU]);
  }
  return text;
}

std::string to_base64(ByteView bytes) {
  return base64(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

std::string to_base64url(ByteView bytes) {
  return base64(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

}  // namespace consilium
