// Mentions as FHIR R4 (4.0.1) resources: a Bundle (collection) with, for each text, its Patient, a
// DocumentReference that holds the text, a Condition or Observation for each mention, and for each
// of these the Provenance that says who found it, when and in which document.
//
// A Condition is what the text says of the patient: a mention whose type is a problem by name
// (disease, disorder, diagnosis, problem, condition, finding, symptom). Denied, it is refuted;
// possible, provisional; past, inactive. What the text says of others, or only assumes, is never a
// Condition: it is an Observation about the text, as all other mentions, and its attributes are
// components. Places are the extension derivation-reference, one for each range, in code points.
// The type of a Condition is the text of its category. Codes of terminologies that have no URI here
// are written without a system, as "SYSTEM:code".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/labelled_text/fit.hpp"

namespace consilium {

inline constexpr TextAbilities fhir_labels_abilities{
    .ids = true,
    .discontinuous = true,
    .overlapping = true,
    .attributes = true,
    .concepts = true,
    .concept_names = true,
    .comments = true,
    .raters = true,
    .times = true,
    .metadata = true,
};

// The texts were fitted. The patient is the metadata "patient", the date "date"; without a patient
// each text has one of its own, who is not known. Ids follow from the content. `recorded_at`
// (RFC 3339) is the time of mentions without one. Errors: InvalidInput without a time.
[[nodiscard]] Result<std::string> write_fhir_labels(std::span<const LabelledText> texts,
                                                    std::string_view recorded_at);

// The notes of a DocumentReference or a Bundle of them, as fhir/fhir_notes reads them; a document
// that gives none is a problem of the first text. Errors: those of read_fhir_notes; the first
// document's when none gives a text.
[[nodiscard]] Result<std::vector<LabelledText>> read_fhir_texts(std::string_view bytes);

}  // namespace consilium
