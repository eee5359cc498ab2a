#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

#include "analysis/concept_search/concept_index.hpp"
#include "analysis/concept_search/edits.hpp"
#include "analysis/concept_search/expression.hpp"
#include "analysis/concept_search/search.hpp"
#include "analysis/concept_search/words.hpp"

using namespace consilium;

namespace {

struct Made {
  std::string code;
  std::string preferred;
  std::vector<std::string> synonyms = {};
  std::vector<std::string> parents = {};
  bool active = true;
};

ConceptIndex index_of(const std::vector<Made>& concepts) {
  TerminologyBuilder builder;
  for (const Made& one : concepts) {
    const auto at = builder.at(one.code).value();
    builder.declare(at, one.active, "finding");
    REQUIRE(builder.add_term(at, TermKind::Preferred, one.preferred).has_value());
    for (const std::string& synonym : one.synonyms) {
      REQUIRE(builder.add_term(at, TermKind::Synonym, synonym).has_value());
    }
    for (const std::string& parent : one.parents) {
      REQUIRE(builder.add_parent(at, builder.at(parent).value()).has_value());
    }
  }
  const auto made = std::move(builder).finish("http://example.org/cs", "1", "Example");
  return ConceptIndex::open(ConceptIndex::build(made.value()).value()).value();
}

std::vector<std::string> found(const ConceptIndex& index, const ConceptQuery& query) {
  std::vector<std::string> codes;
  for (const ConceptHit& hit : search(index, query)) codes.emplace_back(index.code(hit.index));
  return codes;
}

using Codes = std::vector<std::string>;

// Optimal string alignment distance, by the recurrence of its definition.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t wrong = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + wrong});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

bool begins_near(std::string_view word, std::string_view typed) {
  for (std::size_t size = 0; size <= word.size(); ++size) {
    if (distance(word.substr(0, size), typed) <= 1) return true;
  }
  return false;
}

bool in_any(const std::vector<WordRange>& ranges, std::uint32_t word) {
  return std::ranges::any_of(
      ranges, [&](const WordRange& range) { return word >= range.lo && word < range.hi; });
}

std::string random_word(std::mt19937& random, std::size_t size_max, char last = 'd') {
  std::string word;
  const std::size_t size = 1 + random() % size_max;
  while (word.size() < size) {
    word += static_cast<char>('a' + random() % static_cast<unsigned>(last - 'a' + 1));
  }
  return word;
}

}  // namespace

TEST_CASE("words are folded: case, diacritics, punctuation, ideographs") {
  CHECK(words_of("Sjögren's  SYNDROME, type-2") == Codes{"sjogren", "s", "syndrome", "type", "2"});
  CHECK(words_of("Ménière") == words_of("MENIERE"));
  CHECK(words_of("Straße") == Codes{"strasse"});
  CHECK(words_of("心筋 infarction") == Codes{"心", "筋", "infarction"});
  CHECK(words_of(" - ").empty());
  CHECK(words_of(std::string(63, 'a') + "é")[0].size() == 64);
  CHECK(words_of("β" + std::string(62, 'a') + "ж")[0] == "β" + std::string(62, 'a'));
}

TEST_CASE("answers come exact, then whole words, then beginnings, preferred and short first") {
  const ConceptIndex index = index_of({
      {.code = "1", .preferred = "Cold sensitivity of the hand"},
      {.code = "2", .preferred = "Acute nasopharyngitis", .synonyms = {"Cold"}},
      {.code = "3", .preferred = "Common cold of infants"},
      {.code = "4", .preferred = "Coldness"},
      {.code = "5", .preferred = "Old name", .synonyms = {"cold"}, .active = false},
  });
  CHECK(found(index, {.text = "cold"}) == Codes{"2", "3", "1", "4"});
  CHECK(found(index, {.text = "cold", .limit = 2}) == Codes{"2", "3"});
  CHECK(found(index, {.text = "cold", .with_inactive = true}).at(1) == "5");
  const auto hits = search(index, {.text = "COLD"});
  CHECK(index.term(hits.front().term) == "Cold");
  CHECK(hits.front().kind == MatchKind::Exact);
  CHECK(hits.back().kind == MatchKind::Prefix);
  CHECK(index.display(hits.front().index) == "Acute nasopharyngitis");
  CHECK(index.tag(hits.front().index) == "finding");
}

