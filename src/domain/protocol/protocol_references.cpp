#include "domain/protocol/protocol_references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "domain/label/json_fields.hpp"

namespace consilium {
namespace {

bool is_image_unit(ItemUnit unit) {
  return unit == ItemUnit::Study || unit == ItemUnit::Series || unit == ItemUnit::Instance;
}

bool place_fits(PlaceKind place, ItemUnit unit) {
  switch (place) {
    case PlaceKind::Whole:
    case PlaceKind::Relation:
      return true;
    // What is said of these is asked as a question of their level.
    case PlaceKind::Patient:
    case PlaceKind::Study:
    case PlaceKind::Instance:
    case PlaceKind::Frame:
      return false;
    case PlaceKind::Series:
    case PlaceKind::Point:
    case PlaceKind::Polyline:
    case PlaceKind::Polygon:
    case PlaceKind::Box:
    case PlaceKind::Ellipse:
    case PlaceKind::Length:
    case PlaceKind::Bidirectional:
    case PlaceKind::Angle:
    case PlaceKind::Cobb:
    case PlaceKind::RotatedBox:
    case PlaceKind::Mask:
    case PlaceKind::Cuboid:
      return is_image_unit(unit);
    case PlaceKind::Spans:
    case PlaceKind::Event:
      return unit == ItemUnit::Note;
    case PlaceKind::Chain:  // of mentions, or of the waves of a beat
      return unit == ItemUnit::Note || unit == ItemUnit::Recording;
    case PlaceKind::Sample:
    case PlaceKind::Interval:
      return unit == ItemUnit::Recording;
  }
  return false;
}

// Whether `value` can be the answer to `spec`.
bool can_answer(const AnswerSpec& spec, const AnswerValue& value) {
  if (std::holds_alternative<bool>(value)) return spec.type == AnswerType::Bool;
  const std::string& text = std::get<std::string>(value);
  if (text == value_unsure) return spec.allows_unsure;
  if (text == value_not_evaluable) return spec.allows_not_evaluable;
  if (text == value_absent) return spec.allows_absent;
  return spec.type == AnswerType::Choice &&
         std::ranges::find(spec.choices, text, &Choice::id) != spec.choices.end();
}

class ReferenceCheck {
 public:
  explicit ReferenceCheck(const Protocol& protocol) : protocol_(protocol) {}

  std::vector<Violation> run(const std::vector<std::string>& stage_labels) {
    if (protocol_.labels.empty() && protocol_.questions.empty()) {
      note("", "a protocol has labels or questions");
    }
    unique_ids();
    for (std::size_t i = 0; i < protocol_.attributes.size(); ++i) {
      unique_choices(protocol_.attributes[i].answer, at("/attributes", i) + "/answer");
    }
    for (std::size_t i = 0; i < protocol_.labels.size(); ++i) {
      label(protocol_.labels[i], at("/labels", i));
    }
    for (std::size_t i = 0; i < protocol_.questions.size(); ++i) {
      question(protocol_.questions[i], at("/questions", i));
    }
    plans();
    stages(stage_labels);
    return std::move(problems_);
  }

 private:
  static std::string at(std::string_view list, std::size_t index) {
    return pointer_to(list, index);
  }
  void note(std::string path, std::string what, std::string remedy = {}) {
    problems_.push_back({std::move(path), std::move(what), std::move(remedy)});
  }

  // One name space for all three: an answer of a finding stands among its attributes, and a quality
  // target names any of them.
  void unique_ids() {
    std::set<std::string_view> seen;
    std::map<std::string_view, std::string_view> shortcuts;
    const auto check = [&](std::string_view list, const auto& specs) {
      for (std::size_t i = 0; i < specs.size(); ++i) {
        if (!seen.insert(specs[i].id).second) {
          note(at(list, i) + "/id", "the id '" + specs[i].id + "' is given twice",
               "ids of labels, attributes and questions share one name space");
        }
      }
    };
    check("/labels", protocol_.labels);
    check("/attributes", protocol_.attributes);
    check("/questions", protocol_.questions);
    for (std::size_t i = 0; i < protocol_.labels.size(); ++i) {
      const LabelSpec& spec = protocol_.labels[i];
      if (spec.shortcut.empty()) continue;
      const auto [first, fresh] = shortcuts.emplace(spec.shortcut, spec.id);
      if (!fresh) {
        note(at("/labels", i) + "/shortcut", "the key '" + spec.shortcut +
                                                 "' already belongs to '" +
                                                 std::string(first->second) + "'");
      }
    }
  }

