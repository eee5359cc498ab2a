#include "service/prelabel/coded_answers.hpp"

#include <algorithm>
#include <charconv>

#include "service/prelabel/label_names.hpp"

namespace consilium::service {
namespace {

constexpr std::string_view own_scheme = "99CONSILIUM";
constexpr std::string_view yes = "373066001";  // SNOMED CT
constexpr std::string_view no = "373067005";

bool is_same(const CodedConcept& a, const CodedConcept& b) {
  return a.system == b.system && a.code == b.code;
}

bool may_be_reserved(const AnswerSpec& spec, std::string_view text) {
  return (spec.allows_unsure && text == value_unsure) ||
         (spec.allows_not_evaluable && text == value_not_evaluable) ||
         (spec.allows_absent && text == value_absent);
}

const Choice* choice_of(const AnswerSpec& spec, std::string_view id) {
  const auto found = std::ranges::find(spec.choices, id, &Choice::id);
  return found == spec.choices.end() ? nullptr : &*found;
}

std::optional<AnswerValue> choice_value(const AnswerSpec& spec, std::vector<std::string> ids) {
  if (ids.empty()) return std::nullopt;
  if (ids.size() == 1 && may_be_reserved(spec, ids.front())) return AnswerValue(ids.front());
  if (!std::ranges::all_of(ids, [&](const std::string& id) { return choice_of(spec, id); })) {
    return std::nullopt;
  }
  if (spec.many) return AnswerValue(std::move(ids));
  return ids.size() == 1 ? std::optional<AnswerValue>(ids.front()) : std::nullopt;
}

std::optional<AnswerValue> coded_value(const AnswerSpec& spec, const CodedConcept& code) {
  if (spec.type == AnswerType::Bool && code.system == "SCT") {
    if (code.code == yes) return AnswerValue(true);
    if (code.code == no) return AnswerValue(false);
  }
  if (spec.type == AnswerType::Concept && spec.concepts &&
      std::ranges::find(spec.concepts->systems, code.system) != spec.concepts->systems.end()) {
    return AnswerValue(code);
  }
  if (spec.type != AnswerType::Choice) return std::nullopt;
  for (const Choice& choice : spec.choices) {
    if (is_meant_by(choice.coded, choice.id, code)) return choice_value(spec, {choice.id});
  }
  return std::nullopt;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find(", "), text.size());
    parts.emplace_back(text.substr(0, at));
    text.remove_prefix(std::min(text.size(), at + 2));
  }
  return parts;
}

// As ids where the text names choices otherwise: by their names, or with other letters' case.
std::vector<std::string> choices_named(const AnswerSpec& spec, const std::string& text) {
  std::vector<std::string> ids = spec.many ? split_list(text) : std::vector{text};
  for (std::string& id : ids) {
    if (choice_of(spec, id) != nullptr) continue;
    for (const Choice& choice : spec.choices) {
      if (plain_name(choice.id) != plain_name(id) && plain_name(choice.name) != plain_name(id)) {
        continue;
      }
      id = choice.id;
      break;
    }
  }
  return ids;
}

std::optional<AnswerValue> number_value(const AnswerSpec& spec, std::string_view text) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc()) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (!unit.empty() && unit != spec.unit) return std::nullopt;
  return unit.empty() ? AnswerValue(number)
                      : AnswerValue(Quantity{.number = number, .unit = std::string(unit)});
}

std::optional<AnswerValue> text_value(const AnswerSpec& spec, const std::string& text) {
  if (may_be_reserved(spec, text)) return AnswerValue(text);
  switch (spec.type) {
    case AnswerType::Choice:
      return choice_value(spec, choices_named(spec, text));
    case AnswerType::Number:
      return number_value(spec, text);
    case AnswerType::Text:
      return text.empty() ? std::nullopt : std::optional<AnswerValue>(text);
    case AnswerType::Bool:
      if (text == "true" || text == "false") return AnswerValue(text == "true");
      return std::nullopt;
    case AnswerType::Concept:  // a code, which text is not
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

bool is_meant_by(const std::optional<CodedConcept>& coded, const std::string& id,
                 const CodedConcept& name) {
  if (name.system.empty()) return !name.code.empty() && plain_name(name.code) == plain_name(id);
  if (coded) return is_same(*coded, name);
  return name.system == own_scheme && name.code == id;
}

const QuestionSpec* question_meant(const Protocol& protocol, const CodedConcept& name) {
  const auto found = std::ranges::find_if(protocol.questions, [&](const QuestionSpec& question) {
    return question.level != QuestionLevel::Finding &&
           is_meant_by(question.coded, question.id, name);
  });
  return found == protocol.questions.end() ? nullptr : &*found;
}

std::optional<AnswerValue> answer_meant(const AnswerSpec& spec, const SaidAnswer& said) {
  if (const auto* code = std::get_if<CodedConcept>(&said.value)) return coded_value(spec, *code);
  return text_value(spec, std::get<std::string>(said.value));
}

bool put_answer(const Protocol& protocol, const LabelSpec& label, const SaidAnswer& said,
                Annotation& finding) {
  if (label.value && is_meant_by(std::nullopt, label.id + "-value", said.name)) {
    const auto value = answer_meant(*label.value, said);
    if (value) finding.value = *value;
    return value.has_value();
  }
  for (const LabelAttribute& own : label.attributes) {
    const AttributeSpec* attribute = protocol.attribute(own.id);
    if (attribute == nullptr || !is_meant_by(attribute->coded, attribute->id, said.name)) continue;
    const auto value = answer_meant(attribute->answer, said);
    if (value) finding.attributes[own.id] = *value;
    return value.has_value();
  }
  for (const QuestionSpec& question : protocol.questions) {
    const bool is_asked = question.level == QuestionLevel::Finding &&
                          std::ranges::find(question.labels, label.id) != question.labels.end();
    if (!is_asked || !is_meant_by(question.coded, question.id, said.name)) continue;
    const auto value = answer_meant(question.answer, said);
    if (value) finding.attributes[question.id] = *value;
    return value.has_value();
  }
  return false;
}

std::string text_of(const SaidAnswer& said) {
  const auto name_of = [](const CodedConcept& code) {
    return code.display.empty() ? code.code : code.display;
  };
  const auto* code = std::get_if<CodedConcept>(&said.value);
  return name_of(said.name) + ": " + (code != nullptr ? name_of(*code) : "text");
}

}  // namespace consilium::service
