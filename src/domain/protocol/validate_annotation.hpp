// Whether a protocol allows an annotation. The server refuses what this refuses; the same rules
// serve the command line and imports.
//
// How the members of an annotation are read (I1 to I6):
// I1 With a label, the annotation is a finding: its target is one of the label's places, its value
//    is the label's own (when the label has one), its attributes are the label's and the answers to
//    questions on findings with that label.
// I2 A label on the whole item (or a series) with the value "absent", "unsure" or "not_evaluable"
//    says that of the label for all of it, whatever its places; such a vote has no attributes.
// I3 Without a label, the annotation answers a question, and its target is of the question's level:
//    whole for the item, else the patient, study, series, instance or frame that the answer is
//    about. Questions on findings are answered as attributes (I1).
// I4 A draft may lack what is required; a submission may not. All else holds for both. A required
//    question on series, instances or frames is answered for each of those that can be looked at.
// I5 Two labels that exclude each other may not stand on the same place: the same whole or series,
//    overlapping spans, the same sample, overlapping intervals on a common channel, an equal region
//    or mask segment. An interval without an end lasts until the next one on the same channels.
// I6 Item facts that are not given (an empty optional or list) are not checked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/label/violation.hpp"
#include "domain/protocol/protocol.hpp"

namespace consilium {

struct ItemFacts {
  ItemUnit unit = ItemUnit::Study;
  std::optional<PatientId> patient;
  std::optional<StudyId> study;                   // of an image item
  std::vector<SeriesId> series;                   // of an image item
  std::vector<FrameTarget> frames;                // that can be looked at, in their order
  std::optional<std::uint64_t> code_point_count;  // of a note
  std::vector<std::string> channels;              // of a recording
  std::optional<std::int64_t> tick_count;         // of a recording
};

enum class Stage { Draft, Submission };

// Violations carry JSON pointers into the annotation's JSON. Cost: O(size of the annotation x log).
[[nodiscard]] std::vector<Violation> validate_annotation(const Protocol& protocol,
                                                         const ItemFacts& facts,
                                                         const Annotation& annotation, Stage stage);

// What only all annotations of one rater on one item show together: exclusions, relations, events
// and chains that join what is missing or of the wrong label, roles and members too many or (in a
// submission) too few, events that lead back to themselves, a question answered twice, required
// questions without an answer (in a submission). Paths begin with the annotation's index,
// "/3/target"; a missing answer has the path "". Each annotation is assumed to have passed
// validate_annotation. Cost: O(n log n) for a recording or a note whose places do not nest deeply;
// pairs of labels that exclude each other are compared one by one on images.
[[nodiscard]] std::vector<Violation> validate_item(const Protocol& protocol, const ItemFacts& facts,
                                                   std::span<const Annotation> annotations,
                                                   Stage stage);

}  // namespace consilium
