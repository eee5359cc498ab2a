#include "base/utf8.hpp"

#include "base/check.hpp"

namespace consilium {
namespace {

// Bytes of the sequence that begins at `at`, or 0 when it is not valid.
std::size_t sequence_size(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) {
    return i < text.size() && (byte(i) & 0xC0U) == 0x80U;
  };
  const unsigned lead = byte(at);
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return continues(at + 1) ? 2 : 0;
  if (lead < 0xF0) {
    if (!continues(at + 1) || !continues(at + 2)) return 0;
    if (lead == 0xE0 && byte(at + 1) < 0xA0) return 0;  // overlong
    if (lead == 0xED && byte(at + 1) > 0x9F) return 0;  // surrogate
    return 3;
  }
  if (lead > 0xF4 || !continues(at + 1) || !continues(at + 2) || !continues(at + 3)) return 0;
  if (lead == 0xF0 && byte(at + 1) < 0x90) return 0;  // overlong
  if (lead == 0xF4 && byte(at + 1) > 0x8F) return 0;  // past U+10FFFF
  return 4;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = sequence_size(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

std::uint64_t code_point_count(std::string_view valid_utf8) {
  std::uint64_t count = 0;
  for (const char c : valid_utf8) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

Result<std::size_t> byte_offset(std::string_view valid_utf8, std::uint64_t code_point) {
  std::uint64_t seen = 0;
  for (std::size_t at = 0; at < valid_utf8.size(); ++at) {
    if ((static_cast<unsigned char>(valid_utf8[at]) & 0xC0U) == 0x80U) continue;
    if (seen == code_point) return at;
    ++seen;
  }
  if (seen == code_point) return valid_utf8.size();
  return fail(ErrorCode::InvalidInput, "a text offset lies past the end",
              "code point " + std::to_string(code_point) + " of " + std::to_string(seen));
}

void append_utf8(std::string& out, char32_t code_point) {
  CSL_CHECK(code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF));
  const auto put = [&](unsigned value) { out.push_back(static_cast<char>(value)); };
  const auto value = static_cast<unsigned>(code_point);
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0U | (value >> 6U));
    put(0x80U | (value & 0x3FU));
  } else if (value < 0x10000) {
    put(0xE0U | (value >> 12U));
    put(0x80U | ((value >> 6U) & 0x3FU));
    put(0x80U | (value & 0x3FU));
  } else {
    put(0xF0U | (value >> 18U));
    put(0x80U | ((value >> 12U) & 0x3FU));
    put(0x80U | ((value >> 6U) & 0x3FU));
    put(0x80U | (value & 0x3FU));
  }
}

char32_t next_code_point(std::string_view valid_utf8, std::size_t& at) {
  CSL_CHECK(at < valid_utf8.size());
  const auto byte = [&] {
    return static_cast<unsigned>(static_cast<unsigned char>(valid_utf8[at++]));
  };
  const unsigned lead = byte();
  if (lead < 0x80) return static_cast<char32_t>(lead);
  const int further = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  unsigned value = lead & (0x3FU >> static_cast<unsigned>(further));
  for (int i = 0; i < further; ++i) value = (value << 6U) | (byte() & 0x3FU);
  return static_cast<char32_t>(value);
}

}  // namespace consilium
