// Ours beside the rivals of engines.py: reads the terms, notes and sentences that it made, prints
// one JSON object. One thread; processor time, best of the runs, for machines that others share.
//
//   csl_bench_text_engines TERMS NOTE SENTENCES      one term a line; text; PHRASE TAB SENTENCE
#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "analysis/context/phrase_assertion.hpp"
#include "analysis/text_structure/normalise.hpp"
#include "analysis/text_suggestions/text_suggestions.hpp"

namespace {

using namespace consilium;

double seconds_now() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double best_of(int runs, const std::function<void()>& work) {
  double best = 1e30;
  for (int i = 0; i < runs; ++i) {
    const double start = seconds_now();
    work();
    best = std::min(best, seconds_now() - start);
  }
  return best;
}

std::string text_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(const char* path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

constexpr std::string_view rule_file = R"(version 1
rule temperature
  pattern \btemp(?:erature)?\s*[:=]?\s*(\d{2,3}(?:\.\d)?)
  label vital-sign
  set value = \1
rule pressure
  pattern \bbp\s*(\d{2,3})/(\d{2,3})
  label vital-sign
rule dose
  pattern (\d+(?:\.\d+)?)\s*(?:mg|mcg|units)\b
  label dose
  set amount = \1
rule laterality
  pattern \b(?:left|right)\b
  label side
  near 4 pain
rule date
  pattern \b\d{1,2}/\d{1,2}/\d{2,4}\b
  label date
rule smoking
  pattern \b(?:smok\w+|tobacco)\b
  label habit
  not near 4 family
)";

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 4) return 2;
  const std::vector<std::string> names = lines_of(arguments[1]);
  const std::string note = text_of(arguments[2]);
  std::vector<DictionaryTerm> terms;
  for (std::size_t i = 0; i < names.size(); ++i) {
    terms.push_back({names[i], static_cast<std::uint32_t>(i), TermCase::Folded});
  }
  const double start = seconds_now();
  const auto dictionary = TermDictionary::build(terms, {});
  const double build_s = seconds_now() - start;
  const auto rules = TextRules::parse(rule_file);
  if (!dictionary || !rules) return 3;
  const double megabytes = static_cast<double>(note.size()) / 1e6;

  TextStructure structure;
  std::vector<std::uint64_t> hashes;
  TermMatches matches;
  const double structure_s = best_of(5, [&] { (void)structure_text(note, structure); });
  const double hash_s = best_of(5, [&] { hash_tokens(note, structure.tokens, hashes); });
  const double find_s = best_of(
      5, [&] { dictionary->find(note, structure.tokens, hashes, structure.sentences, matches); });
  const double tokens_s = best_of(5, [&] { tokenize(note, structure.tokens); });

  // The chain as it runs: notes of about 4 kB, cut at blanks.
  std::vector<CanonicalText> notes;
  for (std::size_t at = 0; at < note.size();) {
    const std::size_t end = std::min(note.find(' ', std::min(at + 4000, note.size())), note.size());
    notes.push_back(std::move(*CanonicalText::from_utf8(note.substr(at, end - at))));
    at = end;
  }
  const std::vector<DictionaryConcept> concepts(terms.size(), {{"made", "1", "name"}, "problem"});
  SuggestionEngine engine({.dictionary = &*dictionary,
                           .concepts = concepts,
                           .dictionary_version = "1",
                           .rules = &*rules,
                           .context = &ContextRules::english()});
  std::size_t finding_count = 0;
  const double chain_s = best_of(3, [&] {
    finding_count = 0;
    for (const CanonicalText& text : notes) finding_count += engine.find(text.utf8())->size();
  });
  const double suggest_s = best_of(3, [&] {
    for (const CanonicalText& text : notes) (void)engine.suggest(text);
  });

  // ConText: sentences as two strings, and its own step alone on tokens that are there.
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& line : lines_of(arguments[3])) {
    const std::size_t tab = line.find('\t');
    if (tab != std::string::npos) pairs.emplace_back(line.substr(0, tab), line.substr(tab + 1));
  }
  PhraseAsserter asserter(ContextRules::english());
  const double strings_s = best_of(3, [&] {
    for (const auto& [phrase, sentence] : pairs) (void)asserter.read(sentence, phrase);
  });
  std::vector<std::vector<std::uint64_t>> sentences(pairs.size());
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    tokenize(pairs[i].second, tokens);
    hash_tokens(pairs[i].second, tokens, sentences[i]);
  }
  ContextReader reader(ContextRules::english());
  Assertion assertion;
  const double step_s = best_of(10, [&] {
    for (const auto& sentence : sentences) {
      const auto count = static_cast<std::uint32_t>(sentence.size());
      const TokenRange finding{count - count / 2, count - count / 2 + (count > 1 ? 1 : 0)};
      reader.read(sentence, {&finding, 1}, SectionKind::None, {&assertion, 1});
    }
  });
  const auto count = static_cast<double>(pairs.size());
  fmt::print(
      "{{\"build_s\":{:.3f},\"size_mb\":{:.1f},\"note_mb\":{:.1f},\"matches\":{},"
      "\"tokens_mb_s\":{:.1f},\"structure_mb_s\":{:.1f},\"hash_mb_s\":{:.1f},\"find_mb_s\":{:.1f},"
      "\"dictionary_mb_s\":{:.1f},\"chain_mb_s\":{:.1f},\"findings\":{},\"suggest_mb_s\":{:.1f},"
      "\"context_strings_s\":{:.0f},\"context_step_s\":{:.0f}}}\n",
      build_s, static_cast<double>(dictionary->size_bytes()) / 1e6, megabytes,
      matches.matches.size(), megabytes / tokens_s, megabytes / structure_s, megabytes / hash_s,
      megabytes / find_s, megabytes / (tokens_s + hash_s + find_s), megabytes / chain_s,
      finding_count, megabytes / suggest_s, count / strings_s, count / step_s);
  return 0;
}