TEST_CASE("words may come in any order and be cut short") {
  const ConceptIndex index = index_of({{.code = "1", .preferred = "Fracture of neck of femur"},
                                       {.code = "2", .preferred = "Fracture of shaft of femur"},
                                       {.code = "3", .preferred = "Pain in neck"}});
  CHECK(found(index, {.text = "fem neck frac"}) == Codes{"1"});
  CHECK(found(index, {.text = "frac fem"}) == Codes{"1", "2"});
  CHECK(found(index, {.text = "neck"}) == Codes{"3", "1"});
}

TEST_CASE("one typing error is forgiven, in one word, of every kind") {
  const ConceptIndex index = index_of(
      {{.code = "1", .preferred = "Diabetes mellitus"}, {.code = "2", .preferred = "Asthma"}});
  for (const char* typed : {"diabtes", "diabeetes", "diabetis", "daibetes", "iabetes", "siabetes",
                            "diabetes melitus", "mellituss", "diabte", "sathma", "asthmaa"}) {
    CAPTURE(typed);
    CHECK(found(index, {.text = typed}).size() == 1);
  }
  CHECK(found(index, {.text = "diabtes melitus"}).empty());  // two errors
  CHECK(found(index, {.text = "dai"}).empty());              // too short to tell
}

TEST_CASE("a code is found by its beginning, the equal one first") {
  const ConceptIndex index = index_of({{.code = "I21", .preferred = "Acute infarction"},
                                       {.code = "I21.4", .preferred = "Subendocardial infarction"},
                                       {.code = "J45", .preferred = "Asthma"}});
  CHECK(found(index, {.text = "i21"}) == Codes{"I21", "I21.4"});
  CHECK(found(index, {.text = " I21.4 "}) == Codes{"I21.4"});
  CHECK(search(index, {.text = "i21"}).front().kind == MatchKind::Code);
  CHECK(found(index, {.text = ""}).empty());
}

TEST_CASE("near words are those of the distance's definition") {
  std::mt19937 random(7);
  std::set<std::string> vocabulary;
  while (vocabulary.size() < 400) vocabulary.insert(random_word(random, 7));
  std::vector<Made> concepts;
  for (const std::string& word : vocabulary) {
    concepts.push_back({.code = "c-" + word, .preferred = word});
  }
  const ConceptIndex index = index_of(concepts);
  REQUIRE(index.word_count() == 400);
  for (int i = 0; i < 300; ++i) {
    const std::string typed = random_word(random, 7, 'e');
    CAPTURE(typed);
    const NearWords near = words_near(index, typed);
    for (std::uint32_t word = 0; word < index.word_count(); ++word) {
      CAPTURE(index.word(word));
      const bool whole = distance(index.word(word), typed) == 1 ||
                         (in_any(near.whole, word) && index.word(word) == typed);
      REQUIRE(in_any(near.whole, word) == whole);
      REQUIRE(in_any(near.prefix, word) == begins_near(index.word(word), typed));
    }
  }
}

TEST_CASE("a search finds what reading every term finds") {
  std::mt19937 random(11);
  std::vector<Made> concepts;
  for (int i = 0; i < 500; ++i) {
    std::string term;
    for (std::size_t words = 1 + random() % 4; words > 0; --words) {
      term += (term.empty() ? "" : " ") + random_word(random, 5, 'c');
    }
    concepts.push_back({.code = "c" + std::to_string(1000 + i), .preferred = term});
  }
  const ConceptIndex index = index_of(concepts);
  for (int i = 0; i < 300; ++i) {
    std::string typed = random_word(random, 4, 'c');
    if (random() % 2 == 0) typed += " " + random_word(random, 4, 'c');
    CAPTURE(typed);
    const std::vector<std::string> words = words_of(typed);
    std::set<std::string> by_prefix;
    std::set<std::string> by_error;
    for (const Made& one : concepts) {
      const std::vector<std::string> said = words_of(one.preferred);
      const auto begins = [&](const std::string& word) {
        return std::ranges::any_of(said, [&](const auto& w) { return w.starts_with(word); });
      };
      const auto near = [&](const std::string& word) {
        return word.size() >= typo_characters_min &&
               std::ranges::any_of(said, [&](const auto& w) { return begins_near(w, word); });
      };
      std::size_t missing = 0;
      bool forgiven = true;
      for (const std::string& word : words) {
        if (!begins(word)) {
          ++missing;
          forgiven &= near(word);
        }
      }
      if (missing == 0) by_prefix.insert(one.code);
      if (missing == 0 || (missing == 1 && forgiven)) by_error.insert(one.code);
    }
    const auto hits = search(index, {.text = typed, .limit = 1000});
    std::set<std::string> clean;
    std::set<std::string> all;
    for (const ConceptHit& hit : hits) {
      all.emplace(index.code(hit.index));
      if (hit.kind <= MatchKind::Prefix) clean.emplace(index.code(hit.index));
    }
    CHECK(clean == by_prefix);
    CHECK(all == by_error);
    CHECK(all.size() == hits.size());
    CHECK(std::ranges::is_sorted(hits, {}, &ConceptHit::kind));
    // A shorter list is the beginning of a longer one.
    const auto first = search(index, {.text = typed, .limit = 5});
    CHECK(std::equal(first.begin(), first.end(), hits.begin()));
  }
}

