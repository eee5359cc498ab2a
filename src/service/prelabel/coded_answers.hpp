// Answers of a report (names and values as codes or text) as answers of a protocol. Nothing is
// guessed: a name or choice is the protocol's code, or its id in our own coding scheme, or it is
// nothing of the protocol's. Used inside this module.
#pragma once

#include <optional>
#include <string>

#include "domain/label/annotation.hpp"
#include "domain/protocol/protocol.hpp"
#include "service/prelabel/label_set.hpp"

namespace consilium::service {

// Whether a protocol's part with this code, if any, and id is meant by the name.
[[nodiscard]] bool is_meant_by(const std::optional<CodedConcept>& coded, const std::string& id,
                               const CodedConcept& name);

// The question of an item or a part of it that is meant; findings' questions are attributes.
[[nodiscard]] const QuestionSpec* question_meant(const Protocol& protocol,
                                                 const CodedConcept& name);

// The value in the form that the protocol wants; nothing when it is none of what may be answered.
// Numbers as text carry the protocol's own unit or none; several choices are joined by ", ".
[[nodiscard]] std::optional<AnswerValue> answer_meant(const AnswerSpec& spec,
                                                      const SaidAnswer& said);

// Puts what is said of a finding onto it: the label's own value, its attributes, and the questions
// on findings with this label. Returns false, and changes nothing, when it is none of these.
[[nodiscard]] bool put_answer(const Protocol& protocol, const LabelSpec& label,
                              const SaidAnswer& said, Annotation& finding);

// "Margin: Spiculated": for telling what was left out.
[[nodiscard]] std::string text_of(const SaidAnswer& said);

}  // namespace consilium::service
