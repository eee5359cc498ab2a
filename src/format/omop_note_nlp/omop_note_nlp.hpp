// Mentions as rows of the OMOP Common Data Model's table NOTE_NLP (CDM 5.4), comma-separated.
//
// Concept ids of OMOP come from its vocabularies, which are a site's own: they are 0 ("no matching
// concept"), and the code stands among term_modifiers ("code=SCT:22298006") for the site to map.
// `offset` counts code points. `term_exists` is "N" for what is denied, only assumed, or of others
// than the patient, empty for what is but possible (labelled_text/assertion.hpp).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "format/labelled_text/fit.hpp"

namespace consilium {

inline constexpr TextAbilities omop_note_nlp_abilities{
    .ids = true,
    .overlapping = true,
    .attributes = true,
    .concepts = true,
    .raters = true,
    .probabilities = true,
    .times = true,
    .metadata = true,
};

struct OmopFile {
  std::string note_nlp;  // with its heading
  std::string notes;     // "note_id,note_source_value,person_source_value" of the same notes
};

// The texts were fitted. `note_id` is the text's id where that is a number, else its place, from 1;
// the patient is the metadata "patient". `recorded_at` (RFC 3339) is the time of rows that have
// none of their own. Errors: InvalidInput without a time, and when two texts have one number.
[[nodiscard]] Result<OmopFile> write_omop_note_nlp(std::span<const LabelledText> texts,
                                                   std::string_view recorded_at);

}  // namespace consilium
