#include "service/review/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <set>

#include "base/sha256.hpp"

namespace consilium::service {
namespace {

constexpr std::string_view unanswered = "unanswered";

std::string joined(const std::vector<std::string>& parts, std::string_view glue) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(glue)) + part;
  return text;
}

// The answer as one word: equal answers give equal words.
std::string answer_word(const AnswerValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::vector<std::string> sorted = *list;
    std::ranges::sort(sorted);
    return joined(sorted, "+");
  }
  if (const auto* quantity = std::get_if<Quantity>(&value)) {
    return fmt::format("{} {}", quantity->number, quantity->unit);
  }
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  // One concept is one answer, whatever it was called.
  if (const auto* picked = std::get_if<CodedConcept>(&value)) {
    return fmt::format("{} {}", system_uri(picked->system), picked->code);
  }
  return {};
}

std::string reserved_title(std::string_view value) {
  if (value == value_unsure) return "Unsure";
  if (value == value_not_evaluable) return "Not evaluable";
  if (value == value_absent) return "Absent";
  return std::string(value);
}

std::string choice_title(const AnswerSpec& spec, const std::string& id) {
  const auto found = std::ranges::find(spec.choices, id, &Choice::id);
  return found == spec.choices.end() ? reserved_title(id) : found->name;
}

std::string answer_title(const AnswerSpec* spec, const AnswerValue& value) {
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "Yes" : "No";
  if (const auto* text = std::get_if<std::string>(&value)) {
    return spec == nullptr ? reserved_title(*text) : choice_title(*spec, *text);
  }
  if (const auto* list = std::get_if<std::vector<std::string>>(&value); list && spec != nullptr) {
    std::vector<std::string> names;
    for (const std::string& id : *list) names.push_back(choice_title(*spec, id));
    return joined(names, ", ");
  }
  if (const auto* picked = std::get_if<CodedConcept>(&value)) {
    return fmt::format("{} ({} {})", picked->display, picked->system, picked->code);
  }
  const std::string word = answer_word(value);
  const bool has_unit = spec != nullptr && std::holds_alternative<double>(value);
  return has_unit && !spec->unit.empty() ? word + " " + spec->unit : word;
}

// What a label's attribute or a question on findings is called and may be answered by.
struct AttributeName {
  std::string name;
  const AnswerSpec* answer = nullptr;
};
AttributeName attribute_name(const Protocol& protocol, const std::string& id) {
  if (const AttributeSpec* spec = protocol.attribute(id)) return {spec->name, &spec->answer};
  if (const QuestionSpec* spec = protocol.question(id)) return {spec->name, &spec->answer};
  return {id, nullptr};
}

bool is_reserved_vote(const Annotation& annotation) {
  const auto* text = std::get_if<std::string>(&annotation.value);
  const PlaceKind place = place_kind(annotation.target);
  return annotation.label && text != nullptr && is_reserved_value(*text) &&
         (place == PlaceKind::Whole || place == PlaceKind::Series);
}

// The attributes, and the value under "", in which the annotations are not all alike.
std::vector<std::string> varying_attributes(const std::vector<Said>& said) {
  std::map<std::string, std::set<std::string>> words;
  std::vector<const Annotation*> present;
  for (const Said& one : said) {
    if (one.annotation != nullptr && !is_reserved_vote(*one.annotation)) {
      present.push_back(one.annotation);
    }
  }
  for (const Annotation* annotation : present) {
    for (const auto& [id, value] : annotation->attributes) words[id];
  }
  for (const Annotation* annotation : present) {
    words[""].insert(answer_word(annotation->value));
    for (auto& [id, seen] : words) {
      if (id.empty()) continue;
      const auto found = annotation->attributes.find(id);
      seen.insert(found == annotation->attributes.end() ? "" : answer_word(found->second));
    }
  }
  std::vector<std::string> varying;
  for (const auto& [id, seen] : words) {
    if (seen.size() > 1) varying.push_back(id);
  }
  return varying;
}

struct ClassName {
  std::string id;
  std::string title;
};

ClassName class_of_answer(const Protocol& protocol, const Annotation* annotation,
                          const std::string& question) {
  const QuestionSpec* spec = protocol.question(question);
  const bool says_absent = spec != nullptr && spec->answer.allows_absent;
  if (annotation == nullptr) {
    return {std::string(says_absent ? unanswered : value_absent), "Not answered"};
  }
  return {answer_word(annotation->value),
          answer_title(spec == nullptr ? nullptr : &spec->answer, annotation->value)};
}

