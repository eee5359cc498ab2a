#include "service/prelabel/text_labels.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "domain/label/stored_annotation.hpp"

namespace consilium::service {
namespace {

class Sayer {
 public:
  Sayer(const LabelledText& text, const ItemId& item, const std::string& format,
        const std::string& source, const RaterNamer& name_rater, std::vector<std::string>& notes)
      : text_(text), format_(format), name_rater_(name_rater), notes_(notes) {
    set_.item = item;
    set_.source = source;
  }

  LabelSet say() {
    for (const TextMention& m : text_.mentions) add_mention(m);
    // Events may join events: those come in an order in which what is joined is there.
    for (const TextEvent& e : text_.events) tools_.try_emplace(e.id, tool_of(e));
    for (const TextEvent& e : text_.events) add_event(e);
    for (const TextRelation& r : text_.relations) add_relation(r);
    for (const TextChain& c : text_.chains) add_chain(c);
    for (std::size_t i = 0; i < text_.answers.size(); ++i) add_answer(text_.answers[i], i);
    for (const TextConcept& c : text_.concepts) {
      notes_.push_back(fmt::format("a concept of the whole note ({}) is not taken over", c.system));
    }
    if (empty_count_ > 0) {
      notes_.push_back(fmt::format("{} places between characters are no labels", empty_count_));
    }
    return std::move(set_);
  }

 private:
  ToolName default_tool() const { return {.kind = RaterKind::Import, .name = format_}; }

  static SaidAnswer named(const std::string& name, const std::string& value) {
    return {.name = {.system = "", .code = name, .version = "", .display = name}, .value = value};
  }

  static std::vector<SaidAnswer> answers_of(const std::vector<TextAttribute>& attributes) {
    std::vector<SaidAnswer> answers;
    for (const TextAttribute& one : attributes) answers.push_back(named(one.name, one.value));
    return answers;
  }

  static std::vector<CodedConcept> codes_of(const std::vector<TextConcept>& concepts) {
    std::vector<CodedConcept> codes;
    for (const TextConcept& one : concepts) {
      codes.push_back({.system = std::string(system_name(one.system)),
                       .code = one.code,
                       .version = "",
                       .display = one.display});
    }
    return codes;
  }

  static std::optional<std::string> comment_of(const std::string& comment) {
    return comment.empty() ? std::nullopt : std::optional(comment);
  }

  void add_mention(const TextMention& m) {
    const SpansTarget target{.ranges = m.ranges};
    const bool is_place = m.ranges.empty() || m.ranges.front().begin == m.ranges.front().end;
    auto surface = quoted_surface(target, text_.text);
    if (is_place || !surface) {
      ++empty_count_;
      return;
    }
    ToolName tool = default_tool();
    if (m.probability) tool.kind = RaterKind::Model;
    if (!m.rater.empty()) tool.name = m.probability ? m.rater : name_rater_(m.rater);
    tools_.emplace(m.id, tool);
    SaidLabel said{.key = m.id,
                   .name = m.type.empty() ? m.layer : m.type,
                   .codes = codes_of(m.concepts),
                   .tool = std::move(tool),
                   .place = SaidSpans{.target = target, .surface = std::move(*surface)},
                   .answers = answers_of(m.attributes),
                   .evidence = comment_of(m.comment)};
    if (m.probability) {
      said.measurements[std::string(probability_measurement)] = {.number = *m.probability,
                                                                 .unit = "1"};
    }
    set_.labels.push_back(std::move(said));
  }

  ToolName tool_at(const std::string& id) const {
    const auto found = tools_.find(id);
    return found == tools_.end() ? default_tool() : found->second;
  }
  ToolName tool_of(const TextEvent& e) const {
    if (!e.trigger.empty()) return tool_at(e.trigger);
    return e.arguments.empty() ? default_tool() : tool_at(e.arguments.front().target);
  }

  void add_joining(const std::string& id, const std::string& type, const std::string& layer,
                   ToolName tool, SaidJoining joining, const std::vector<TextAttribute>& attributes,
                   const std::string& comment) {
    set_.labels.push_back({.key = id,
                           .name = type.empty() ? layer : type,
                           .codes = {},
                           .tool = std::move(tool),
                           .place = std::move(joining),
                           .answers = answers_of(attributes),
                           .evidence = comment_of(comment)});
  }

  void add_event(const TextEvent& e) {
    SaidJoining joining{.kind = PlaceKind::Event};
    if (!e.trigger.empty()) joining.trigger = e.trigger;
    for (const TextArgument& a : e.arguments) joining.parts.push_back({a.role, a.target});
    add_joining(e.id, e.type, e.layer, tool_of(e), std::move(joining), e.attributes, e.comment);
  }

  void add_relation(const TextRelation& r) {
    add_joining(r.id, r.type, r.layer, tool_at(r.from.target),
                {.kind = PlaceKind::Relation,
                 .trigger = std::nullopt,
                 .parts = {{r.from.role, r.from.target}, {r.to.role, r.to.target}}},
                r.attributes, r.comment);
  }

  void add_chain(const TextChain& c) {
    SaidJoining joining{.kind = PlaceKind::Chain};
    for (const std::string& member : c.members) joining.parts.push_back({"", member});
    const ToolName tool = c.members.empty() ? default_tool() : tool_at(c.members.front());
    add_joining(c.id, c.type, c.layer, tool, std::move(joining), {}, "");
  }

  void add_answer(const TextAttribute& answer, std::size_t index) {
    const std::string key = fmt::format("answer {}", index + 1);
    if (answer.name == "label") {  // of the whole note: a category
      set_.labels.push_back({.key = key,
                             .name = answer.value,
                             .codes = {},
                             .tool = default_tool(),
                             .place = SaidWhole{}});
    } else {
      set_.answers.push_back(
          {.key = key, .tool = default_tool(), .answer = named(answer.name, answer.value)});
    }
  }

  const LabelledText& text_;
  const std::string& format_;
  const RaterNamer& name_rater_;
  std::vector<std::string>& notes_;
  LabelSet set_;
  std::map<std::string, ToolName> tools_;  // by the text's ids
  std::size_t empty_count_ = 0;
};

}  // namespace

LabelSet labels_of_text(const LabelledText& text, const ItemId& item, const std::string& format,
                        const std::string& source, const RaterNamer& name_rater,
                        std::vector<std::string>& notes) {
  return Sayer(text, item, format, source, name_rater, notes).say();
}

}  // namespace consilium::service
