#include "service/note_tools/tool_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <tuple>
#include <variant>

#include "domain/label/coded_concept.hpp"

namespace consilium::service {
namespace {

constexpr std::string_view own_scheme = "99CONSILIUM";
constexpr std::size_t concepts_told_max = 3;
constexpr double precision_step = 0.05;

const AssistSource* source_of(const AssistPolicy& policy, RaterKind kind) {
  const auto found = std::ranges::find(policy.sources, kind, &AssistSource::kind);
  return found == policy.sources.end() ? nullptr : &*found;
}

bool is_by_place(const ToolWord& a, const ToolWord& b) {
  return std::tie(a.span, a.label) < std::tie(b.span, b.label);
}

// What several rules or lists of one tool say of one place and label, as one.
void join_alike(std::vector<ToolWord>& words) {
  std::ranges::stable_sort(words, is_by_place);
  std::vector<ToolWord> joined;
  for (ToolWord& word : words) {
    const bool is_alike = !joined.empty() && !is_by_place(joined.back(), word);
    if (!is_alike) {
      joined.push_back(std::move(word));
      continue;
    }
    ToolWord& same = joined.back();
    if (same.evidence != word.evidence) same.evidence += "; " + word.evidence;
    same.attributes.insert(word.attributes.begin(), word.attributes.end());
    same.concepts.insert(same.concepts.end(), word.concepts.begin(), word.concepts.end());
  }
  words = std::move(joined);
}

std::string told(const std::vector<TextConcept>& concepts) {
  std::string text;
  std::size_t count = 0;
  for (const TextConcept& one : concepts) {
    if (one.code.empty()) continue;
    if (++count > concepts_told_max) return text + ", and others";
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", system_name(one.system), one.code);
    if (!one.display.empty()) text += " " + one.display;
  }
  return text;
}

bool has_attribute(const LabelSpec& label, const std::string& id) {
  return std::ranges::find(label.attributes, id, &LabelAttribute::id) != label.attributes.end();
}

// The name that the protocol's readers know the attribute by.
CodedConcept name_of_attribute(const AttributeSpec& attribute) {
  if (attribute.coded) return *attribute.coded;
  return {.system = std::string(own_scheme), .code = attribute.id, .version = {}, .display = {}};
}

// The attribute of the label that the one concept answers, if any.
void add_concept(const Protocol& protocol, const LabelSpec& label, const ToolWord& word,
                 SaidLabel& said) {
  if (word.concepts.size() != 1 || word.concepts.front().code.empty()) return;
  const TextConcept& one = word.concepts.front();
  const std::string system(system_name(one.system));
  for (const LabelAttribute& own : label.attributes) {
    const AttributeSpec* attribute = protocol.attribute(own.id);
    if (attribute == nullptr || attribute->answer.type != AnswerType::Concept ||
        !attribute->answer.concepts) {
      continue;
    }
    const auto& systems = attribute->answer.concepts->systems;
    if (std::ranges::find(systems, system) == systems.end()) continue;
    said.answers.push_back(
        {.name = name_of_attribute(*attribute),
         .value = CodedConcept{
             .system = system, .code = one.code, .version = {}, .display = one.display}});
    return;
  }
}

double kept_precision(std::size_t right, std::size_t all) {
  const double share = (static_cast<double>(right) + 1) / (static_cast<double>(all) + 2);
  return std::clamp(std::round(share / precision_step) * precision_step, precision_step,
                    1 - precision_step);
}

struct Counted {
  std::size_t right = 0;
  std::size_t all = 0;
};

bool answers_alike(const Annotation& said, const ToolWord& word) {
  return std::ranges::all_of(word.attributes, [&](const auto& one) {
    const auto found = said.attributes.find(one.first);
    const auto* text =
        found == said.attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
    return text != nullptr && *text == one.second;
  });
}

}  // namespace

bool is_shown(const AssistPolicy& policy, RaterKind kind) {
  const AssistSource* source = source_of(policy, kind);
  const ShowSuggestion show = source != nullptr ? source->show : policy.suggestions;
  return policy.suggestions != ShowSuggestion::Never && show != ShowSuggestion::Never;
}

double probability_min_of(const AssistPolicy& policy, RaterKind kind) {
  const AssistSource* source = source_of(policy, kind);
  return source != nullptr ? source->probability_min : 0;
}

ToolReader::ToolReader(std::span<const std::shared_ptr<const NoteTool>> tools,
                       const Protocol& protocol)
    : tools_(tools), protocol_(protocol) {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (!tools[i]->context || context_ != nullptr) continue;
    context_ = tools[i].get();
    context_index_ = i;
  }
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const NoteTool& tool = *tools[i];
    if (!tool.dictionary && !tool.rules) continue;
    passes_.push_back(
        {i, SuggestionEngine({.dictionary = tool.dictionary ? &*tool.dictionary : nullptr,
                              .concepts = tool.concepts,
                              .dictionary_version = tool.version,
                              .rules = tool.rules ? &*tool.rules : nullptr,
                              .context = nullptr})});
  }
  if (context_ != nullptr) judge_.emplace(SuggestionSources{.context = context_->context.get()});
}