  void unique_choices(const AnswerSpec& answer, const std::string& path) {
    std::set<std::string_view> ids;
    std::set<std::string_view> shortcuts;
    for (std::size_t i = 0; i < answer.choices.size(); ++i) {
      const Choice& choice = answer.choices[i];
      if (!ids.insert(choice.id).second) {
        note(at(path + "/choices", i) + "/id", "the choice '" + choice.id + "' is given twice");
      }
      if (!choice.shortcut.empty() && !shortcuts.insert(choice.shortcut).second) {
        note(at(path + "/choices", i) + "/shortcut",
             "the key '" + choice.shortcut + "' is given twice in one list of choices");
      }
    }
  }

  void condition(const Condition& condition, const AnswerSpec* of, const std::string& path) {
    if (of == nullptr) {
      note(path + "/of", "'" + condition.of + "' is not asked beside this",
           "name another attribute of the same label, or another question");
      return;
    }
    for (std::size_t i = 0; i < condition.is.size(); ++i) {
      if (!can_answer(*of, condition.is[i])) {
        note(at(path + "/is", i), "this can never be the answer to '" + condition.of + "'");
      }
    }
    if (condition.is.empty()) note(path + "/is", "the condition can never hold");
  }

  // What a condition on `label` may look at: its attributes and the questions asked of it.
  const AnswerSpec* beside(const LabelSpec& spec, std::string_view id) const {
    if (std::ranges::find(spec.attributes, id, &LabelAttribute::id) != spec.attributes.end()) {
      const AttributeSpec* attribute = protocol_.attribute(id);
      return attribute == nullptr ? nullptr : &attribute->answer;
    }
    const QuestionSpec* question = protocol_.question(id);
    const bool asked = question != nullptr && question->level == QuestionLevel::Finding &&
                       std::ranges::find(question->labels, spec.id) != question->labels.end();
    return asked ? &question->answer : nullptr;
  }

  void known_labels(const std::vector<std::string>& ids, const std::string& path) {
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (protocol_.label(ids[i]) == nullptr) {
        note(at(path, i), "there is no label '" + ids[i] + "'");
      } else if (!seen.insert(ids[i]).second) {
        note(at(path, i), "the label '" + ids[i] + "' is named twice");
      }
    }
  }

  void label(const LabelSpec& spec, const std::string& path) {
    for (std::size_t i = 0; i < spec.places.size(); ++i) {
      if (!place_fits(spec.places[i], protocol_.item_unit)) {
        note(at(path + "/places", i),
             fmt::format("'{}' is no place on a {}", name_of(spec.places[i]),
                         name_of(protocol_.item_unit)));
      }
    }
    const bool relation = std::ranges::find(spec.places, PlaceKind::Relation) != spec.places.end();
    if (relation && spec.places.size() != 1) {
      note(path + "/places", "a relation has no other kind of place");
    }
    if (relation == spec.relates_from.empty()) {
      note(path + "/relates", "a relation says what it joins, and no other label does");
    }
    joining(spec, path);
    known_labels(spec.relates_from, path + "/relates/from");
    known_labels(spec.relates_to, path + "/relates/to");
    known_labels(spec.excludes, path + "/excludes");
    for (std::size_t i = 0; i < spec.excludes.size(); ++i) {
      if (spec.excludes[i] == spec.id) {
        note(at(path + "/excludes", i), "a label cannot exclude itself");
      }
    }
    if (spec.value) unique_choices(*spec.value, path + "/value");
    label_attributes(spec, path + "/attributes");
  }

  // Labels of events and chains have that place alone and say what they join.
  void joining(const LabelSpec& spec, const std::string& path) {
    const auto stands_on = [&](PlaceKind place) {
      return std::ranges::find(spec.places, place) != spec.places.end();
    };
    for (const auto& [place, is_declared] : {std::pair{PlaceKind::Event, spec.event.has_value()},
                                             std::pair{PlaceKind::Chain, spec.chain.has_value()}}) {
      if (stands_on(place) && spec.places.size() != 1) {
        note(path + "/places",
             fmt::format("a label of {}s has no other kind of place", name_of(place)));
      }
      if (stands_on(place) != is_declared) {
        note(
            path + "/" + std::string(name_of(place)),
            fmt::format("a label with the place '{0}' says under '{0}' what it joins, and no other "
                        "label does",
                        name_of(place)));
      }
    }
    if (spec.level != SpanLevel::Mention && !stands_on(PlaceKind::Spans)) {
      note(path + "/level", "sentences and sections are spans of the text",
           "give the place 'spans'");
    }
    if (spec.chain) known_labels(spec.chain->labels, path + "/chain/labels");
    if (!spec.event) return;
    known_labels(spec.event->trigger_labels, path + "/event/trigger/labels");
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < spec.event->roles.size(); ++i) {
      const EventRole& role = spec.event->roles[i];
      const std::string at_role = at(path + "/event/roles", i);
      if (!seen.insert(role.id).second) note(at_role + "/id", "this role is given twice");
      known_labels(role.labels, at_role + "/labels");
    }
  }

