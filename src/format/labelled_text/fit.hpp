// What a format can say, and a text cut to it: so that a writer writes all it is given, and what
// was lost on the way is counted by kind.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "domain/text/labelled_text.hpp"
#include "format/labelled_text/parts.hpp"

namespace consilium {

enum class TextCharacters {
  All,
  Xml,      // no NUL and other control characters: each becomes a blank
  OneLine,  // no line ends, tabs, NUL within it either, but for the first line's
};

// Each false unless said.
struct TextAbilities {
  TextCharacters characters = TextCharacters::All;
  bool labels_text = true;  // false: only text comes in
  bool ids = false;         // of the document
  bool layers = false;
  bool discontinuous = false;
  bool overlapping = false;  // nested and equal ones too
  bool empty_ranges = false;
  bool line_breaking = true;  // mentions that hold a line end
  bool attributes = false;
  bool concepts = false;
  bool concept_names = false;
  bool comments = false;
  bool raters = false;
  bool probabilities = false;
  bool times = false;
  bool relations = false;
  bool concept_relations = false;  // only between concepts: both ends must be linked to one
  bool relation_attributes = false;
  bool relation_comments = false;
  bool argument_roles = false;
  bool events = false;
  bool events_without_trigger = false;
  bool event_attributes = false;
  bool event_comments = false;
  bool chains = false;
  bool chain_links = false;
  bool chain_types = false;
  bool sections = false;
  bool sentences = false;
  bool tokens = false;
  bool answers = false;
  bool answer_names = false;  // else they are only a list of values
  bool document_concepts = false;
  bool metadata = false;
};

// What formats that name places by offsets and put features on them have in common.
inline constexpr TextAbilities offset_format_abilities{
    .ids = true,
    .discontinuous = true,
    .overlapping = true,
    .empty_ranges = true,
    .attributes = true,
    .concepts = true,
    .relations = true,
    .relation_attributes = true,
    .sentences = true,
    .metadata = true,
};

// What to do with mentions that overlap, nest or have gaps where the format cannot say so.
enum class OverlapPolicy {
  Refuse,
  Split,  // of two that overlap the longer stays, the other keeps what stands outside it; each
          // range of a discontinuous one becomes a mention, and what points to it points to the
          // first
};

struct FittedText {
  LabelledText text;
  std::vector<TextLoss> losses;  // by kind, in alphabetical order
};

// Errors: InvalidInput under Refuse. Cost: O(mentions x log).
[[nodiscard]] Result<FittedText> fit_text(LabelledText text, const TextAbilities& abilities,
                                          OverlapPolicy overlaps);

// Everything a text says, a line each, sorted, free of ids: for comparing.
[[nodiscard]] std::vector<std::string> described(const LabelledText& text);

}  // namespace consilium
