#include "domain/protocol/validate_annotation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "domain/label/json_fields.hpp"

namespace consilium {
namespace {

std::string known_choices(const AnswerSpec& spec) {
  std::string names;
  for (const Choice& choice : spec.choices) names += (names.empty() ? "" : ", ") + choice.id;
  return "use one of " + names;
}

// One annotation against the protocol.
class AnnotationCheck {
 public:
  AnnotationCheck(const Protocol& protocol, const ItemFacts& facts, const Annotation& annotation,
                  Stage stage)
      : protocol_(protocol), facts_(facts), annotation_(annotation), stage_(stage) {}

  std::vector<Violation> run() {
    if (annotation_.protocol.id != protocol_.id) {
      note("/protocol/id", "the item is labelled under another protocol",
           "its protocol is " + protocol_.id);
    } else if (annotation_.protocol.version != to_string(protocol_.version)) {
      note("/protocol/version", "the item is labelled under another version of the protocol",
           "its version is " + to_string(protocol_.version));
    }
    if (facts_.unit != protocol_.item_unit) {
      note("", fmt::format("the protocol labels a {}, and this item is a {}",
                           name_of(protocol_.item_unit), name_of(facts_.unit)));
    }
    std::visit([this](const auto& target) { check_target(target); }, annotation_.target);
    if (annotation_.label) {
      check_finding();
    } else {
      check_answer_to_question();
    }
    return std::move(problems_);
  }

 private:
  void note(std::string path, std::string what, std::string remedy = {}) {
    problems_.push_back({std::move(path), std::move(what), std::move(remedy)});
  }

  // Targets against the item's facts.
  void check_series(SeriesId series) {
    if (!facts_.series.empty() && std::ranges::find(facts_.series, series) == facts_.series.end()) {
      note("/target/series_id", "this series is not part of the item");
    }
  }
  void check_channel(const std::string& channel, const std::string& path) {
    if (!facts_.channels.empty() &&
        std::ranges::find(facts_.channels, channel) == facts_.channels.end()) {
      note(path, "the recording has no such channel");
    }
  }
  void check_tick(std::int64_t tick, std::int64_t last, const std::string& path) {
    if (facts_.tick_count && tick > last) {
      note(path, fmt::format("the recording ends at tick {}", *facts_.tick_count));
    }
  }
  void check_target(const WholeTarget&) {}
  void check_target(const PatientTarget& target) {
    if (facts_.patient && target.patient_id != *facts_.patient) {
      note("/target/patient_id", "the item is of another patient");
    }
  }
  void check_target(const StudyTarget& target) {
    if (facts_.study && target.study_id != *facts_.study) {
      note("/target/study_id", "this study is not part of the item",
           "a prior is answered about in its own item");
    }
  }
  void check_target(const SeriesTarget& target) { check_series(target.series_id); }
  void check_target(const InstanceTarget& target) { check_series(target.series_id); }
  void check_target(const FrameTarget& target) { check_series(target.series_id); }
  void check_target(const RegionTarget& target) { check_series(target.series_id); }
  void check_target(const SpaceTarget& target) { check_series(target.series_id); }
  void check_target(const MaskTarget&) {}
  void check_target(const RelationTarget&) {}  // what these join, validate_item checks
  void check_target(const EventTarget&) {}
  void check_target(const ChainTarget&) {}
  void check_target(const SpansTarget& target) {
    if (facts_.code_point_count && !target.ranges.empty() &&
        target.ranges.back().end > *facts_.code_point_count) {
      note(pointer_to("/target/ranges", target.ranges.size() - 1),
           fmt::format("the text ends at code point {}", *facts_.code_point_count),
           "offsets count Unicode code points of the canonical text");
    }
  }
  void check_target(const SampleTarget& target) {
    check_tick(target.tick, facts_.tick_count.value_or(0) - 1, "/target/tick");
    if (target.channel) check_channel(*target.channel, "/target/channel");
  }
  void check_target(const IntervalTarget& target) {
    check_tick(target.begin_tick, facts_.tick_count.value_or(0) - 1, "/target/begin_tick");
    if (target.end_tick) {
      check_tick(*target.end_tick, facts_.tick_count.value_or(0), "/target/end_tick");
    }
    for (std::size_t i = 0; i < target.channels.size(); ++i) {
      check_channel(target.channels[i], pointer_to("/target/channels", i));
    }
  }

