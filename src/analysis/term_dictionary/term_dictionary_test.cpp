#include "analysis/term_dictionary/term_dictionary.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "analysis/term_dictionary/made_terms.hpp"
#include "analysis/text_structure/normalise.hpp"

namespace consilium {
namespace {

struct Found {
  std::vector<std::string> surfaces;
  std::vector<std::vector<std::uint32_t>> concepts;
  friend bool operator==(const Found&, const Found&) = default;
};

Found found_in(const TermDictionary& dictionary, const std::string& text) {
  TextStructure structure;
  REQUIRE(structure_text(text, structure));
  std::vector<std::uint64_t> hashes;
  hash_tokens(text, structure.tokens, hashes);
  TermMatches matches;
  dictionary.find(text, structure.tokens, hashes, structure.sentences, matches);
  Found found;
  for (const TermMatch& match : matches.matches) {
    const std::uint32_t begin = structure.tokens[match.tokens.begin_token].begin_byte;
    const std::uint32_t end = structure.tokens[match.tokens.end_token - 1].end_byte;
    found.surfaces.push_back(text.substr(begin, end - begin));
    found.concepts.emplace_back(matches.concepts.begin() + match.concepts_begin,
                                matches.concepts.begin() + match.concepts_end);
  }
  return found;
}

TermDictionary built(const std::vector<DictionaryTerm>& terms,
                     const TermDictionaryOptions& options = {}) {
  auto dictionary = TermDictionary::build(terms, options);
  REQUIRE(dictionary);
  return std::move(*dictionary);
}

using Words = std::vector<std::string>;

TEST_CASE("variants of a term are found without being listed (D2 to D6)") {
  const TermDictionary dictionary =
      built({{"X-ray", 0},
             {"Crohn's disease", 1},
             {"femoral fracture", 2},
             {"biopsy", 3},
             {"diagnosis", 4},
             {"cancer, breast", 5},
             {"valve mitral repair", 6, TermCase::Folded, WordOrder::Free},
             {"Caf\u00e9 au lait", 7},
             {"abscess", 8}});
  for (const char* text :
       {"x-ray", "X ray", "XRAY", "x\u2013rays", "crohn disease", "Crohn\u2019s Disease",
        "crohns disease", "FEMORAL  FRACTURES", "biopsies", "diagnoses", "breast cancers",
        "cancer, breast", "mitral valve repair", "repair valve mitral", "CAFE\u0301 AU LAIT",
        "abscesses"}) {
    CAPTURE(std::string(text));
    CHECK(found_in(dictionary, text).surfaces == Words{text});
  }
  for (const char* text : {"rayx", "x", "crohn", "breast", "fractured", "mitral repair"}) {
    CAPTURE(std::string(text));
    CHECK(found_in(dictionary, text).surfaces.empty());
  }
}

TEST_CASE("the longest term is told, once, with all its concepts (D1, D8)") {
  const TermDictionary dictionary = built({{"heart", 3},
                                           {"heart failure", 9},
                                           {"heart failure", 2},
                                           {"failure of kidney", 5},
                                           {"kidney", 1},
                                           {"of", 7}});
  const Found found = found_in(dictionary, "Heart failure of kidney. Heart. Failure of heart");
  CHECK(found.surfaces == Words{"Heart failure", "kidney", "Heart", "heart"});
  CHECK(found.concepts == std::vector<std::vector<std::uint32_t>>{{2, 9}, {1}, {3}, {3}});
  CHECK(dictionary.left_out_count() == 1);
}

TEST_CASE("acronyms keep their case (D6, D7)") {
  const TermDictionary dictionary =
      built({{"ALL", 0}, {"MS", 1}, {"ms", 2, TermCase::Exact}, {"mitral stenosis", 1}});
  CHECK(found_in(dictionary, "Known ALL since all of May").surfaces == Words{"ALL"});
  CHECK(found_in(dictionary, "ALL LUNG FIELDS CLEAR").surfaces.empty());
  CHECK(found_in(dictionary, "ALL").surfaces == Words{"ALL"});
  CHECK(found_in(dictionary, "in MS after 30 ms").concepts ==
        std::vector<std::vector<std::uint32_t>>{{1}, {2}});
}

TEST_CASE("bad terms are refused with their place") {
  const auto refused = [](std::string surface) {
    const auto dictionary =
        TermDictionary::build(std::vector<DictionaryTerm>{{"good", 0}, {surface, 1}}, {});
    return !dictionary && dictionary.error().where == "term 1";
  };
  CHECK(refused(""));
  CHECK(refused(" - "));
  CHECK(refused("\xff"));
  std::string words;
  for (int i = 0; i < 25; ++i) words += "word ";
  CHECK(refused(words));
  const auto empty = TermDictionary::build({}, {});
  REQUIRE(empty);
  CHECK(found_in(*empty, "text").surfaces.empty());
}

// Every pair of begin and end is looked up in a map: slow, and without any of the tree's steps.
TEST_CASE("a made vocabulary is found as a plain search finds it, in any order of terms") {
  SeededRandom random(21);
  const std::vector<std::string> words = made::words(random, 60);
  std::vector<DictionaryTerm> terms = made::terms(random, words, 300);
  for (DictionaryTerm& term : terms) {
    std::ranges::replace(term.surface, '-', ' ');
    term.letter_case = TermCase::Folded;
  }
  const TermDictionaryOptions options{.letters_min = 1, .acronym_letters_max = 5, .plurals = false};
  std::map<std::string, std::vector<std::uint32_t>> plain;
  for (const DictionaryTerm& term : terms) plain[term.surface].push_back(term.concept_index);
  const TermDictionary dictionary = built(terms, options);
  std::ranges::reverse(terms);
  const TermDictionary other = built(terms, options);
  for (int round = 0; round < 30; ++round) {
    const std::string text = made::note(random, terms, 2000);
    const Found found = found_in(dictionary, text);
    CHECK(found == found_in(other, text));
    TextStructure structure;
    REQUIRE(structure_text(text, structure));
    Found due;
    for (const TokenRange& sentence : structure.sentences) {
      for (std::uint32_t begin = sentence.begin_token; begin < sentence.end_token;) {
        std::uint32_t end = sentence.end_token;
        for (; end > begin; --end) {
          const std::uint32_t byte = structure.tokens[begin].begin_byte;
          const auto at = plain.find(text.substr(byte, structure.tokens[end - 1].end_byte - byte));
          if (at == plain.end()) continue;
          due.surfaces.push_back(at->first);
          due.concepts.push_back(at->second);
          break;
        }
        begin = std::max(begin + 1, end);
      }
    }
    REQUIRE(found == due);
    CHECK_FALSE(due.surfaces.empty());
  }
}

}  // namespace
}  // namespace consilium
