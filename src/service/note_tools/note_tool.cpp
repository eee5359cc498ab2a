#include "service/note_tools/note_tool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "analysis/concept_search/expression.hpp"
#include "base/canonical_json.hpp"
#include "base/sha256.hpp"
#include "service/note_tools/term_list.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 3> kind_names{"terms", "rules", "context"};
constexpr std::size_t version_digits = 12;

// Choices that usually mean ConText's words, the likeliest first.
struct UsualChoices {
  std::string_view word;
  std::array<std::string_view, 3> ids;
};
constexpr std::array<UsualChoices, 5> usual_choices{{
    {"negated", {"negated", "absent", "denied"}},
    {"uncertain", {"uncertain", "possible", "suspected"}},
    {"historical", {"historical", "past", "history"}},
    {"hypothetical", {"hypothetical", "conditional", "hypothesis"}},
    {"other", {"family", "other", "family_member"}},
}};

const AttributeSpec* attribute_with(const Protocol& protocol, std::string_view choice) {
  const auto found = std::ranges::find_if(protocol.attributes, [&](const AttributeSpec& one) {
    return std::ranges::find(one.answer.choices, choice, &Choice::id) != one.answer.choices.end();
  });
  return found == protocol.attributes.end() ? nullptr : &*found;
}

Result<AssertionChoice> said_choice(const Protocol& protocol, const std::string& word,
                                    const std::string& said) {
  const std::size_t at = said.find('=');
  const std::string id = said.substr(0, at);
  const std::string choice = at == std::string::npos ? std::string() : said.substr(at + 1);
  const AttributeSpec* attribute = protocol.attribute(id);
  const bool is_there =
      attribute != nullptr && std::ranges::find(attribute->answer.choices, choice, &Choice::id) !=
                                  attribute->answer.choices.end();
  if (is_there) return AssertionChoice{.word = word, .attribute = id, .choice = choice};
  return fail(ErrorCode::InvalidInput, "the protocol has no choice \"" + said + "\"",
              "/assertions/" + word, "write ATTRIBUTE=CHOICE, by the protocol's ids");
}

Status check_label(const Protocol& protocol, const std::string& label, const std::string& where) {
  const LabelSpec* spec = protocol.label(label);
  if (spec != nullptr && std::ranges::find(spec->places, PlaceKind::Spans) != spec->places.end()) {
    return {};
  }
  std::string ids;
  for (const LabelSpec& one : protocol.labels) {
    if (std::ranges::find(one.places, PlaceKind::Spans) == one.places.end()) continue;
    ids += (ids.empty() ? "" : ", ") + one.id;
  }
  return fail(ErrorCode::InvalidInput,
              "the protocol has no label \"" + label + "\" for spans of text", where,
              "use one of " + ids);
}

Status add_terms(const NoteToolDraft& draft, const Protocol& protocol,
                 const Terminologies& terminologies, NoteTool& tool, std::string& source) {
  if (!draft.label.empty()) CSL_TRY(check_label(protocol, draft.label, "/label"));
  TermList list;
  if (draft.system.empty()) {
    list = CSL_TRY(read_term_list(draft.text, draft.label));
  } else {
    if (draft.label.empty()) {
      return fail(ErrorCode::InvalidInput, "the concepts have no label", "/label",
                  "name the label that they get");
    }
    const SharedIndex index = CSL_TRY(terminologies.index(draft.system, draft.version));
    ConceptSet among(index->concept_count());
    if (draft.within.empty()) {
      among.add_all();
    } else {
      among = CSL_TRY(evaluate_expression(*index, draft.within));
    }
    list = terms_of_concepts(*index, among, draft.label);
    if (list.terms.empty()) {
      return fail(ErrorCode::InvalidInput, "no concept of the terminology is meant", "/within",
                  "widen the expression");
    }
    source = fmt::format("{}|{}", index->system(), index->version());
  }
  for (const DictionaryConcept& one : list.concepts) {
    CSL_TRY(check_label(protocol, one.label, "the column \"label\""));
  }
  tool.dictionary = CSL_TRY(TermDictionary::build(list.terms, {}));
  tool.concepts = std::move(list.concepts);
  tool.entry_count = list.terms.size();
  return {};
}

Status add_rules(const NoteToolDraft& draft, const Protocol& protocol, NoteTool& tool) {
  tool.rules = CSL_TRY(TextRules::parse(draft.text));
  tool.entry_count = tool.rules->rule_count();
  for (std::uint32_t rule = 0; rule < tool.entry_count; ++rule) {
    CSL_TRY(check_label(protocol, tool.rules->label(rule), "rule " + tool.rules->rule_id(rule)));
  }
  return {};
}

Status add_context(const NoteToolDraft& draft, const Protocol& protocol, NoteTool& tool) {
  tool.assertions = CSL_TRY(assertion_choices(protocol, draft.assertions));
  if (tool.assertions.empty()) {
    return fail(ErrorCode::InvalidInput, "no choice of the protocol says what ConText finds",
                "/assertions", "name one: {\"negated\": \"ATTRIBUTE=CHOICE\"}");
  }
  if (draft.text.empty()) {
    // It lives as long as the program.
    tool.context = {std::shared_ptr<const ContextRules>{}, &ContextRules::english()};
  } else {
    tool.context = std::make_shared<const ContextRules>(CSL_TRY(ContextRules::parse(draft.text)));
  }
  tool.entry_count = tool.context->rule_count();
  return {};
}

