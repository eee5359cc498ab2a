// PubAnnotation JSON (pubannotation.org/docs/annotation-format): a text with denotations, blocks,
// relations between them, attributes of any, and tracks of several raters. One document an object,
// or a list of them. Offsets count code points.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/labelled_text/fit.hpp"

namespace consilium {

inline constexpr TextAbilities pubannotation_abilities = offset_format_abilities;

// An attribute whose name is a concept's (cui, identifier, ...) becomes a concept. Blocks called
// "sentence" become sentences, others mentions of the layer "block". A track's project is the
// rater. Errors: those of parse_json; InvalidInput when there is no text.
[[nodiscard]] Result<std::vector<LabelledText>> read_pubannotation(std::string_view bytes);

// The texts were fitted; who said what is not written. One is an object, several a list.
[[nodiscard]] std::string write_pubannotation(std::span<const LabelledText> texts);

}  // namespace consilium
