// The rule side of labelling a note, joined: sections, sentences and tokens, then a dictionary and
// rules that name spans, then ConText that says of each whether it is negated, past, another's or
// doubted. Out come suggestions with their evidence; no panel has weighed them yet.
//
// Cost: over 20 MB/s on one core with 112,000 terms. The same engines and text give the same
// suggestions, however texts are spread over threads (one SuggestionEngine a thread).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/context/context.hpp"
#include "analysis/term_dictionary/term_dictionary.hpp"
#include "analysis/text_rules/text_rules.hpp"
#include "analysis/text_structure/text_structure.hpp"
#include "base/result.hpp"
#include "domain/text/canonical_text.hpp"
#include "domain/text/labelled_text.hpp"

namespace consilium {

// What a dictionary's concept index stands for.
struct DictionaryConcept {
  TextConcept code;
  std::string label;  // of the spans, "problem"
};

// The engines of a run; each but the concepts may be null. All must outlive the run.
struct SuggestionSources {
  const TermDictionary* dictionary = nullptr;
  std::span<const DictionaryConcept> concepts{};  // by concept index
  std::string dictionary_version{};
  const TextRules* rules = nullptr;
  const ContextRules* context = nullptr;
};

enum class FindingSource : std::uint8_t { Dictionary, Rules, Given };

// A span that others found, of which ConText may have something to say.
struct GivenSpan {
  TextSpan span;
  std::string label;
  friend auto operator<=>(const GivenSpan&, const GivenSpan&) = default;
};

// One finding, small: bytes and indexes. `begin` and `end` are what they are in: concepts of the
// run for a dictionary's, attributes of the run for a rule's.
struct TextFinding {
  FindingSource source = FindingSource::Dictionary;
  std::uint32_t begin_byte = 0;
  std::uint32_t end_byte = 0;
  std::uint32_t rule = 0;  // of a rule's; of a given one its index
  std::uint32_t detail_begin = 0;
  std::uint32_t detail_end = 0;
  SectionKind section = SectionKind::None;
  Assertion assertion;
};

// As it is shown, stored and voted with.
struct TextSuggestion {
  TextSpan span;  // code points
  std::string label;
  std::vector<TextConcept> concepts;      // several: ambiguous
  std::vector<TextAttribute> attributes;  // the rule's own, then those that ConText found
  std::string rater;                      // "dictionary", "rules"
  std::string version;                    // of the dictionary or rule file
  std::string evidence;                   // "rule hba1c-value; negated forward: no"
  std::optional<double> probability;      // rules give none
  friend bool operator==(const TextSuggestion&, const TextSuggestion&) = default;
};

class SuggestionEngine {
 public:
  // CSL_CHECKs nothing: sources that are null are left out.
  explicit SuggestionEngine(const SuggestionSources& sources);

  // Findings of a text, by place; a dictionary's before a rule's at the same place. They and
  // `structure()` stay until the next text. Errors: TooLarge; InvalidInput when a term's concept
  // index is past `concepts`.
  [[nodiscard]] Result<std::span<const TextFinding>> find(std::string_view valid_utf8);

  // The findings of a text as suggestions. Errors: as `find`.
  [[nodiscard]] Result<std::vector<TextSuggestion>> suggest(const CanonicalText& text);

  // Given spans as suggestions by place, with what ConText alone says of them: attributes, and in
  // the evidence the rules that spoke, empty where none did. Errors: InvalidInput for a span that
  // leads past the text; TooLarge.
  [[nodiscard]] Result<std::vector<TextSuggestion>> judge(const CanonicalText& text,
                                                          std::span<const GivenSpan> spans);

  [[nodiscard]] const TextStructure& structure() const { return structure_; }

 private:
  void add_terms();
  void add_rules(std::string_view text);
  void sort_findings();
  void assert_findings();
  void assert_sentence(std::size_t sentence, std::size_t first, std::size_t end);
  [[nodiscard]] TokenRange tokens_of(const TextFinding& finding) const;
  void add_context(const Assertion& assertion, TextSuggestion& suggestion) const;

  SuggestionSources sources_;
  std::optional<ContextReader> reader_;
  TextStructure structure_;
  std::vector<std::uint64_t> hashes_;
  TermMatches terms_;
  std::vector<TextRuleMatch> rule_matches_;
  std::vector<TextFinding> findings_;
  std::vector<TokenRange> sentence_findings_;
  std::vector<Assertion> assertions_;
};

}  // namespace consilium
