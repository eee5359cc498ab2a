// A text with what is said of it, as the field's files hold it: what every reader of labelled text
// makes and every writer takes. It is wider than our own annotations (layers with free features,
// tokens, sentences), so that a file can be turned into another format without our protocol, and
// loses only what the other format cannot say.
//
// All places are code points of `text`, half open. Ids are the file's own and unique within the
// text over spans, relations, events and chains alike; what had none gets one from its reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/protected.hpp"
#include "domain/text/canonical_text.hpp"
#include "domain/text/note.hpp"

namespace consilium {

// A feature, by its name in the file: ("Negation", "true"), ("value", "PER"). Several of one name
// are a list. Files that only say "it is set" have the value "true".
struct TextAttribute {
  std::string name = {};
  std::string value = {};
  friend auto operator<=>(const TextAttribute&, const TextAttribute&) = default;
};

// A concept of a terminology that a span or document was linked to: ("MESH", "D011125", "...").
struct TextConcept {
  std::string system = {};
  std::string code = {};
  std::string display = {};  // empty when the file gives none
  friend auto operator<=>(const TextConcept&, const TextConcept&) = default;
};

// Sorted, disjoint ranges (they may touch), at least one. One range is empty (begin == end) only
// in files that mark a place between characters; ours never are.
struct TextMention {
  std::string id = {};
  std::string layer = {};  // "NamedEntity"; empty in formats that know none
  std::string type = {};   // the label; empty when the layer's features alone speak
  std::vector<TextSpan> ranges = {};
  std::vector<TextAttribute> attributes = {};
  std::vector<TextConcept> concepts = {};
  std::string comment = {};
  std::string rater = {};                  // who or what said it, as the file names it
  std::optional<double> probability = {};  // in [0, 1], of a suggestion
  std::string said_at = {};                // RFC 3339; empty when the file does not tell
  friend bool operator==(const TextMention&, const TextMention&) = default;
};

struct TextArgument {
  std::string role = {};    // "Theme", "Arg1"
  std::string target = {};  // an id of this text
  friend auto operator<=>(const TextArgument&, const TextArgument&) = default;
};

// From one mention (or event) to another; symmetric ones have an order all the same.
struct TextRelation {
  std::string id = {};
  std::string layer = {};
  std::string type = {};
  TextArgument from = {};
  TextArgument to = {};
  std::vector<TextAttribute> attributes = {};
  std::vector<TextConcept> concepts = {};
  std::string comment = {};
  friend bool operator==(const TextRelation&, const TextRelation&) = default;
};

// An event: a trigger mention and any number of arguments in roles.
struct TextEvent {
  std::string id = {};
  std::string layer = {};
  std::string type = {};
  std::string trigger = {};  // a mention's id; empty when the file has events without one
  std::vector<TextArgument> arguments = {};
  std::vector<TextAttribute> attributes = {};
  std::string comment = {};
  friend bool operator==(const TextEvent&, const TextEvent&) = default;
};

// Mentions of one thing, in the order of the file: a coreference chain, an equivalence.
struct TextChain {
  std::string id = {};
  std::string layer = {};
  std::string type = {};
  std::vector<std::string> members = {};
  std::vector<std::string> links =
      {};  // as many as members or none: the type of the link to the next
  friend bool operator==(const TextChain&, const TextChain&) = default;
};

// What a reader could not keep or a writer not say, each told and counted.
struct TextProblem {
  std::uint64_t line_number = 0;  // 1-based; 0 when lines mean nothing there
  std::string what = {};          // quotes no text of a patient
  friend auto operator<=>(const TextProblem&, const TextProblem&) = default;
};

// Whose a text is, and when and as what it was written, where its file says so (messages, clinical
// documents). For the import of notes alone: no writer of labels has it.
struct TextOrigin {
  Protected<NotePatient> patient = {};
  Protected<std::string> date = {};  // as in Note
  std::string kind_code = {};        // as in Note
  friend bool operator==(const TextOrigin&, const TextOrigin&) = default;
};

struct LabelledText {
  std::string id = {};  // of the document, as the file names it
  CanonicalText text = {};
  std::vector<TextSpan> sections = {};  // empty where the file has none, as the next two
  std::vector<TextSpan> sentences = {};
  std::vector<TextSpan> tokens = {};
  std::vector<TextMention> mentions = {};
  std::vector<TextRelation> relations = {};
  std::vector<TextEvent> events = {};
  std::vector<TextChain> chains = {};
  std::vector<TextAttribute> answers = {};   // about the whole document: categories, labels
  std::vector<TextConcept> concepts = {};    // of the whole document
  std::vector<TextAttribute> metadata = {};  // title, date, licence, as the file names them
  std::vector<TextProblem> problems = {};
  TextOrigin origin = {};
  friend bool operator==(const LabelledText&, const LabelledText&) = default;
};

}  // namespace consilium