  void label_attributes(const LabelSpec& spec, const std::string& path) {
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < spec.attributes.size(); ++i) {
      const LabelAttribute& attribute = spec.attributes[i];
      if (protocol_.attribute(attribute.id) == nullptr) {
        note(at(path, i), "there is no attribute '" + attribute.id + "'",
             "define it under 'attributes'");
      } else if (!seen.insert(attribute.id).second) {
        note(at(path, i), "the attribute '" + attribute.id + "' is named twice");
      }
      if (attribute.required_if) {
        const bool self = attribute.required_if->of == attribute.id;
        condition(*attribute.required_if, self ? nullptr : beside(spec, attribute.required_if->of),
                  at(path, i) + "/required_if");
      }
    }
  }

  void question(const QuestionSpec& spec, const std::string& path) {
    unique_choices(spec.answer, path + "/answer");
    known_labels(spec.labels, path + "/labels");
    const bool of_images =
        spec.level != QuestionLevel::Item && spec.level != QuestionLevel::Finding;
    if (of_images && !is_image_unit(protocol_.item_unit)) {
      note(path + "/level",
           fmt::format("only items of images are asked about by {}", name_of(spec.level)),
           "ask it of the item");
    }
    if (!spec.required_if) return;
    const QuestionSpec* other = protocol_.question(spec.required_if->of);
    const bool usable = other != nullptr && other != &spec && covers(other->level, spec.level);
    condition(*spec.required_if, usable ? &other->answer : nullptr, path + "/required_if");
  }

  void plans() {
    std::set<std::string_view> windows;
    for (std::size_t i = 0; i < protocol_.view.windows.size(); ++i) {
      if (!windows.insert(protocol_.view.windows[i].id).second) {
        note(at("/view/windows", i) + "/id", "this window is given twice");
      }
    }
    std::set<std::int64_t> categories;
    for (std::size_t i = 0; i < protocol_.labels.size(); ++i) {
      const auto& coco = protocol_.labels[i].exported.coco;
      if (coco && !categories.insert(coco->category_id).second) {
        note(at("/labels", i) + "/export/coco/category_id", "two labels share this category");
      }
    }
    const auto& targets = protocol_.quality_plan.targets;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (protocol_.label(targets[i].of) == nullptr &&
          protocol_.attribute(targets[i].of) == nullptr &&
          protocol_.question(targets[i].of) == nullptr) {
        note(at("/quality_plan/targets", i) + "/of",
             "there is no label, attribute or question '" + targets[i].of + "'");
      }
    }
    migrations();
  }

  void stages(const std::vector<std::string>& names) {
    const std::string path = "/view/epochs/stages";
    known_labels(names, path);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const LabelSpec* spec = protocol_.label(names[i]);
      if (spec == nullptr) continue;
      if (std::ranges::find(spec->places, PlaceKind::Interval) == spec->places.end()) {
        note(at(path, i), "a stage is a label of intervals", "give it the place 'interval'");
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (names[j] != names[i] && protocol_.label(names[j]) != nullptr &&
            !protocol_.excludes(names[j], names[i])) {
          note(at(path, i),
               fmt::format("an epoch has one stage, and '{}' does not exclude '{}'", names[j],
                           names[i]),
               "name the one under 'excludes' of the other");
        }
      }
    }
  }

  void migrations() {
    std::set<std::string> origins;
    for (std::size_t i = 0; i < protocol_.migration.size(); ++i) {
      const MigrationMap& map = protocol_.migration[i];
      const std::string path = at("/migration", i);
      if (!origins.insert(to_string(map.from)).second) {
        note(path + "/from", "this version is migrated from twice");
      }
      if (!(map.from < protocol_.version)) {
        note(path + "/from", "a migration comes from an earlier version");
      }
      for (const auto& [old, fresh] : map.labels) {
        if (fresh && protocol_.label(*fresh) == nullptr) {
          note(pointer_to(path + "/labels", old), "there is no label '" + *fresh + "'");
        }
      }
    }
  }

  const Protocol& protocol_;
  std::vector<Violation> problems_;
};

}  // namespace

std::vector<Violation> check_references(const Protocol& protocol,
                                        const std::vector<std::string>& stages) {
  return ReferenceCheck(protocol).run(stages);
}

}  // namespace consilium
