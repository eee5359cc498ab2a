#include "service/release/labelled_note.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "format/brat/brat.hpp"

namespace consilium::service {
namespace {

std::string text_of(const CodedConcept& picked) { return picked.system + ":" + picked.code; }

void add_values(std::vector<TextAttribute>& attributes, const std::string& name,
                const AnswerValue& value) {
  const auto add = [&](std::string text) { attributes.push_back({name, std::move(text)}); };
  if (const auto* text = std::get_if<std::string>(&value)) {
    add(*text);
  } else if (const auto* number = std::get_if<double>(&value)) {
    add(fmt::format("{}", *number));
  } else if (const auto* yes = std::get_if<bool>(&value)) {
    add(*yes ? "true" : "false");
  } else if (const auto* several = std::get_if<std::vector<std::string>>(&value)) {
    for (const std::string& one : *several) add(one);
  } else if (const auto* quantity = std::get_if<Quantity>(&value)) {
    add(fmt::format("{} {}", quantity->number, quantity->unit));
  } else if (const auto* picked = std::get_if<CodedConcept>(&value)) {
    add(text_of(*picked));
  }
}

class NoteMaker {
 public:
  NoteMaker(std::span<const ExportedAnnotation> annotations, const TextAbilities& can,
            LabelledNote& note)
      : annotations_(annotations), can_(can), note_(note) {}

  void make() {
    name_all();
    for (const ExportedAnnotation& one : annotations_) {
      const bool is_added = one.stored.state != AnnotationState::Retracted && add(one);
      ++(is_added ? note_.annotation_count : note_.left_out_count);
    }
  }

 private:
  // Joined annotations may come before what they join: all get their names first.
  void name_all() {
    std::map<char, int> counts;
    for (const ExportedAnnotation& one : annotations_) {
      const Target& target = one.stored.body.target;
      char prefix = 'T';
      if (std::holds_alternative<RelationTarget>(target)) prefix = 'R';
      if (std::holds_alternative<EventTarget>(target)) prefix = 'E';
      if (std::holds_alternative<ChainTarget>(target)) prefix = 'C';
      names_.emplace(one.stored.body.id, fmt::format("{}{}", prefix, ++counts[prefix]));
    }
  }

  std::string name(const AnnotationId& id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? std::string{} : found->second;
  }

  bool add(const ExportedAnnotation& one) {
    const Annotation& body = one.stored.body;
    if (body.question) {
      add_values(note_.text.answers, *body.question, body.value);
      return true;
    }
    const LabelSpec* label = body.label ? one.protocol->protocol.label(*body.label) : nullptr;
    if (label == nullptr) return false;
    const std::string type = brat_type(*label);
    if (const auto* spans = std::get_if<SpansTarget>(&body.target)) {
      add_mention(one, *label, type, *spans);
    } else if (const auto* relation = std::get_if<RelationTarget>(&body.target)) {
      note_.text.relations.push_back({.id = name(body.id),
                                      .type = type,
                                      .from = {"Arg1", name(relation->from)},
                                      .to = {"Arg2", name(relation->to)},
                                      .attributes = attributes_of(body),
                                      .comment = body.comment.value_or("")});
    } else if (const auto* event = std::get_if<EventTarget>(&body.target)) {
      add_event(body, type, *event);
    } else if (const auto* chain = std::get_if<ChainTarget>(&body.target)) {
      TextChain made{.id = name(body.id), .type = type};
      for (const AnnotationId& member : chain->members) made.members.push_back(name(member));
      note_.text.chains.push_back(std::move(made));
    } else if (std::holds_alternative<WholeTarget>(body.target)) {
      note_.text.answers.push_back({"label", type});
    } else {
      return false;
    }
    return true;
  }

  static std::vector<TextAttribute> attributes_of(const Annotation& body) {
    std::vector<TextAttribute> attributes;
    for (const auto& [name, value] : body.attributes) add_values(attributes, name, value);
    if (!std::holds_alternative<CodedConcept>(body.value)) {
      add_values(attributes, "value", body.value);
    }
    return attributes;
  }

  void add_mention(const ExportedAnnotation& one, const LabelSpec& label, const std::string& type,
                   const SpansTarget& spans) {
    const Annotation& body = one.stored.body;
    TextMention mention{.id = name(body.id),
                        .type = type,
                        .ranges = spans.ranges,
                        .attributes = attributes_of(body),
                        .comment = body.comment.value_or("")};
    const auto* picked = std::get_if<CodedConcept>(&body.value);
    if (picked == nullptr && label.coded) picked = &*label.coded;
    if (picked != nullptr) {
      mention.concepts.push_back({picked->system, picked->code, picked->display});
    }
    if (can_.raters) mention.rater = one.stored.rater.display_name;
    if (can_.times) mention.said_at = to_rfc3339(one.stored.updated_at);
    note_.text.mentions.push_back(std::move(mention));
  }

  void add_event(const Annotation& body, const std::string& type, const EventTarget& event) {
    TextEvent made{.id = name(body.id),
                   .type = type,
                   .trigger = event.trigger ? name(*event.trigger) : std::string{},
                   .attributes = attributes_of(body),
                   .comment = body.comment.value_or("")};
    for (const EventArgument& argument : event.arguments) {
      made.arguments.push_back({argument.role, name(argument.annotation)});
    }
    note_.text.events.push_back(std::move(made));
  }

  std::span<const ExportedAnnotation> annotations_;
  const TextAbilities& can_;
  LabelledNote& note_;
  std::map<AnnotationId, std::string> names_;
};

}  // namespace

LabelledNote labelled_note(const storage::ItemRow& item, const CanonicalText& text,
                           std::span<const ExportedAnnotation> annotations,
                           const TextAbilities& can) {
  LabelledNote note;
  note.text.text = text;
  if (can.ids) note.text.id = ExportWork::name_of_item(item);
  if (can.times) {
    note.text.metadata = {{"patient", item.pseudonym}};
    if (!item.date.empty()) note.text.metadata.push_back({"date", item.date});
  }
  NoteMaker(annotations, can, note).make();
  return note;
}

}  // namespace consilium::service