  void check_finding() {
    const LabelSpec* label = protocol_.label(*annotation_.label);
    if (label == nullptr) {
      note("/label", "the protocol has no such label");
      return;
    }
    if (annotation_.question) {
      note("/question", "an annotation with a label answers no question",
           "answers about a finding stand among its attributes");
    }
    const PlaceKind place = place_kind(annotation_.target);
    const auto* text = std::get_if<std::string>(&annotation_.value);
    const bool reserved = text != nullptr && is_reserved_value(*text);
    if (reserved && (place == PlaceKind::Whole || place == PlaceKind::Series)) {  // I2
      if (!annotation_.attributes.empty()) {
        note("/attributes", "a label that is not there has no attributes");
      }
      return;
    }
    if (std::ranges::find(label->places, place) == label->places.end()) {
      std::string names;
      for (const PlaceKind kind : label->places) {
        names += (names.empty() ? "" : ", ") + std::string(name_of(kind));
      }
      note("/target", fmt::format("'{}' may not stand on a {}", label->id, name_of(place)),
           "its places are " + names);
    }
    check_own_value(*label);
    check_attributes(*label);
  }

  void check_own_value(const LabelSpec& label) {
    const bool given = !std::holds_alternative<std::monostate>(annotation_.value);
    if (given && !label.value) {
      note("/value", "this label has no value of its own",
           "say that a label is absent on the whole item or series");
    } else if (given) {
      check_answer(*label.value, annotation_.value, "/value");
    }
  }

  void check_attributes(const LabelSpec& label) {
    for (const auto& [id, value] : annotation_.attributes) {
      const AnswerSpec* spec = attribute_answer(label, id);
      const std::string path = pointer_to("/attributes", id);
      if (spec == nullptr) {
        note(path, fmt::format("'{}' has no such attribute", label.id));
      } else {
        check_answer(*spec, value, path);
      }
    }
    if (stage_ == Stage::Draft) return;
    for (const LabelAttribute& attribute : label.attributes) {
      require_attribute(attribute.id, attribute.required, attribute.required_if);
    }
    for (const QuestionSpec& question : protocol_.questions) {
      if (question.level == QuestionLevel::Finding && asks_of(question, label.id)) {
        require_attribute(question.id, question.required, finding_condition(question));
      }
    }
  }

  // A condition on an item's answer is judged in validate_item, where that answer is known.
  std::optional<Condition> finding_condition(const QuestionSpec& question) const {
    if (!question.required_if) return std::nullopt;
    const QuestionSpec* other = protocol_.question(question.required_if->of);
    const bool beside = other != nullptr && other->level == QuestionLevel::Finding;  // else of all
    return beside ? question.required_if : std::nullopt;
  }

  static bool asks_of(const QuestionSpec& question, std::string_view label_id) {
    return std::ranges::find(question.labels, label_id) != question.labels.end();
  }

  const AnswerSpec* attribute_answer(const LabelSpec& label, std::string_view id) const {
    if (std::ranges::find(label.attributes, id, &LabelAttribute::id) != label.attributes.end()) {
      return &protocol_.attribute(id)->answer;
    }
    const QuestionSpec* question = protocol_.question(id);
    const bool asked = question != nullptr && question->level == QuestionLevel::Finding &&
                       asks_of(*question, label.id);
    return asked ? &question->answer : nullptr;
  }

  void require_attribute(const std::string& id, bool required,
                         const std::optional<Condition>& required_if) {
    if (annotation_.attributes.contains(id)) return;
    const auto other =
        required_if ? annotation_.attributes.find(required_if->of) : annotation_.attributes.end();
    const AnswerValue* answer = other == annotation_.attributes.end() ? nullptr : &other->second;
    if (required || (required_if && answer != nullptr && condition_holds(*required_if, *answer))) {
      note("/attributes", fmt::format("the attribute '{}' is missing", id),
           "fill it in, or save a draft");
    }
  }

  void check_answer_to_question() {
    const QuestionSpec* question = protocol_.question(annotation_.question.value_or(""));
    if (question == nullptr) {
      note("/question", "the protocol has no such question");
      return;
    }
    if (!annotation_.attributes.empty()) {
      note("/attributes", "the answer to a question has no attributes");
    }
    const PlaceKind place = place_kind(annotation_.target);
    const bool fits = question->level == QuestionLevel::Item
                          ? place == PlaceKind::Whole
                          : name_of(place) == name_of(question->level);
    if (question->level == QuestionLevel::Finding) {
      note("/question", "this is asked of findings",
           "put the answer among the attributes of the finding");
    } else if (!fits) {
      note("/target", fmt::format("this is asked of the {}", question->level == QuestionLevel::Item
                                                                 ? "whole item"
                                                                 : name_of(question->level)));
    }
    if (!std::holds_alternative<std::monostate>(annotation_.value)) {
      check_answer(question->answer, annotation_.value, "/value");
    } else if (stage_ == Stage::Submission) {
      note("/value", "the question is not answered", "answer it, or save a draft");
    }
  }