Status ToolReader::judge(const CanonicalText& text, std::span<const GivenSpan> spans,
                         std::vector<ToolWord>& words) {
  for (TextSuggestion& one : CSL_TRY(judge_->judge(text, spans))) {
    const LabelSpec* label = protocol_.label(one.label);
    if (label == nullptr || one.evidence.empty()) continue;
    ToolWord word{.span = one.span,
                  .label = one.label,
                  .attributes = {},
                  .concepts = {},
                  .evidence = std::move(one.evidence)};
    for (const AssertionChoice& choice : context_->assertions) {
      const bool is_said = std::ranges::find(one.attributes, choice.word, &TextAttribute::value) !=
                           one.attributes.end();
      // Of words for one attribute the first, which says the most, stands.
      if (is_said && has_attribute(*label, choice.attribute)) {
        word.attributes.try_emplace(choice.attribute, choice.choice);
      }
    }
    if (!word.attributes.empty()) words.push_back(std::move(word));
  }
  return {};
}

Result<std::vector<std::vector<ToolWord>>> ToolReader::read(const CanonicalText& text,
                                                            std::span<const GivenSpan> others) {
  std::vector<std::vector<ToolWord>> words(tools_.size());
  std::vector<GivenSpan> spans(others.begin(), others.end());
  for (Pass& pass : passes_) {
    for (const TextSuggestion& one : CSL_TRY(pass.engine.suggest(text))) {
      ToolWord word{.span = one.span,
                    .label = one.label,
                    .attributes = {},
                    .concepts = one.concepts,
                    .evidence = one.evidence};
      for (const TextAttribute& attribute : one.attributes) {
        word.attributes[attribute.name] = attribute.value;
      }
      if (const std::string codes = told(one.concepts); !codes.empty()) {
        word.evidence += " of " + codes;
      }
      spans.push_back({one.span, one.label});
      words[pass.tool].push_back(std::move(word));
    }
  }
  if (judge_) {
    // What several found alike is judged once.
    std::ranges::sort(spans);
    const auto alike = std::ranges::unique(spans);
    spans.erase(alike.begin(), alike.end());
    CSL_TRY(judge(text, spans, words[context_index_]));
  }
  for (std::vector<ToolWord>& own : words) join_alike(own);
  return words;
}

Result<Precisions> ToolReader::precisions(std::span<const TaughtNote> notes) {
  std::map<std::pair<std::size_t, std::string>, Counted> counted;
  for (const TaughtNote& note : notes) {
    std::map<std::pair<std::string, TextSpan>, const Annotation*> said;
    for (const Annotation& one : note.said) {
      const auto* spans = std::get_if<SpansTarget>(&one.target);
      if (!one.label || spans == nullptr || spans->ranges.size() != 1) continue;
      said[{*one.label, spans->ranges.front()}] = &one;
    }
    std::vector<GivenSpan> spans;
    for (const auto& [place, one] : said) spans.push_back({place.second, place.first});
    const auto words = CSL_TRY(read(note.note.text, spans));
    for (std::size_t tool = 0; tool < words.size(); ++tool) {
      const bool is_context = context_ != nullptr && tool == context_index_;
      for (const ToolWord& word : words[tool]) {
        const auto found = said.find({word.label, word.span});
        if (is_context && found == said.end()) continue;
        Counted& count = counted[{tool, word.label}];
        ++count.all;
        if (found != said.end() && (!is_context || answers_alike(*found->second, word))) {
          ++count.right;
        }
      }
    }
  }
  Precisions kept;
  for (const auto& [key, count] : counted) kept[key] = kept_precision(count.right, count.all);
  return kept;
}

Result<std::vector<ToolSet>> ToolReader::sets(const ItemId& item, const CanonicalText& text,
                                              const Precisions& precisions,
                                              std::span<const GivenSpan> others) {
  const auto words = CSL_TRY(read(text, others));
  std::vector<ToolSet> sets;
  for (std::size_t i = 0; i < tools_.size(); ++i) {
    const NoteTool& tool = *tools_[i];
    ToolSet made{.tool = tool.rater, .set = {.item = item, .source = tool.digest, .labels = {}}};
    const bool is_wanted = is_shown(protocol_.assist_policy, tool.rater.kind);
    for (const ToolWord& word : words[i]) {
      const LabelSpec* label = protocol_.label(word.label);
      const auto known = precisions.find({i, word.label});
      const double probability = known == precisions.end() ? unknown_precision : known->second;
      if (!is_wanted || label == nullptr ||
          probability < probability_min_of(protocol_.assist_policy, tool.rater.kind)) {
        continue;
      }
      const SpansTarget target{.ranges = {word.span}};
      SaidLabel said{
          // With its probability: another one is another label.
          .key = fmt::format("{} {} {} {:.2f}", word.label, word.span.begin, word.span.end,
                             probability),
          .name = word.label,
          .codes = {},
          .tool = tool.rater,
          .place = SaidSpans{.target = target, .surface = CSL_TRY(quoted_surface(target, text))},
          .measurements = probability_measured(probability),
          .answers = {},
          .evidence = fmt::format("version {}: {}", tool.version, word.evidence)};
      for (const auto& [id, value] : word.attributes) {
        const AttributeSpec* attribute = protocol_.attribute(id);
        CodedConcept name{
            .system = std::string(own_scheme), .code = id, .version = {}, .display = id};
        if (attribute != nullptr) name = name_of_attribute(*attribute);
        said.answers.push_back({.name = std::move(name), .value = value});
      }
      add_concept(protocol_, *label, word, said);
      made.set.labels.push_back(std::move(said));
    }
    sets.push_back(std::move(made));
  }
  return sets;
}

}  // namespace consilium::service