ClassName class_of_label(const Protocol& protocol, const Annotation* annotation,
                         const std::vector<std::string>& varying) {
  if (annotation == nullptr) return {std::string(value_absent), "Absent"};
  if (is_reserved_vote(*annotation)) {
    const std::string word = answer_word(annotation->value);
    return {word, reserved_title(word)};
  }
  const LabelSpec* label = protocol.label(annotation->label.value_or(""));
  ClassName name{annotation->label.value_or(""),
                 label == nullptr ? annotation->label.value_or("") : label->name};
  std::vector<std::string> words;
  std::vector<std::string> titles;
  for (const std::string& id : varying) {
    if (id.empty()) {
      const AnswerSpec* spec = label != nullptr && label->value ? &*label->value : nullptr;
      words.push_back("=" + answer_word(annotation->value));
      titles.push_back(answer_title(spec, annotation->value));
      continue;
    }
    const auto found = annotation->attributes.find(id);
    const AnswerValue value = found == annotation->attributes.end() ? AnswerValue{} : found->second;
    const AttributeName attribute = attribute_name(protocol, id);
    const std::string title = answer_title(attribute.answer, value);
    words.push_back(id + "=" + answer_word(value));
    titles.push_back(attribute.name + ": " + (title.empty() ? "not said" : title));
  }
  if (words.empty()) return name;
  return {name.id + "?" + joined(words, "&"), name.title + " (" + joined(titles, ", ") + ")"};
}

std::string difference_id(const Group& group) {
  std::string text = std::string(name_of(group.kind)) + '\n' + group.unit + '\n' + group.place;
  for (const Said& one : group.said) {
    text += '\n';
    if (one.annotation == nullptr) continue;
    // The body, not the revision: submitting the same answer anew changes nothing.
    text += to_string(one.annotation->id) + ' ' +
            boost::json::serialize(annotation_json(*one.annotation));
  }
  return to_hex(sha256(bytes_of(text))).substr(0, 32);
}

std::string what_differs(const Group& group, const std::vector<DifferenceChoice>& choices,
                         const std::vector<std::string>& varying) {
  if (group.kind == DifferenceKind::Question) return choices.size() > 1 ? "answer" : "";
  std::set<std::string> labels;
  bool is_missing = false;
  bool is_present = false;
  for (const Said& one : group.said) {
    if (one.annotation == nullptr || is_reserved_vote(*one.annotation)) {
      is_missing = true;
    } else {
      is_present = true;
      labels.insert(one.annotation->label.value_or(""));
    }
  }
  if (labels.size() > 1) return "label";
  if (is_missing && (is_present || choices.size() > 1)) return "missing";
  if (!varying.empty()) return "attribute";
  return group.same_extent ? "" : "extent";
}

}  // namespace

std::string_view name_of(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::Question:
      return "question";
    case DifferenceKind::Label:
      return "label";
    case DifferenceKind::Mask:
      return "mask";
  }
  return "";
}

Difference compare(const Protocol& protocol, const Group& group) {
  const std::vector<std::string> varying = group.kind == DifferenceKind::Question
                                               ? std::vector<std::string>{}
                                               : varying_attributes(group.said);
  std::vector<DifferenceChoice> choices;
  for (const Said& one : group.said) {
    ClassName name = group.kind == DifferenceKind::Question
                         ? class_of_answer(protocol, one.annotation, group.unit)
                         : class_of_label(protocol, one.annotation, varying);
    auto found = std::ranges::find(choices, name.id, &DifferenceChoice::class_id);
    if (found == choices.end()) {
      choices.push_back({.class_id = std::move(name.id),
                         .title = std::move(name.title),
                         .probability = 0,
                         .said = {}});
      found = std::prev(choices.end());
    }
    found->said.push_back(one);
  }
  Difference difference{.id = difference_id(group),
                        .kind = group.kind,
                        .unit = group.unit,
                        .title = group.title,
                        .what = what_differs(group, choices, varying),
                        .entropy_bits = 0,
                        .agreed = false,
                        .choices = std::move(choices)};
  difference.agreed = difference.what.empty();
  const auto count = static_cast<double>(group.said.size());
  for (DifferenceChoice& choice : difference.choices) {
    choice.probability = static_cast<double>(choice.said.size()) / count;
    difference.entropy_bits -= choice.probability * std::log2(choice.probability);
  }
  // Of equals the one that was said by the first opinion; nothing rather last.
  std::ranges::stable_sort(difference.choices, [](const auto& a, const auto& b) {
    if (a.probability != b.probability) return a.probability > b.probability;
    return (a.class_id == value_absent) < (b.class_id == value_absent);
  });
  difference.entropy_bits = std::max(difference.entropy_bits, 0.0);
  return difference;
}

}  // namespace consilium::service