  void check_answer(const AnswerSpec& spec, const AnswerValue& value, const std::string& path) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      if (is_reserved_value(*text)) return check_reserved(spec, *text, path);
    }
    switch (spec.type) {
      case AnswerType::Choice:
        return check_choice(spec, value, path);
      case AnswerType::Number:
        return check_number(spec, value, path);
      case AnswerType::Text:
        if (!std::holds_alternative<std::string>(value)) note(path, "this must be text");
        return;
      case AnswerType::Bool:
        if (!std::holds_alternative<bool>(value)) note(path, "this must be true or false");
        return;
      case AnswerType::Concept:
        return check_concept(*spec.concepts, value, path);
    }
  }

  void check_concept(const ConceptChoice& spec, const AnswerValue& value, const std::string& path) {
    const auto* picked = std::get_if<CodedConcept>(&value);
    std::string names;
    for (const std::string& system : spec.systems) names += (names.empty() ? "" : ", ") + system;
    if (picked == nullptr) {
      note(path, "this must be a coded concept",
           R"(send {"system": ..., "code": ..., "display": ...})");
    } else if (std::ranges::none_of(spec.systems, [&](const std::string& system) {
                 return system_uri(system) == system_uri(picked->system);
               })) {
      note(path, "the concept is of a code system that is not asked for", "use one of " + names);
    }
  }

  void check_reserved(const AnswerSpec& spec, std::string_view text, const std::string& path) {
    const bool allowed = (text == value_unsure && spec.allows_unsure) ||
                         (text == value_not_evaluable && spec.allows_not_evaluable) ||
                         (text == value_absent && spec.allows_absent);
    if (!allowed) note(path, fmt::format("'{}' is not allowed here", text));
  }

  void check_choice(const AnswerSpec& spec, const AnswerValue& value, const std::string& path) {
    const auto known = [&](const std::string& id) {
      return std::ranges::find(spec.choices, id, &Choice::id) != spec.choices.end();
    };
    const auto* one = std::get_if<std::string>(&value);
    const auto* many = std::get_if<std::vector<std::string>>(&value);
    if (one == nullptr && many == nullptr) {
      note(path, "this must be a choice's id", known_choices(spec));
    } else if (one != nullptr && !known(*one)) {
      note(path, "there is no such choice", known_choices(spec));
    } else if (many != nullptr && !spec.many) {
      note(path, "only one choice may be made");
    } else if (many != nullptr) {
      const std::set<std::string> distinct(many->begin(), many->end());
      if (distinct.size() != many->size()) note(path, "a choice is made twice");
      if (many->empty()) note(path, "no choice is made", "leave the answer out");
      if (!std::ranges::all_of(*many, known)) {
        note(path, "there is no such choice", known_choices(spec));
      }
    }
  }

  // A number comes with its unit, except where the unit is 1.
  void check_number(const AnswerSpec& spec, const AnswerValue& value, const std::string& path) {
    const auto* quantity = std::get_if<Quantity>(&value);
    const auto* plain = std::get_if<double>(&value);
    if (quantity == nullptr && plain == nullptr) {
      note(path, "this must be a number");
      return;
    }
    if (quantity != nullptr ? quantity->unit != spec.unit : spec.unit != "1") {
      note(path, "the number is not in the protocol's unit",
           fmt::format("send {{\"number\": ..., \"unit\": \"{}\"}}", spec.unit));
    }
    const double number = quantity != nullptr ? quantity->number : *plain;
    if ((spec.min && number < *spec.min) || (spec.max && number > *spec.max)) {
      note(path, "the number is out of range",
           fmt::format("it lies from {} to {}", spec.min ? fmt::format("{}", *spec.min) : "any",
                       spec.max ? fmt::format("{}", *spec.max) : "any"));
    }
  }

  const Protocol& protocol_;
  const ItemFacts& facts_;
  const Annotation& annotation_;
  const Stage stage_;
  std::vector<Violation> problems_;
};

}  // namespace

std::vector<Violation> validate_annotation(const Protocol& protocol, const ItemFacts& facts,
                                           const Annotation& annotation, Stage stage) {
  return AnnotationCheck(protocol, facts, annotation, stage).run();
}

}  // namespace consilium
