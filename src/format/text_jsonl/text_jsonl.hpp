// Labelled texts as JSON lines, an object a line (a list of objects is read as well), in the forms
// of doccano (doccano.github.io), Prodigy (prodi.gy/docs/api-interfaces) and spaCy
// (spacy.io/api/doc#to_json). Offsets count code points in all three; where a Prodigy token's text
// tells otherwise, UTF-16 units.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/labelled_text/fit.hpp"

namespace consilium {

inline constexpr TextAbilities doccano_abilities{
    .ids = true,
    .overlapping = true,
    .comments = false,
    .relations = true,
    .answers = true,
    .metadata = true,
};
inline constexpr TextAbilities prodigy_abilities{
    .overlapping = true,
    .attributes = true,
    .concepts = true,
    .relations = true,
    .tokens = true,
    .answers = true,
    .metadata = true,
};
inline constexpr TextAbilities spacy_abilities{
    .layers = true,
    .overlapping = true,
    .concepts = true,
    .sentences = true,
    .tokens = true,
    .answers = true,
};

// Each reads every form that its tool has written: doccano's "entities" and "relations", "label" or
// "labels" of [begin, end, label] or of categories; spaCy's Doc.to_json and [text, {"entities"}].
// What a Prodigy user rejected or ignored keeps its text and loses its labels, which is told.
// Errors: InvalidInput with the line that is no JSON object or has no text; TooLarge on a line over
// 256 MiB.
[[nodiscard]] Result<std::vector<LabelledText>> read_doccano(std::string_view bytes);
[[nodiscard]] Result<std::vector<LabelledText>> read_prodigy(std::string_view bytes);
[[nodiscard]] Result<std::vector<LabelledText>> read_spacy(std::string_view bytes);

// The texts were fitted. spaCy's entities cannot overlap: where any do, all of that text go to its
// span group "sc", which reads as no layer.
[[nodiscard]] std::string write_doccano(std::span<const LabelledText> texts);
[[nodiscard]] std::string write_prodigy(std::span<const LabelledText> texts);
[[nodiscard]] std::string write_spacy(std::span<const LabelledText> texts);

}  // namespace consilium
