// PubTator (ncbi.nlm.nih.gov/research/pubtator): title and abstract on a line each, then a line for
// each mention (id, begin, end, text, type, concept), then relations between concepts; a blank line
// ends a document. Offsets count code points of title, line end, abstract.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/labelled_text/fit.hpp"

namespace consilium {

inline constexpr TextAbilities pubtator_abilities{
    .characters = TextCharacters::OneLine,
    .ids = true,
    .overlapping = true,
    .line_breaking = true,
    .concepts = true,
    .relations = true,
    .concept_relations = true,
    .sections = true,
};

// Several concepts of a mention are parted by "|" ("+" stays, as it means all of them together).
// A relation of concepts becomes one between the first mentions of each; "-1", no concept, is none.
// Title and abstract become the two sections. Errors: InvalidInput when it is not UTF-8.
[[nodiscard]] Result<std::vector<LabelledText>> read_pubtator(std::string_view bytes);

struct PubtatorFile {
  std::string bytes;
  std::vector<TextLoss> losses;
};

// The texts were fitted to pubtator_abilities; the first line is the title.
[[nodiscard]] PubtatorFile write_pubtator(std::span<const LabelledText> texts);

}  // namespace consilium