std::string_view written_version(const NoteTool& tool) {
  if (tool.rules) return tool.rules->version();
  return tool.context ? tool.context->version() : std::string_view{};
}

json::object settings_of(const NoteToolDraft& draft) {
  json::object assertions;
  for (const auto& [word, choice] : draft.assertions) assertions[word] = choice;
  return {{"label", draft.label},
          {"system", draft.system},
          {"version", draft.version},
          {"within", draft.within},
          {"assertions", std::move(assertions)}};
}

}  // namespace

std::string_view name_of(NoteToolKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::optional<NoteToolKind> note_tool_kind_named(std::string_view name) {
  const auto found = std::ranges::find(kind_names, name);
  if (found == kind_names.end()) return std::nullopt;
  return static_cast<NoteToolKind>(found - kind_names.begin());
}

Result<std::vector<AssertionChoice>> assertion_choices(
    const Protocol& protocol, const std::map<std::string, std::string>& said) {
  for (const auto& [word, choice] : said) {
    if (std::ranges::find(usual_choices, word, &UsualChoices::word) != usual_choices.end())
      continue;
    return fail(ErrorCode::InvalidInput, "ConText does not say \"" + word + "\"",
                "/assertions/" + word,
                "name negated, uncertain, historical, hypothetical or other");
  }
  std::vector<AssertionChoice> all;
  for (const UsualChoices& usual : usual_choices) {
    const std::string word(usual.word);
    if (const auto own = said.find(word); own != said.end()) {
      // Nothing: the protocol has no place for it, and the lead says so.
      if (own->second.empty()) continue;
      all.push_back(CSL_TRY(said_choice(protocol, word, own->second)));
      continue;
    }
    for (const std::string_view id : usual.ids) {
      const AttributeSpec* attribute = attribute_with(protocol, id);
      if (attribute == nullptr) continue;
      all.push_back({.word = word, .attribute = attribute->id, .choice = std::string(id)});
      break;
    }
  }
  return all;
}

Result<NoteTool> build_note_tool(const NoteToolDraft& draft, const Protocol& protocol,
                                 const Terminologies& terminologies) {
  NoteTool tool{
      .draft = draft,
      .rater = {.kind = draft.kind == NoteToolKind::Terms ? RaterKind::Dictionary : RaterKind::Rule,
                .name = draft.name},
      .version = {},
      .digest = {}};
  std::string source;
  switch (draft.kind) {
    case NoteToolKind::Terms:
      CSL_TRY(add_terms(draft, protocol, terminologies, tool, source));
      break;
    case NoteToolKind::Rules:
      CSL_TRY(add_rules(draft, protocol, tool));
      break;
    case NoteToolKind::Context:
      CSL_TRY(add_context(draft, protocol, tool));
      break;
  }
  const std::string all =
      CSL_TRY(canonical_json(json::object{{"kind", name_of(draft.kind)},
                                          {"settings", settings_of(draft)},
                                          {"source", source},
                                          {"text", draft.text},
                                          {"rules", written_version(tool)},
                                          {"protocol", to_hex(protocol.content_hash)}}));
  tool.digest = to_hex(sha256(bytes_of(all)));
  const std::string short_digest = tool.digest.substr(0, version_digits);
  const std::string_view written = written_version(tool);
  tool.version = written.empty() ? short_digest : fmt::format("{} ({})", written, short_digest);
  return tool;
}

Result<storage::NoteToolRow> row_of(const NoteToolDraft& draft) {
  return storage::NoteToolRow{.id = {},
                              .project = {},
                              .kind = std::string(name_of(draft.kind)),
                              .name = draft.name,
                              .is_on = draft.is_on,
                              .settings = CSL_TRY(canonical_json(settings_of(draft))),
                              .text = draft.text,
                              .revision = 0,
                              .changed_at = {},
                              .changed_by = {}};
}

Result<NoteToolDraft> draft_of(const storage::NoteToolRow& row) {
  const json::value settings = CSL_TRY(parse_json(row.settings));
  const auto text = [&](const char* name) -> std::string {
    return std::string(settings.at(name).as_string());
  };
  const auto kind = note_tool_kind_named(row.kind);
  if (!kind) return fail(ErrorCode::Corrupt, "a tool of notes is of no kind that we know");
  NoteToolDraft draft{.kind = *kind,
                      .name = row.name,
                      .is_on = row.is_on,
                      .text = row.text,
                      .label = text("label"),
                      .system = text("system"),
                      .version = text("version"),
                      .within = text("within"),
                      .assertions = {}};
  for (const auto& [word, choice] : settings.at("assertions").as_object()) {
    draft.assertions.emplace(word, choice.as_string());
  }
  return draft;
}

}  // namespace consilium::service
