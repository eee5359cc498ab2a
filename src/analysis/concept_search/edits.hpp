// The words of an index that are one typing error away from what was typed.
#pragma once

#include <string_view>
#include <vector>

#include "analysis/concept_search/concept_index.hpp"

namespace consilium {

// An error is one character too many, too few or wrong, or two neighbours swapped (optimal string
// alignment distance 1 or less; Damerau, CACM 7 (1964) 171). Ranges ascend and do not overlap.
struct NearWords {
  std::vector<WordRange> whole;   // words that are `typed` but for one error
  std::vector<WordRange> prefix;  // words that begin so
};

// `typed` is a folded word. Walks the sorted words as the tree that they are: O(characters x
// different characters that may follow) steps, each a binary search.
[[nodiscard]] NearWords words_near(const ConceptIndex& index, std::string_view typed);

}  // namespace consilium
