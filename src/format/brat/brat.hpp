// brat standoff (brat.nlplab.org/standoff.html): annotations of one text in a file beside it, one a
// line; offsets count code points, half open.
//
// Spans that stand on several lines: the surface of a line of .ann cannot hold a line end, so brat
// cuts such a span into fragments, one a line of the text. So does the writer; the ranges as they
// were are in the note beside it, and the reader's `surface` says what stands there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/label/stored_annotation.hpp"
#include "domain/protocol/protocol.hpp"
#include "domain/text/canonical_text.hpp"

namespace consilium {

struct BratSpan {  // T1<tab>Type 0 5;8 11<tab>surface
  std::string id;
  std::string type;
  std::vector<TextSpan> fragments;
  std::string surface;
  bool surface_fits = false;  // the fragments' text joined by " " (or " ... ", as some write)
  friend bool operator==(const BratSpan&, const BratSpan&) = default;
};
struct BratRelation {  // R1<tab>Type Arg1:T3 Arg2:T4
  std::string id;
  std::string type;
  std::string from;
  std::string to;
  std::string from_role;  // "Arg1"
  std::string to_role;
  friend bool operator==(const BratRelation&, const BratRelation&) = default;
};
struct BratAttribute {  // A1<tab>Name T4 Value; without a value: true
  std::string id;
  std::string name;
  std::string target;
  std::string value;
  friend bool operator==(const BratAttribute&, const BratAttribute&) = default;
};
struct BratNormalization {  // N1<tab>Reference T1 SCT:22298006<tab>Heart attack
  std::string id;
  std::string target;
  std::string reference;
  std::string text;
  friend bool operator==(const BratNormalization&, const BratNormalization&) = default;
};
struct BratNote {  // #1<tab>AnnotatorNotes T1<tab>text
  std::string id;
  std::string type;
  std::string target;
  std::string text;
  friend bool operator==(const BratNote&, const BratNote&) = default;
};

struct BratArgument {  // Theme:T2
  std::string role;
  std::string target;
  friend bool operator==(const BratArgument&, const BratArgument&) = default;
};
struct BratEvent {  // E1<tab>Type:T1 Theme:T2 Cause:E3
  std::string id;
  std::string type;
  std::string trigger;
  std::vector<BratArgument> arguments;
  friend bool operator==(const BratEvent&, const BratEvent&) = default;
};
struct BratEquivalence {  // *<tab>Equiv T1 T2 T3
  std::string type;
  std::vector<std::string> members;
  friend bool operator==(const BratEquivalence&, const BratEquivalence&) = default;
};

struct BratProblem {
  std::uint64_t line_number = 0;  // 1-based
  std::string what;
  friend bool operator==(const BratProblem&, const BratProblem&) = default;
};

struct BratDocument {
  std::vector<BratSpan> spans;
  std::vector<BratRelation> relations;
  std::vector<BratAttribute> attributes;
  std::vector<BratNormalization> normalizations;
  std::vector<BratNote> notes;
  std::vector<BratEvent> events;
  std::vector<BratEquivalence> equivalences;
  std::vector<BratProblem> problems;  // lines that were left out
  friend bool operator==(const BratDocument&, const BratDocument&) = default;
};

// Lines that cannot be read, lead past the text or to nothing are problems; the rest is kept.
// `dropped` is how many code points the text's file has before the canonical text: 1 when a byte
// order mark was dropped, which brat counts.
// Errors: InvalidInput when `ann` is not UTF-8. Cost: O(lines x log).
[[nodiscard]] Result<BratDocument> read_brat(std::string_view ann, const CanonicalText& text,
                                             std::uint64_t dropped = 0);

// What one text exports as. `left_out` says, by annotation id, what brat cannot hold (answers about
// the whole note: they go into the label table).
struct BratFiles {
  std::string ann;
  std::vector<std::string> left_out;
};

// Spans of the annotations as T, in the order given; choices and true or false among attributes as
// A; relations as R; codes of the labels as N; and for each T and R a note with its provenance as
// JSON: annotation, rater and its kind, protocol and version, label, revision, state, time, the
// exact ranges, attributes that A cannot hold, comment. Retracted annotations are left out.
// The quoted text is the patient's: the caller writes it only where it may go.
// Errors: InvalidInput when a range leaves the text.
[[nodiscard]] Result<BratFiles> write_brat(const CanonicalText& text, const Protocol& protocol,
                                           std::span<const StoredAnnotation> annotations);

// The name that brat's files give a label: the protocol's export mapping, else its id.
[[nodiscard]] std::string brat_type(const LabelSpec& label);

// annotation.conf and visual.conf, without which brat shows neither types nor colours.
[[nodiscard]] std::string brat_annotation_conf(const Protocol& protocol);
[[nodiscard]] std::string brat_visual_conf(const Protocol& protocol);

}  // namespace consilium
