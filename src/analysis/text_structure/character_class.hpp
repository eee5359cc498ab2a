// Classes of characters for cutting text: a table for ASCII, ICU for the rest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace consilium::text_structure {

enum class CharacterClass : std::uint8_t { Space, Letter, Digit, Ideograph, Other };

inline constexpr std::array<CharacterClass, 128> ascii_classes = [] {
  std::array<CharacterClass, 128> classes{};
  for (std::size_t c = 0; c < 128; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    // Control characters, NUL included, are no text: they part words like a space.
    classes[c] = letter                  ? CharacterClass::Letter
                 : digit                 ? CharacterClass::Digit
                 : c <= ' ' || c == 0x7F ? CharacterClass::Space
                                         : CharacterClass::Other;
  }
  return classes;
}();

struct ClassedCharacter {
  CharacterClass kind = CharacterClass::Other;
  std::size_t size_bytes = 1;
};

// The character of valid UTF-8 at `at`, which is not ASCII. Marks and joiners count as letters.
[[nodiscard]] ClassedCharacter class_of_wide(std::string_view valid_utf8, std::size_t at);

[[nodiscard]] inline bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

[[nodiscard]] inline ClassedCharacter class_at(std::string_view valid_utf8, std::size_t at) {
  const char c = valid_utf8[at];
  if (is_ascii(c)) return {ascii_classes[static_cast<unsigned char>(c)], 1};
  return class_of_wide(valid_utf8, at);
}

}  // namespace consilium::text_structure
