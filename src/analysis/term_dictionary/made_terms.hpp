// A vocabulary and notes made from a seed, for tests and benchmarks: words of syllables, terms of
// one to five of them as vocabularies have, and text in which some terms occur.
#pragma once

#include <string>
#include <vector>

#include "analysis/term_dictionary/term_dictionary.hpp"
#include "base/random.hpp"

namespace consilium::made {

inline std::vector<std::string> words(SeededRandom& random, std::size_t count) {
  constexpr std::string_view starts[] = {"car", "neph", "hep", "my", "ost", "pul", "der", "gas",
                                         "ren", "vas",  "lym", "en", "thy", "cer", "col", "spl"};
  constexpr std::string_view middles[] = {"di", "ro", "a",   "o",  "eo", "mo",  "ma", "tro",
                                          "al", "cu", "pho", "ce", "ro", "bra", "i",  "eno"};
  constexpr std::string_view ends[] = {"itis",   "oma", "osis", "al",  "ic", "pathy",
                                       "ectomy", "us",  "ia",   "ar",  "or", "in",
                                       "ol",     "ate", "ide",  "gram"};
  std::vector<std::string> made;
  made.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::string word(starts[random.below(16)]);
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) word += middles[random.below(16)];
    word += ends[random.below(16)];
    made.push_back(std::move(word));
  }
  return made;
}

inline std::vector<DictionaryTerm> terms(SeededRandom& random,
                                         const std::vector<std::string>& words, std::size_t count) {
  std::vector<DictionaryTerm> made(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t length = 1 + (random.below(100) * random.below(100)) / 2000;
    for (std::uint64_t w = 0; w < length; ++w) {
      if (w > 0) made[i].surface += random.below(20) == 0 ? "-" : " ";
      made[i].surface += words[random.below(words.size())];
    }
    made[i].concept_index = static_cast<std::uint32_t>(i);
  }
  return made;
}

// Sentences of plain words with a term every 15 words or so.
inline std::string note(SeededRandom& random, const std::vector<DictionaryTerm>& terms,
                        std::size_t bytes) {
  constexpr std::string_view plain[] = {
      "the",    "patient", "was",   "seen",  "and",      "has",     "with",  "no",
      "for",    "in",      "of",    "to",    "denies",   "on",      "left",  "right",
      "pain",   "noted",   "given", "daily", "improved", "without", "any",   "history",
      "normal", "since",   "after", "he",    "she",      "reports", "today", "mild"};
  std::string text;
  text.reserve(bytes + 100);
  std::uint64_t in_sentence = 0;
  while (text.size() < bytes) {
    if (random.below(15) == 0 && !terms.empty()) {
      text += terms[random.below(terms.size())].surface;
    } else {
      text += plain[random.below(std::size(plain))];
    }
    if (++in_sentence > 8 && random.below(6) == 0) {
      text += random.below(6) == 0 ? ".\n" : ". ";
      in_sentence = 0;
    } else {
      text += ' ';
    }
  }
  return text;
}

}  // namespace consilium::made
