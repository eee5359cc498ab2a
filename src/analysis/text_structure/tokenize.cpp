#include <unicode/uchar.h>

#include "analysis/text_structure/character_class.hpp"
#include "analysis/text_structure/text_structure.hpp"
#include "base/check.hpp"
#include "base/utf8.hpp"

namespace consilium {
namespace text_structure {

ClassedCharacter class_of_wide(std::string_view valid_utf8, std::size_t at) {
  std::size_t end = at;
  const auto c = static_cast<UChar32>(next_code_point(valid_utf8, end));
  const std::size_t size = end - at;
  constexpr UChar32 byte_order_mark = 0xFEFF;
  if (u_isUWhiteSpace(c) != 0 || c == byte_order_mark) return {CharacterClass::Space, size};
  // Scripts that set no spaces between words: each character stands alone.
  const auto line_break = u_getIntPropertyValue(c, UCHAR_LINE_BREAK);
  if (u_hasBinaryProperty(c, UCHAR_IDEOGRAPHIC) != 0 || line_break == U_LB_IDEOGRAPHIC ||
      line_break == U_LB_CONDITIONAL_JAPANESE_STARTER) {
    return {u_isalpha(c) != 0 ? CharacterClass::Ideograph : CharacterClass::Other, size};
  }
  constexpr std::uint32_t marks = U_GC_M_MASK | U_GC_CF_MASK;
  if (u_isalpha(c) != 0 || (U_MASK(u_charType(c)) & marks) != 0) {
    return {CharacterClass::Letter, size};
  }
  return {u_isdigit(c) != 0 ? CharacterClass::Digit : CharacterClass::Other, size};
}

}  // namespace text_structure

namespace {

using text_structure::CharacterClass;
using text_structure::class_at;

// A run of letters and digits; a point or comma between two digits belongs to the number.
std::size_t end_of_word(std::string_view text, std::size_t at) {
  CharacterClass last = CharacterClass::Letter;
  while (at < text.size()) {
    const auto [kind, size] = class_at(text, at);
    if (kind == CharacterClass::Letter || kind == CharacterClass::Digit) {
      last = kind;
      at += size;
      continue;
    }
    const bool parts_number = (text[at] == '.' || text[at] == ',') && at + 1 < text.size() &&
                              last == CharacterClass::Digit &&
                              class_at(text, at + 1).kind == CharacterClass::Digit;
    if (!parts_number) break;
    ++at;
  }
  return at;
}

// The size of a clitic "'s" at `at`, which follows a word; 0 when there is none.
std::size_t clitic_size(std::string_view text, std::size_t at) {
  std::size_t mark = 0;
  if (text[at] == '\'') mark = 1;
  if (text.substr(at, 3) == "\xE2\x80\x99") mark = 3;  // U+2019
  if (mark == 0 || at + mark >= text.size()) return 0;
  const char letter = text[at + mark];
  if (letter != 's' && letter != 'S') return 0;
  const std::size_t behind = at + mark + 1;
  if (behind < text.size()) {
    const CharacterClass next = class_at(text, behind).kind;
    if (next == CharacterClass::Letter || next == CharacterClass::Digit) return 0;
  }
  return mark + 1;
}

}  // namespace

void tokenize(std::string_view valid_utf8, std::vector<Token>& out) {
  CSL_CHECK(valid_utf8.size() <= structured_text_bytes_max);
  out.clear();
  const auto add = [&out](std::size_t begin, std::size_t end) {
    out.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
  };
  for (std::size_t at = 0; at < valid_utf8.size();) {
    const auto [kind, size] = class_at(valid_utf8, at);
    switch (kind) {
      case CharacterClass::Space:
        at += size;
        break;
      case CharacterClass::Ideograph:
      case CharacterClass::Other:
        add(at, at + size);
        at += size;
        break;
      case CharacterClass::Letter:
      case CharacterClass::Digit: {
        const std::size_t end = end_of_word(valid_utf8, at);
        add(at, end);
        at = end;
        const std::size_t clitic = at < valid_utf8.size() ? clitic_size(valid_utf8, at) : 0;
        if (clitic != 0) add(at, at + clitic);
        at += clitic;
        break;
      }
    }
  }
}

}  // namespace consilium
