#include "analysis/text_suggestions/text_suggestions.hpp"

#include <algorithm>
#include <tuple>

#include "analysis/text_structure/normalise.hpp"

namespace consilium {

SuggestionEngine::SuggestionEngine(const SuggestionSources& sources) : sources_(sources) {
  if (sources_.context != nullptr) reader_.emplace(*sources_.context);
}

TokenRange SuggestionEngine::tokens_of(const TextFinding& finding) const {
  const auto& tokens = structure_.tokens;
  const auto begin = std::ranges::upper_bound(tokens, finding.begin_byte, {}, &Token::end_byte);
  const auto end =
      std::lower_bound(begin, tokens.end(), finding.end_byte,
                       [](const Token& token, std::uint32_t b) { return token.begin_byte < b; });
  return {static_cast<std::uint32_t>(begin - tokens.begin()),
          static_cast<std::uint32_t>(end - tokens.begin())};
}

void SuggestionEngine::add_terms() {
  for (const TermMatch& match : terms_.matches) {
    findings_.push_back({FindingSource::Dictionary,
                         structure_.tokens[match.tokens.begin_token].begin_byte,
                         structure_.tokens[match.tokens.end_token - 1].end_byte,
                         0,
                         match.concepts_begin,
                         match.concepts_end,
                         SectionKind::None,
                         {}});
  }
}

void SuggestionEngine::add_rules(std::string_view text) {
  sources_.rules->find(text, structure_, rule_matches_);
  for (std::uint32_t i = 0; i < rule_matches_.size(); ++i) {
    const TextRuleMatch& match = rule_matches_[i];
    findings_.push_back({FindingSource::Rules,
                         match.begin_byte,
                         match.end_byte,
                         match.rule,
                         i,
                         i + 1,
                         SectionKind::None,
                         {}});
  }
  sort_findings();
}

void SuggestionEngine::sort_findings() {
  std::ranges::stable_sort(findings_, {}, [](const TextFinding& finding) {
    return std::tuple(finding.begin_byte, finding.end_byte);
  });
}

void SuggestionEngine::assert_sentence(std::size_t sentence, std::size_t first, std::size_t end) {
  const TokenRange range = structure_.sentences[sentence];
  sentence_findings_.clear();
  for (std::size_t i = first; i < end; ++i) {
    // A rule's span may leave its sentence, or lie between tokens: what is inside counts.
    const TokenRange tokens = tokens_of(findings_[i]);
    const std::uint32_t begin = std::clamp(tokens.begin_token, range.begin_token, range.end_token);
    const std::uint32_t stop = std::clamp(tokens.end_token, begin, range.end_token);
    sentence_findings_.push_back({begin - range.begin_token, stop - range.begin_token});
  }
  assertions_.resize(sentence_findings_.size());
  reader_->read(std::span(hashes_).subspan(range.begin_token, range.end_token - range.begin_token),
                sentence_findings_, findings_[first].section, assertions_);
  for (std::size_t i = first; i < end; ++i) findings_[i].assertion = assertions_[i - first];
}

// Findings, sentences and sections are all in order: one walk along the three.
void SuggestionEngine::assert_findings() {
  std::size_t sentence = 0;
  std::size_t section = 0;
  for (std::size_t first = 0; first < findings_.size();) {
    const std::uint32_t byte = findings_[first].begin_byte;
    while (section + 1 < structure_.sections.size() &&
           structure_.sections[section].end_byte <= byte) {
      ++section;
    }
    const auto sentence_end = [&] {
      return structure_.tokens[structure_.sentences[sentence].end_token - 1].end_byte;
    };
    while (sentence + 1 < structure_.sentences.size() && sentence_end() <= byte) ++sentence;
    // No sentence crosses a section's begin (I8): its findings share the section.
    std::size_t end = first;
    while (end < findings_.size() && (end == first || findings_[end].begin_byte < sentence_end())) {
      findings_[end].section = structure_.sections[section].kind;
      ++end;
    }
    if (reader_ && !structure_.sentences.empty()) assert_sentence(sentence, first, end);
    first = end;
  }
}

Result<std::span<const TextFinding>> SuggestionEngine::find(std::string_view valid_utf8) {
  findings_.clear();
  CSL_TRY(structure_text(valid_utf8, structure_));
  hash_tokens(valid_utf8, structure_.tokens, hashes_);
  if (sources_.dictionary != nullptr) {
    sources_.dictionary->find(valid_utf8, structure_.tokens, hashes_, structure_.sentences, terms_);
    for (const std::uint32_t concept_index : terms_.concepts) {
      if (concept_index >= sources_.concepts.size()) {
        return fail(ErrorCode::InvalidInput, "a term names a concept that is not in the table", {},
                    "build the dictionary and its concepts from one vocabulary");
      }
    }
    add_terms();
  }
  if (sources_.rules != nullptr) add_rules(valid_utf8);
  // A text without a token has nothing to say a sentence of.
  if (!structure_.tokens.empty()) assert_findings();
  return std::span<const TextFinding>(findings_);
}

void SuggestionEngine::add_context(const Assertion& assertion, TextSuggestion& suggestion) const {
  const auto add = [&](const char* name, bool is_usual, std::string_view value) {
    if (!is_usual) suggestion.attributes.push_back({name, std::string(value)});
  };
  add("negation", assertion.negation == Negation::Affirmed, name_of(assertion.negation));
  add("temporality", assertion.temporality == Temporality::Recent, name_of(assertion.temporality));
  add("experiencer", assertion.experiencer == Experiencer::Patient, name_of(assertion.experiencer));
  add("certainty", assertion.certainty == Certainty::Certain, name_of(assertion.certainty));
  for (const std::uint32_t rule : assertion.rules) {
    if (rule == Assertion::no_rule) continue;
    if (!suggestion.evidence.empty()) suggestion.evidence += "; ";
    suggestion.evidence += sources_.context->rule_id(rule);
  }
}

Result<std::vector<TextSuggestion>> SuggestionEngine::judge(const CanonicalText& text,
                                                            std::span<const GivenSpan> spans) {
  findings_.clear();
  CSL_TRY(structure_text(text.utf8(), structure_));
  hash_tokens(text.utf8(), structure_.tokens, hashes_);
  for (std::uint32_t i = 0; i < spans.size(); ++i) {
    const std::uint64_t begin = CSL_TRY(text.byte_of_code_point(spans[i].span.begin));
    const std::uint64_t end = CSL_TRY(text.byte_of_code_point(spans[i].span.end));
    findings_.push_back({.source = FindingSource::Given,
                         .begin_byte = static_cast<std::uint32_t>(begin),
                         .end_byte = static_cast<std::uint32_t>(end),
                         .rule = i,
                         .assertion = {}});
  }
  sort_findings();
  if (!structure_.tokens.empty()) assert_findings();
  std::vector<TextSuggestion> judged;
  for (const TextFinding& finding : findings_) {
    TextSuggestion& one = judged.emplace_back();
    one.span = spans[finding.rule].span;
    one.label = spans[finding.rule].label;
    if (reader_) add_context(finding.assertion, one);
  }
  return judged;
}

Result<std::vector<TextSuggestion>> SuggestionEngine::suggest(const CanonicalText& text) {
  const std::span<const TextFinding> findings = CSL_TRY(find(text.utf8()));
  std::vector<TextSuggestion> suggestions;
  suggestions.reserve(findings.size());
  for (const TextFinding& finding : findings) {
    TextSuggestion suggestion;
    suggestion.span = CSL_TRY(to_text_span(text, finding.begin_byte, finding.end_byte));
    if (finding.source == FindingSource::Dictionary) {
      suggestion.rater = "dictionary";
      suggestion.version = sources_.dictionary_version;
      suggestion.evidence = "term";
      for (std::uint32_t i = finding.detail_begin; i < finding.detail_end; ++i) {
        const DictionaryConcept& concept_of = sources_.concepts[terms_.concepts[i]];
        suggestion.concepts.push_back(concept_of.code);
        if (suggestion.label.empty()) suggestion.label = concept_of.label;
      }
    } else {
      suggestion.rater = "rules";
      suggestion.version = sources_.rules->version();
      suggestion.label = sources_.rules->label(finding.rule);
      suggestion.evidence = "rule " + sources_.rules->rule_id(finding.rule);
      suggestion.attributes = rule_matches_[finding.detail_begin].attributes;
    }
    if (reader_) add_context(finding.assertion, suggestion);
    suggestions.push_back(std::move(suggestion));
  }
  return suggestions;
}

}  // namespace consilium
