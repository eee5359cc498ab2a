// What the attributes of a mention say of it, under the names that protocols and tools give them:
// is it so, when, and of whom. Formats that are read by machines of hospitals must not make a fact
// of the patient out of what the text denies.
#pragma once

#include <span>

#include "domain/text/labelled_text.hpp"

namespace consilium {

enum class MentionTime { Current, Past, Future };

struct MentionAssertion {
  bool is_negated = false;
  bool is_possible = false;      // suspected, uncertain, conditional
  bool is_hypothetical = false;  // not said to be so at all: planned, a risk
  bool is_of_patient = true;
  MentionTime time = MentionTime::Current;
  friend bool operator==(const MentionAssertion&, const MentionAssertion&) = default;
};

// Of the attributes assertion, negation, negated, polarity; certainty, uncertain, uncertainty;
// temporality, time, tense, historical, hypothetical, conditional; experiencer, subject, family;
// letters' case is no matter. Others say nothing here.
[[nodiscard]] MentionAssertion assertion_of(std::span<const TextAttribute> attributes);

}  // namespace consilium