TEST_CASE("expressions give descendants, ancestors and their sets") {
  const ConceptIndex index = index_of({{.code = "HP:1", .preferred = "root"},
                                       {.code = "A", .preferred = "a", .parents = {"HP:1"}},
                                       {.code = "B", .preferred = "b", .parents = {"HP:1"}},
                                       {.code = "AB", .preferred = "ab", .parents = {"A", "B"}}});
  const auto codes = [&](std::string_view expression) {
    Codes made;
    const auto set = evaluate_expression(index, expression);
    REQUIRE_MESSAGE(set.has_value(), expression);
    set->each([&](std::uint32_t i) { made.emplace_back(index.code(i)); });
    return made;
  };
  CHECK(codes("<< A") == Codes{"A", "AB"});
  CHECK(codes("< HP:1 |the root|") == Codes{"A", "AB", "B"});
  CHECK(codes("<! HP:1") == Codes{"A", "B"});
  CHECK(codes(">> AB MINUS A") == Codes{"AB", "B", "HP:1"});
  CHECK(codes("<<A AND <<B") == Codes{"AB"});
  CHECK(codes("(A OR B) MINUS B") == Codes{"A"});
  CHECK(codes("*") == Codes{"A", "AB", "B", "HP:1"});
  CHECK(codes(">! AB") == Codes{"A", "B"});
  for (const char* wrong : {"", "<", "A OR", "A OR B AND A", "A MINUS B MINUS A", "(A", "A)",
                            "A |open", "<< A : x = y", "^ A", "<< NONE", "A B"}) {
    CAPTURE(wrong);
    CHECK_FALSE(evaluate_expression(index, wrong).has_value());
  }
  CHECK_FALSE(check_expression(std::string(100, '(') + "A").has_value());
  CHECK(check_expression("<< not_loaded_yet").has_value());
}

TEST_CASE("a cycle of a broken release does not hold the walk up") {
  const ConceptIndex index = index_of({{.code = "A", .preferred = "a", .parents = {"B"}},
                                       {.code = "B", .preferred = "b", .parents = {"A"}}});
  CHECK(descendants(index, 0).count() == 2);
  CHECK(ancestors(index, 1).count() == 2);
}

TEST_CASE("the form is the same for the same terminology, and a damaged one leads nowhere") {
  const std::vector<Made> concepts = {
      {.code = "A", .preferred = "Alpha β term", .synonyms = {"first"}},
      {.code = "B", .preferred = "Beta", .parents = {"A"}}};
  const ConceptIndex index = index_of(concepts);
  const Bytes form(index.form().begin(), index.form().end());
  CHECK(std::ranges::equal(index_of(concepts).form(), form));
  for (std::size_t size = 0; size < form.size(); ++size) {
    CHECK_FALSE(
        ConceptIndex::open(Bytes(form.begin(), form.begin() + static_cast<std::ptrdiff_t>(size)))
            .has_value());
  }
  for (std::size_t at = 0; at < form.size(); ++at) {
    for (const unsigned flip : {1U, 0x80U, 0xFFU}) {
      Bytes damaged = form;
      damaged[at] ^= static_cast<std::byte>(flip);
      const auto opened = ConceptIndex::open(std::move(damaged));
      if (!opened) continue;
      for (const char* typed : {"a", "first", "betta", "A1"}) {
        for (const ConceptHit& hit : search(*opened, {.text = typed, .with_inactive = true})) {
          CHECK(hit.index < opened->concept_count());
          CHECK(opened->display(hit.index).size() < form.size());
        }
      }
      (void)descendants(*opened, 0);
    }
  }
}
