// A CAS between its files and our value: text, layers of annotations, relations, slots. Used inside
// this module.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "format/labelled_text/parts.hpp"

namespace consilium::cas {

inline constexpr std::string_view token_type =
    "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token";
inline constexpr std::string_view sentence_type =
    "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Sentence";
inline constexpr std::string_view paragraph_type =
    "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Paragraph";
inline constexpr std::string_view document_type =
    "de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData";
inline constexpr std::string_view entity_type =
    "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity";
inline constexpr std::string_view own_relation_type = "webanno.custom.Relation";
inline constexpr std::string_view own_event_type = "webanno.custom.Event";
inline constexpr std::string_view chain_type =
    "de.tudarmstadt.ukp.dkpro.core.api.coref.type.CoreferenceChain";
inline constexpr std::string_view link_label_feature = "referenceType";
inline constexpr std::string_view link_relation_feature = "referenceRelation";
inline constexpr std::string_view slots_feature = "arguments";
inline constexpr std::string_view concept_feature = "identifier";
inline constexpr std::string_view trigger_role = "Trigger";

// The feature that is a layer's label.
[[nodiscard]] std::string_view label_feature(std::string_view type);
// "webanno.custom.Event" -> "webanno.custom.EventArgumentsLink"
[[nodiscard]] std::string link_type_of(std::string_view type);
// "webanno.custom.CorefChain" -> "webanno.custom.CorefLink", and back; another name gets the end.
[[nodiscard]] std::string link_of_chain(std::string_view type);
[[nodiscard]] std::string chain_of_link(std::string_view type);

struct Link {
  std::string role;
  std::uint64_t target = 0;  // an annotation's id
};

struct Annotation {
  std::uint64_t id = 0;
  std::string type;
  TextSpan span;
  std::vector<TextAttribute> features = {};  // those that are set, of each name one
  std::optional<std::uint64_t> source = {};  // both in a relation, none in others
  std::optional<std::uint64_t> target = {};
  bool has_slots = false;
  std::vector<Link> links = {};
  std::optional<std::uint64_t> next = {};  // of a chain's link that is to be written
};

// The head of a list of annotations that are links (of the type link_of_chain), at the places of
// what they link.
struct Chain {
  std::string type;
  std::vector<std::uint64_t> members;  // annotations
  std::vector<std::string> links;      // as many
  std::uint64_t id = 0;                // of one that is to be written
};

struct Document {
  std::string id;
  std::vector<TextAttribute> metadata;
  CanonicalText text;
  std::vector<TextSpan> sections;
  std::vector<TextSpan> sentences;
  std::vector<TextSpan> tokens;
  std::vector<Annotation> annotations;
  std::vector<Chain> chains;
  std::vector<TextProblem> problems;
};

[[nodiscard]] LabelledText labelled_of(Document document);
// Ids count from `first_id` on. Adds what is lost.
[[nodiscard]] Document document_of(const LabelledText& text, std::uint64_t first_id,
                                   std::map<std::string, std::uint64_t>& losses);

// The same for XMI and JSON: with an id, and the metadata that these can hold. Id 1 is the text's.
[[nodiscard]] Document written_document(const LabelledText& text,
                                        std::map<std::string, std::uint64_t>& losses);
// Past all that are taken.
[[nodiscard]] std::uint64_t free_id(const Document& document);

// A feature structure as XMI and JSON have it: ids stand for other structures.
struct Structure {
  std::uint64_t id = 0;
  std::string type;
  std::vector<TextAttribute> values;
  std::vector<std::pair<std::string, std::vector<std::uint64_t>>> references;
};
// Errors: InvalidInput without a text.
[[nodiscard]] Result<LabelledText> labelled_of(std::vector<Structure> structures);

// Types that a document's structures are of, with their features, for whoever reads it.
struct Feature {
  std::string name;
  std::string range;
  std::string element = {};  // of an array
};
struct Type {
  std::string name;
  std::string super;
  std::vector<Feature> features;
};
[[nodiscard]] std::vector<Type> types_of(const Document& document);

[[nodiscard]] std::vector<TextLoss> listed(const std::map<std::string, std::uint64_t>& losses);

}  // namespace consilium::cas
