// BioC collections as XML and JSON (bioc.sourceforge.net, BioC.dtd): documents of passages, with or
// without sentences, whose annotations name places by offset and length in the document.
//
// Offsets are code points here and in most files; where the annotated texts fit bytes or UTF-16
// units better they are taken as those, and that is a problem told. Passages become sections and
// their infons metadata "passage.N.name"; those of document and collection "name" and
// "collection.name". An infon that names a concept (cui, identifier, MESH, ...) becomes one. A
// relation of two nodes is a relation, of any other count an event without a trigger.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/labelled_text/fit.hpp"

namespace consilium {

inline constexpr TextAbilities bioc_json_abilities = [] {
  TextAbilities abilities = offset_format_abilities;
  abilities.argument_roles = true;
  abilities.events = true;
  abilities.events_without_trigger = true;
  abilities.event_attributes = true;
  abilities.sections = true;
  return abilities;
}();
inline constexpr TextAbilities bioc_xml_abilities = [] {
  TextAbilities abilities = bioc_json_abilities;
  abilities.characters = TextCharacters::Xml;
  return abilities;
}();

// Text between passages becomes a line end and blanks, between sentences blanks. Errors: those of
// read_xml and parse_json; InvalidInput when it is no collection; TooLarge when offsets leave gaps
// of over 1 MiB.
[[nodiscard]] Result<std::vector<LabelledText>> read_bioc_xml(std::string_view bytes);
[[nodiscard]] Result<std::vector<LabelledText>> read_bioc_json(std::string_view bytes);

// The texts were fitted. A text without sections is one passage, which then is also what is between
// sections. An event's trigger is its first node, in the role "Trigger".
[[nodiscard]] std::string write_bioc_xml(std::span<const LabelledText> texts);
[[nodiscard]] std::string write_bioc_json(std::span<const LabelledText> texts);

}  // namespace consilium
