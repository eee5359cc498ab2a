// A rater's labels of a note as labelled text, for the writers of the field's text formats.
#pragma once

#include <span>
#include <string>

#include "domain/text/labelled_text.hpp"
#include "format/labelled_text/fit.hpp"
#include "service/release/export_case.hpp"

namespace consilium::service {

struct LabelledNote {
  LabelledText text;
  std::int64_t annotation_count = 0;  // that are in it
  std::int64_t left_out_count = 0;    // that stand on no text: nothing of a note does
};

// The type of a mention, relation, event or chain is its label's brat type, else its id; answers to
// the protocol's questions on the note are answers under the question's id. A picked concept is the
// mention's, else the label's own code. Raters, times and patient are said only where `can` has a
// place for them: the archive's folders and provenance.json say them anyway. `annotations` are of
// one rater, with the rater's pseudonym as display name.
[[nodiscard]] LabelledNote labelled_note(const storage::ItemRow& item, const CanonicalText& text,
                                         std::span<const ExportedAnnotation> annotations,
                                         const TextAbilities& can);

}  // namespace consilium::service
