// Text made comparable: case folded, compatibility forms made one (NFKC_Casefold, Unicode UAX 31),
// white space run together into one blank; and the way back from each of its bytes.
//
// "Café  AU\n lait" -> "café au lait". ASCII is folded by a table, the rest by ICU.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/text_structure/text_structure.hpp"

namespace consilium {

class NormalisedText {
 public:
  // Cost: O(bytes), ASCII about 200 MB/s. CSL_CHECKs the size as `tokenize` does.
  [[nodiscard]] static NormalisedText of(std::string_view valid_utf8);

  [[nodiscard]] std::string_view utf8() const { return utf8_; }

  // The bytes of the original that the bytes [begin, end) of `utf8()` came from, whole characters:
  // a place inside a character that folded into several ("ﬁ" -> "fi") gives all of it.
  // CSL_CHECKs begin <= end <= utf8().size(). Cost: O(log changes).
  [[nodiscard]] Token original_bytes(std::uint32_t begin, std::uint32_t end) const;

 private:
  // From here to the next piece bytes run in step when `in_step`; else the whole piece of the
  // original made the whole piece of the result.
  struct Piece {
    std::uint32_t normalised = 0;
    std::uint32_t original = 0;
    bool in_step = true;
  };
  [[nodiscard]] bool ends_blank() const;  // or is empty
  void add_piece(std::size_t original, bool in_step);
  std::string utf8_;
  std::vector<Piece> pieces_;  // the last is the end of both
};

// A 64-bit fold of a word: equal for words that NormalisedText makes equal. Words that differ share
// one with chance 2^-64 a pair (nobody gains by forging one: it would only be a wrong suggestion).
// Cost: ASCII 8 bytes at a time.
[[nodiscard]] std::uint64_t folded_hash(std::string_view valid_utf8_word);
// Of each token; `out` replaced.
void hash_tokens(std::string_view valid_utf8, std::span<const Token> tokens,
                 std::vector<std::uint64_t>& out);

}  // namespace consilium
