// Concepts while one types: any order of words, each the beginning of a word of the term, with at
// most one typing error in all.
//
// Order of the answers: a code that begins with what was typed (the equal one first, when it holds
// a digit); terms of exactly these words; terms that hold each as a whole word; terms that hold
// each as the beginning of a word; the same two with one error. Within each: active first,
// preferred term before synonym before full name, shorter first, then by code. A concept comes
// once, by its best term. The same index and query give the same answers.
//
// Cost: a few milliseconds at most over 1.5 million terms (bench/text/terminology): what a wide
// prefix matches is marked in a bit per term, which is also its ranked order.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "analysis/concept_search/concept_index.hpp"
#include "analysis/concept_search/concept_set.hpp"

namespace consilium {

inline constexpr std::size_t concept_query_bytes_max =
    512;  // what is typed beyond is not looked at
inline constexpr std::size_t concept_query_words_max = 12;
inline constexpr std::size_t typo_characters_min = 4;  // shorter words are taken as they are

enum class MatchKind : std::uint8_t { Code, Exact, Words, Prefix, NearWords, NearPrefix };
[[nodiscard]] std::string_view name_of(MatchKind kind);

struct ConceptQuery {
  std::string_view text;
  std::size_t limit = 20;
  const ConceptSet* among = nullptr;  // null: all
  bool with_inactive = false;
};

struct ConceptHit {
  std::uint32_t index = 0;  // of the concept
  std::uint32_t term = 0;   // the term that matched; of a code the preferred one
  MatchKind kind = MatchKind::Prefix;
  friend bool operator==(const ConceptHit&, const ConceptHit&) = default;
};

// An empty query gives nothing.
[[nodiscard]] std::vector<ConceptHit> search(const ConceptIndex& index, const ConceptQuery& query);

}  // namespace consilium
