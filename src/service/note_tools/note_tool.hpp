// One tool that labels a project's notes by what people wrote down: a term list, a rule file, or
// ConText. Each is a rater of its own, named as its lead named it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/context/context.hpp"
#include "analysis/term_dictionary/term_dictionary.hpp"
#include "analysis/text_rules/text_rules.hpp"
#include "analysis/text_suggestions/text_suggestions.hpp"
#include "base/result.hpp"
#include "domain/protocol/protocol.hpp"
#include "service/prelabel/label_set.hpp"
#include "service/terminology/terminologies.hpp"
#include "storage/note_tools.hpp"

namespace consilium::service {

enum class NoteToolKind { Terms, Rules, Context };
[[nodiscard]] std::string_view name_of(NoteToolKind kind);  // "terms"
[[nodiscard]] std::optional<NoteToolKind> note_tool_kind_named(std::string_view name);

// What a lead sets. Texts are files as they were written.
struct NoteToolDraft {
  NoteToolKind kind = NoteToolKind::Terms;
  std::string name = {};
  bool is_on = true;
  std::string text = {};     // CSV of terms; rules; ConText's rules, or empty for the English ones
  std::string label = {};    // of terms that name none
  std::string system = {};   // terms of a loaded terminology instead of a text
  std::string version = {};  // of it; the one loaded last when empty
  std::string within = {};  // an expression (analysis/concept_search/expression.hpp), or empty: all
  // ConText: what a word of it means in the protocol, "negated" to "assertion=negated". Words that
  // are not named here mean the choice of that id, or of another usual one (assertion_choices).
  std::map<std::string, std::string> assertions = {};
};

// "negated" of ConText is this choice of this attribute.
struct AssertionChoice {
  std::string word;  // "negated", "uncertain", "historical", "hypothetical", "other"
  std::string attribute;
  std::string choice;
  friend bool operator==(const AssertionChoice&, const AssertionChoice&) = default;
};
// Errors: InvalidInput when a word is none of ConText's, or the protocol has no such choice.
[[nodiscard]] Result<std::vector<AssertionChoice>> assertion_choices(
    const Protocol& protocol, const std::map<std::string, std::string>& said);

struct NoteTool {
  NoteToolDraft draft;
  ToolName rater;
  std::string version;          // as evidence names it: "3 (1f3c5a0b9e2d)"
  std::string digest;           // of all that its labels follow from, but for the notes
  std::size_t entry_count = 0;  // terms or rules
  std::optional<TermDictionary> dictionary = {};
  std::vector<DictionaryConcept> concepts = {};
  std::optional<TextRules> rules = {};
  std::shared_ptr<const ContextRules> context = {};
  std::vector<AssertionChoice> assertions = {};
};

// Errors: InvalidInput with line and column of the text; when a label is none of the protocol's;
// NotFound when the terminology is not loaded.
[[nodiscard]] Result<NoteTool> build_note_tool(const NoteToolDraft& draft, const Protocol& protocol,
                                               const Terminologies& terminologies);

// How a draft is kept, and read again.
[[nodiscard]] Result<storage::NoteToolRow> row_of(const NoteToolDraft& draft);
[[nodiscard]] Result<NoteToolDraft> draft_of(const storage::NoteToolRow& row);

}  // namespace consilium::service
