// brat standoff as labelled text. What brat cuts (a span over several lines into a fragment a line)
// is joined again; concepts are its normalizations, comments its AnnotatorNotes, chains its
// equivalences.
#pragma once

#include "format/brat/brat.hpp"
#include "format/labelled_text/fit.hpp"

namespace consilium {

inline constexpr TextAbilities brat_abilities{
    .discontinuous = true,
    .overlapping = true,
    .attributes = true,
    .concepts = true,
    .concept_names = true,
    .comments = true,
    .relations = true,
    .relation_attributes = true,
    .relation_comments = true,
    .argument_roles = true,
    .events = true,
    .event_attributes = true,
    .event_comments = true,
    .chains = true,
    .chain_types = true,
};

// `txt` is the text's file, its byte order mark with it. Errors: InvalidInput when either is not
// UTF-8, with the byte.
[[nodiscard]] Result<LabelledText> read_brat_text(std::string_view txt, std::string_view ann);

struct BratText {
  std::string txt;
  std::string ann;
  std::vector<TextLoss> losses;  // that fitting to brat_abilities leaves: blanks in names and such
};

// `text` was fitted to brat_abilities. Ids that brat could not tell apart from others' are renamed.
[[nodiscard]] BratText write_brat_text(const LabelledText& text);

}  // namespace consilium
