// Annotated texts as UIMA keeps them (the CAS), in the three forms that INCEpTION and its kin read
// and write: XMI 2.0, JSON CAS 0.4, WebAnno TSV 3.3. Read too: TSV 3.0 to 3.2, and TSV 2.
//
// A layer is a UIMA type by its full name, its features are attributes. The feature that is a
// layer's label (`value` of DKPro's NamedEntity, `PosValue` of POS, ...) is the type. Named
// entities are what stands in no layer elsewhere; their `identifier` is a concept. Governor and
// Dependent are the ends of a relation. A feature structure with slots is an event; its trigger is
// the target in the slot "Trigger", or without that one the place of the structure itself.
//
// A chain there is a list of links, annotations of a layer of their own at the places of its
// members. Where each of its links stands on one named entity alone, and they are of one type, the
// entities are the chain's members and the type is the chain's, as it is written; other links are
// mentions of their layer, and so are those of members of other layers once they were written.
//
// Offsets in the files count UTF-16 units.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/labelled_text/fit.hpp"

namespace consilium {

inline constexpr TextAbilities webanno_abilities{
    .characters = TextCharacters::Xml,
    .layers = true,
    .overlapping = true,
    .empty_ranges = true,
    .attributes = true,
    .concepts = true,
    .relations = true,
    .relation_attributes = true,
    .events = true,
    .event_attributes = true,
    .chains = true,
    .chain_links = true,
    .chain_types = true,
    .sentences = true,
    .tokens = true,
};
inline constexpr TextAbilities cas_abilities = [] {
  TextAbilities abilities = webanno_abilities;
  abilities.ids = true;
  abilities.sections = true;
  abilities.metadata = true;
  return abilities;
}();

// One text a file. Of several views the initial one is read. Errors: those of read_xml and
// parse_json; InvalidInput when it is no CAS or has no text, Corrupt for a table that breaks its
// form, with the line. What points outside of the text is left out, a problem each.
[[nodiscard]] Result<LabelledText> read_xmi(std::string_view bytes);
[[nodiscard]] Result<LabelledText> read_cas_json(std::string_view bytes);
[[nodiscard]] Result<LabelledText> read_webanno_tsv(std::string_view bytes);

struct UimaFile {
  std::string bytes;
  std::string type_system;  // of XMI: the descriptor that readers want beside it
  std::vector<TextLoss> losses;
};

// The text was fitted. Names that Java would not take get "_" for what it minds; of several values
// of one attribute, and of several concepts, the first is written.
[[nodiscard]] UimaFile write_xmi(const LabelledText& text);
[[nodiscard]] UimaFile write_cas_json(const LabelledText& text);
// A text without tokens gets some. Blanks become tokens where a mention begins or ends among them.
[[nodiscard]] UimaFile write_webanno_tsv(const LabelledText& text);

}  // namespace consilium
