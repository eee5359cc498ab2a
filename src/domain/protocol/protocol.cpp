#include "domain/protocol/protocol.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/bytes.hpp"

namespace consilium {
namespace {

constexpr std::array<std::string_view, 5> item_unit_names = {"study", "series", "instance", "note",
                                                             "recording"};

template <class Spec>
const Spec* find_by_id(const std::vector<Spec>& all, std::string_view id) {
  const auto found = std::ranges::find(all, id, &Spec::id);
  return found == all.end() ? nullptr : &*found;
}

constexpr std::array<std::string_view, 7> question_level_names = {
    "patient", "item", "study", "series", "instance", "frame", "finding"};

}  // namespace

std::string_view name_of(QuestionLevel level) {
  return question_level_names[static_cast<std::size_t>(level)];
}

bool covers(QuestionLevel coarse, QuestionLevel fine) {
  if (coarse == fine) return true;
  // An item has one patient and one study: these three are asked of the same images. A finding may
  // lie on several series.
  const bool one_of_item = coarse <= QuestionLevel::Study;
  return one_of_item || (fine != QuestionLevel::Finding && coarse < fine);
}

std::string_view name_of(ItemUnit unit) { return item_unit_names[static_cast<std::size_t>(unit)]; }

std::optional<ItemUnit> item_unit_named(std::string_view name) {
  const auto* found = std::ranges::find(item_unit_names, name);
  if (found == item_unit_names.end()) return std::nullopt;
  return static_cast<ItemUnit>(found - item_unit_names.begin());
}

const LabelSpec* Protocol::label(std::string_view label_id) const {
  return find_by_id(labels, label_id);
}
const AttributeSpec* Protocol::attribute(std::string_view attribute_id) const {
  return find_by_id(attributes, attribute_id);
}
const QuestionSpec* Protocol::question(std::string_view question_id) const {
  return find_by_id(questions, question_id);
}

bool Protocol::excludes(std::string_view label_id, std::string_view other_id) const {
  const auto names = [this](std::string_view holder, std::string_view named) {
    const LabelSpec* spec = label(holder);
    return spec != nullptr && std::ranges::find(spec->excludes, named) != spec->excludes.end();
  };
  return names(label_id, other_id) || names(other_id, label_id);
}

bool condition_holds(const Condition& condition, const AnswerValue& answer) {
  const auto named = [&](const AnswerValue& one) {
    return std::ranges::find(condition.is, one) != condition.is.end();
  };
  const auto* many = std::get_if<std::vector<std::string>>(&answer);
  return many == nullptr ? named(answer) : std::ranges::any_of(*many, named);
}

boost::json::object protocol_json(const Protocol& protocol) {
  boost::json::object out = boost::json::parse(protocol.document).get_object();
  out["content_hash"] = to_hex(protocol.content_hash);
  return out;
}

}  // namespace consilium
