// A clinical note cut into tokens, sentences and sections: the places that dictionaries, rules,
// ConText and taggers work on. Rules I1 to I9 are in semantics.md.
//
// The input is valid UTF-8 (CanonicalText) and is not changed; every place is a byte of it, half
// open. At the program's edge places become code points by `to_text_span`.
//
// Cost: one pass each, no allocation but the results' growth; about 150 MB/s for all of it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/text_structure/section_kinds.hpp"
#include "base/result.hpp"
#include "domain/text/canonical_text.hpp"

namespace consilium {

// A word, a number, a clitic ('s) or one other visible character.
struct Token {
  std::uint32_t begin_byte = 0;
  std::uint32_t end_byte = 0;
  friend auto operator<=>(const Token&, const Token&) = default;
};

struct TokenRange {
  std::uint32_t begin_token = 0;
  std::uint32_t end_token = 0;
  friend auto operator<=>(const TokenRange&, const TokenRange&) = default;
};

// From a header's first byte to the next header. Text before the first header is a section without
// a header (body_byte == begin_byte) of kind `SectionKind::None`.
struct TextSection {
  SectionKind kind = SectionKind::None;
  std::uint32_t begin_byte = 0;
  std::uint32_t body_byte = 0;  // behind the header and its colon
  std::uint32_t end_byte = 0;
  friend auto operator<=>(const TextSection&, const TextSection&) = default;
};

struct TextStructure {
  std::vector<Token> tokens;
  std::vector<TokenRange> sentences;  // cover every token, in order, none empty
  std::vector<TextSection> sections;  // cover every byte, in order
  friend bool operator==(const TextStructure&, const TextStructure&) = default;
};

// Texts above this many bytes are refused (places are 32 bits wide).
inline constexpr std::size_t structured_text_bytes_max = 1U << 30;

// Each replaces what `out` holds and keeps its memory, so that a run over many notes allocates
// little. CSL_CHECKs that the text is not above `structured_text_bytes_max`.
void tokenize(std::string_view valid_utf8, std::vector<Token>& out);
void split_sentences(std::string_view valid_utf8, std::span<const Token> tokens,
                     std::vector<TokenRange>& out);
void find_sections(std::string_view valid_utf8, std::vector<TextSection>& out);

// All three. A sentence never crosses a section's begin or the end of its header.
// Errors: TooLarge.
[[nodiscard]] Status structure_text(std::string_view valid_utf8, TextStructure& out);
[[nodiscard]] Result<TextStructure> structure_of(const CanonicalText& text);

// Errors: InvalidInput when an end is past the text or inside a character.
[[nodiscard]] Result<TextSpan> to_text_span(const CanonicalText& text, std::uint32_t begin_byte,
                                            std::uint32_t end_byte);

}  // namespace consilium
