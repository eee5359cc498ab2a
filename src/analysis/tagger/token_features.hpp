// What a tagger sees of each token: hashes of its letters, shape, neighbours and of what the text
// says elsewhere about it. Used inside this module.
//
// A word that is met for the first time is told by its parts ("-azol-", "-emia"), so all stretches
// of four bytes of it are seen, and by what stands beside it where the text has it once more: the
// nearest place before and the nearest behind, up to `elsewhere_tokens_max` away.
//
// Texts define their abbreviations, "adenomatous polyposis coli (APC)": a token that the text
// defines is also seen as the last word of its long form. The pairs are found by the rule of A. S.
// Schwartz and M. A. Hearst, Pac. Symp. Biocomput. 2003, 451-462: the short form's letters occur
// in order in the words before the bracket, its first at a word's begin.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/text_structure/text_structure.hpp"

namespace consilium {

// What engines that ran before say of a token; 0 where they say nothing.
struct TokenHints {
  std::uint8_t section = 0;      // SectionKind
  std::uint16_t dictionary = 0;  // semantic group of a dictionary's match, B and I told apart
  friend bool operator==(const TokenHints&, const TokenHints&) = default;
};

class TokenFeatures {
 public:
  static constexpr std::uint32_t elsewhere_tokens_max = 1'000;
  // The least hash of a feature; only the one that every token has, its first, is 0.
  static constexpr std::uint32_t hash_min = std::uint32_t{1} << 20U;

  // `hints` is empty or has one for each token. The views must outlive this.
  TokenFeatures(std::string_view utf8, std::span<const Token> tokens,
                std::span<const TokenHints> hints);

  // The hashes of a sentence's tokens one after the other; `ends[i]` is where those of token i end.
  // Both are replaced. The sentences' neighbours beyond its ends are not seen.
  void of_sentence(TokenRange sentence, std::vector<std::uint32_t>& hashes,
                   std::vector<std::uint32_t>& ends) const;

 private:
  struct Word {
    std::uint32_t lower = 0;      // letters folded, digits 0
    std::uint32_t shape = 0;      // "Xx0-", runs made one
    std::uint32_t long_form = 0;  // last word of what the text defines it as; 0: it does not
    std::uint32_t long_suffix = 0;
    std::uint32_t prefix[3] = {};  // of 2, 3, 4 bytes
    std::uint32_t suffix[4] = {};  // of 2, 3, 4, 5 bytes
    std::uint8_t kind = 0;         // of its characters
    // 1 + the nearest places of the same word; 0 where there is none.
    std::uint32_t before = 0;
    std::uint32_t behind = 0;
  };
  void find_repeats(std::span<const Token> tokens);
  void find_abbreviations(std::string_view utf8, std::span<const Token> tokens);
  std::string_view utf8_;
  std::span<const Token> tokens_;
  std::vector<Word> words_;
  std::span<const TokenHints> hints_;
};

}  // namespace consilium
