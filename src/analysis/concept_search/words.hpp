// How terms and what people type are cut into words: letters without their case and diacritics
// ("Sjögren" and "SJOGREN" are one word), runs of letters and digits, each ideograph a word of its
// own. Source: Unicode 15, NFKD and default case folding (by ICU where the text is not ASCII).
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace consilium {

inline constexpr std::size_t word_bytes_max = 64;  // longer ones are cut here

// Calls for each word in turn; `scratch` keeps its memory between calls.
template <class Use>
void each_word(std::string_view text, std::string& scratch, Use&& use);

// Folded text with one space wherever words part, none at the ends. `text` is valid UTF-8.
void fold_words(std::string_view text, std::string& out);
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);

template <class Use>
void each_word(std::string_view text, std::string& scratch, Use&& use) {
  fold_words(text, scratch);
  const std::string_view folded = scratch;
  std::size_t begin = 0;
  while (begin < folded.size()) {
    const std::size_t end = std::min(folded.find(' ', begin), folded.size());
    std::size_t size = std::min(end - begin, word_bytes_max);
    // Never inside a character.
    while (begin + size < end &&
           (static_cast<unsigned char>(folded[begin + size]) & 0xC0) == 0x80) {
      --size;
    }
    use(folded.substr(begin, size));
    begin = end + 1;
  }
}

}  // namespace consilium
