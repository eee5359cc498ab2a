#include "analysis/text_suggestions/text_suggestions.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "analysis/term_dictionary/made_terms.hpp"
#include "base/utf8.hpp"

namespace consilium {
namespace {

CanonicalText canonical(std::string text) {
  auto made = CanonicalText::from_utf8(std::move(text));
  REQUIRE(made);
  return std::move(*made);
}

std::string line_of(const CanonicalText& text, const TextSuggestion& suggestion) {
  std::string line = suggestion.rater + " " + suggestion.version + " " + suggestion.label + " [" +
                     std::string(text.slice(suggestion.span).value()) + "]";
  for (const TextConcept& code : suggestion.concepts) line += " " + code.system + ":" + code.code;
  for (const TextAttribute& attribute : suggestion.attributes) {
    line += " " + attribute.name + "=" + attribute.value;
  }
  return line + " | " + suggestion.evidence;
}

using Lines = std::vector<std::string>;

TEST_CASE("a note's terms and rules come out with what is said of them and why") {
  const auto dictionary = TermDictionary::build(
      std::vector<DictionaryTerm>{
          {"breast cancer", 0}, {"chest pain", 1}, {"cold", 2}, {"cold", 3}},
      {});
  const std::vector<DictionaryConcept> concepts{{{"X", "1", ""}, "problem"},
                                                {{"X", "2", ""}, "symptom"},
                                                {{"X", "3", ""}, "problem"},
                                                {{"X", "4", ""}, "finding"}};
  const auto rules = TextRules::parse(
      "version 7\nrule bp\npattern \\bBP (\\d+)/\\d+\nlabel blood-pressure\nset systolic = \\1\n");
  REQUIRE(dictionary);
  REQUIRE(rules);
  SuggestionEngine engine({.dictionary = &*dictionary,
                           .concepts = concepts,
                           .dictionary_version = "2",
                           .rules = &*rules,
                           .context = &ContextRules::english()});
  // Letters of two and four bytes before the spans: places are code points at the edge.
  const CanonicalText text = canonical(
      "\u00c9\U0001F9E0 denies chest pain, BP 120/80. Possible cold.\nFAMILY HISTORY: breast "
      "cancer");
  const auto suggestions = engine.suggest(text);
  REQUIRE(suggestions);
  Lines lines;
  for (const TextSuggestion& suggestion : *suggestions) lines.push_back(line_of(text, suggestion));
  REQUIRE(lines.size() == 4);
  CHECK(
      lines[0].starts_with("dictionary 2 symptom [chest pain] X:2 negation=negated | term; "
                           "negated forward: denies"));
  CHECK(lines[1].starts_with("rules 7 blood-pressure [BP 120/80] systolic=120"));
  CHECK(lines[2] ==
        "dictionary 2 problem [cold] X:3 X:4 certainty=uncertain | term; "
        "uncertain forward: possible|possibly");
  CHECK(lines[3] ==
        "dictionary 2 problem [breast cancer] X:1 temporality=historical experiencer=other | term; "
        "historical section: family_history; other section: family_history");
}

TEST_CASE("spans that others found are judged where they stand") {
  SuggestionEngine engine({.context = &ContextRules::english()});
  const CanonicalText text = canonical("\u00c4. Denies chest pain. Has fever; mother had gout.");
  const auto span_of = [&](std::string_view words) {
    const std::size_t at = text.utf8().find(words);
    return to_text_span(text, static_cast<std::uint32_t>(at),
                        static_cast<std::uint32_t>(at + words.size()))
        .value();
  };
  const std::vector<GivenSpan> given{
      {span_of("gout"), "problem"}, {span_of("fever"), "problem"}, {span_of("chest pain"), "sign"}};
  const auto judged = engine.judge(text, given);
  REQUIRE(judged);
  REQUIRE(judged->size() == 3);
  CHECK((*judged)[0].label == "sign");
  CHECK((*judged)[0].span == given[2].span);
  CHECK((*judged)[0].attributes == std::vector<TextAttribute>{{"negation", "negated"}});
  CHECK((*judged)[0].evidence.starts_with("negated forward: denies"));
  CHECK((*judged)[1].attributes.empty());
  CHECK((*judged)[1].evidence.empty());
  CHECK((*judged)[2].attributes == std::vector<TextAttribute>{{"experiencer", "other"}});
  const std::vector<GivenSpan> past{{{1, 1'000}, "problem"}};
  CHECK_FALSE(engine.judge(text, past).has_value());
  CHECK(engine.judge(canonical(""), {})->empty());
}

TEST_CASE("sources may be left out, and concepts must be there") {
  const CanonicalText text = canonical("No chest pain.");
  SuggestionEngine nothing({});
  CHECK(nothing.suggest(text)->empty());
  const auto dictionary = TermDictionary::build(std::vector<DictionaryTerm>{{"chest pain", 1}}, {});
  REQUIRE(dictionary);
  const std::vector<DictionaryConcept> one(1);
  SuggestionEngine short_of_concepts({.dictionary = &*dictionary, .concepts = one});
  CHECK_FALSE(short_of_concepts.suggest(text).has_value());
  const auto blanks = TextRules::parse("rule a\npattern \\s+\nlabel x\n");
  REQUIRE(blanks);
  SuggestionEngine between({.rules = &*blanks, .context = &ContextRules::english()});
  CHECK(between.suggest(canonical("no  b"))->size() == 1);
  CHECK(between.suggest(canonical("  "))->size() == 1);
  CHECK(between.suggest(canonical(""))->empty());
}

TEST_CASE("an engine that has read other notes suggests the same") {
  SeededRandom random(8);
  const std::vector<std::string> words = made::words(random, 300);
  const std::vector<DictionaryTerm> terms = made::terms(random, words, 800);
  const auto dictionary = TermDictionary::build(terms, {});
  REQUIRE(dictionary);
  const std::vector<DictionaryConcept> concepts(terms.size());
  const auto rules =
      TextRules::parse("rule a\npattern \\b(left|right)\\b\nlabel side\nnear 5 pain\n");
  REQUIRE(rules);
  const SuggestionSources sources{.dictionary = &*dictionary,
                                  .concepts = concepts,
                                  .dictionary_version = "1",
                                  .rules = &*rules,
                                  .context = &ContextRules::english()};
  SuggestionEngine used(sources);
  std::size_t count = 0;
  for (int round = 0; round < 40; ++round) {
    std::string note = made::note(random, terms, random.below(3000));
    if (round % 4 == 0) note.insert(0, "PLAN: \u00e9\u4e2d ");
    const CanonicalText text = canonical(note);
    SuggestionEngine fresh(sources);
    const auto a = used.suggest(text);
    const auto b = fresh.suggest(text);
    REQUIRE(a);
    CHECK(*a == *b);
    CHECK(std::ranges::is_sorted(*a, {}, &TextSuggestion::span));
    count += a->size();
  }
  CHECK(count > 500);
}

}  // namespace
}  // namespace consilium
