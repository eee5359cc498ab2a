#include "analysis/text_structure/text_structure.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "analysis/text_structure/normalise.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::vector<Token> tokens;
  tokenize(text, tokens);
  std::vector<std::string> words;
  for (const Token& token : tokens) {
    words.push_back(text.substr(token.begin_byte, token.end_byte - token.begin_byte));
  }
  return words;
}

std::vector<std::string> sentences_of(const std::string& text) {
  TextStructure structure;
  REQUIRE(structure_text(text, structure));
  std::vector<std::string> sentences;
  for (const TokenRange& range : structure.sentences) {
    const std::uint32_t begin = structure.tokens[range.begin_token].begin_byte;
    sentences.push_back(text.substr(begin, structure.tokens[range.end_token - 1].end_byte - begin));
  }
  return sentences;
}

using Words = std::vector<std::string>;

TEST_CASE("tokens are words, numbers, clitics and single characters (I2, I3)") {
  CHECK(words_of("Pt's HbA1c 7.5% (1,000 mg/d).") ==
        Words{"Pt", "'s", "HbA1c", "7.5", "%", "(", "1,000", "mg", "/", "d", ")", "."});
  CHECK(words_of("T12-L1, 12.03.2024.") == Words{"T12", "-", "L1", ",", "12.03.2024", "."});
  CHECK(words_of("Crohn\u2019s 'sore' don't") ==
        Words{"Crohn", "\u2019s", "'", "sore", "'", "don", "'", "t"});
  CHECK(words_of("caf\u00e9 e\u0301a\u00a0b\u4e2d\u6587\u3002") ==
        Words{"caf\u00e9", "e\u0301a", "b", "\u4e2d", "\u6587", "\u3002"});
  CHECK(words_of("").empty());
  CHECK(words_of(std::string("a\0b\r\n\t", 6)) == Words{"a", "b"});
}

struct SentenceCase {
  const char* name;
  const char* text;
  Words sentences;
};

TEST_CASE("sentences end where a clinician would end them (I5, I6)") {
  const SentenceCase cases[] = {
      {"plain", "He fell. He got up.", {"He fell.", "He got up."}},
      {"title", "Seen by Dr. Ray today. Stable.", {"Seen by Dr. Ray today.", "Stable."}},
      {"dotted letters",
       "Takes 5 mg p.o. b.i.d. with food. Well.",
       {"Takes 5 mg p.o. b.i.d. with food.", "Well."}},
      {"dotted letters end it",
       "Lopressor 25 mg p.o. She is well.",
       {"Lopressor 25 mg p.o.", "She is well."}},
      {"initial", "John F. Kennedy fell.", {"John F. Kennedy fell."}},
      {"letter ends it",
       "Known hepatitis C. The liver is large.",
       {"Known hepatitis C.", "The liver is large."}},
      {"number", "Temp 38.5. Pulse 90.", {"Temp 38.5.", "Pulse 90."}},
      {"small letters", "no fever. no chills.", {"no fever.", "no chills."}},
      {"missing blank", "Rested until May.The pain went.", {"Rested until May.", "The pain went."}},
      {"closing mark",
       "(He fell.) \"Why?\" No one knows.",
       {"(He fell.)", "\"Why?\"", "No one knows."}},
      {"ellipsis", "Well... we wait... Then", {"Well... we wait...", "Then"}},
      {"list on one line", "1. Diabetes. 2. Gout.", {"1. Diabetes.", "2. Gout."}},
      {"list",
       "Problems\n- gout\n- asthma, mild\n2) COPD",
       {"Problems", "- gout", "- asthma, mild", "2) COPD"}},
      {"counted on one line",
       "1) Gout 2) Old MI (in-2) 3) Asthma",
       {"1) Gout", "2) Old MI (in-2)", "3) Asthma"}},
      {"short lines", "Fever\nCough\nNo rash", {"Fever", "Cough", "No rash"}},
      {"goes on in small letters",
       "Fever and\ncough since Monday",
       {"Fever and\ncough since Monday"}},
      {"wrapped lines",
       "The patient was seen in the clinic on the day after the\nMRI of the brain, which was read "
       "by the team as being of\nCrohn colitis.",
       {"The patient was seen in the clinic on the day after the\nMRI of the brain, which was read "
        "by the team as being of\nCrohn colitis."}},
      {"empty line", "no pain\n\nno rash", {"no pain", "no rash"}},
      {"CR LF", "Fever\r\nCough", {"Fever", "Cough"}},
      {"header", "PLAN: Rest. Diet.", {"PLAN:", "Rest.", "Diet."}},
      {"No. 5", "Tube No. 5 was placed. It held.", {"Tube No. 5 was placed.", "It held."}},
  };
  for (const SentenceCase& row : cases) {
    CAPTURE(row.name);
    std::string got;
    for (const std::string& sentence : sentences_of(row.text)) got += "[" + sentence + "]";
    std::string due;
    for (const std::string& sentence : row.sentences) due += "[" + sentence + "]";
    CHECK(got == due);
  }
}

TEST_CASE("sections begin at their headers and carry a code (I7)") {
  const std::string text =
      "Seen today.\nPast Medical Hx: gout\nFAMILY HISTORY:  father had MI.  SOCIAL HISTORY: "
      "smoker\nThe plan: rest\nplan:\nrest\nODD THING: x\nImpression\nfine\nTime: 10:30";
  std::vector<TextSection> sections;
  find_sections(text, sections);
  std::vector<SectionKind> kinds;
  for (const TextSection& section : sections) kinds.push_back(section.kind);
  CHECK(kinds == std::vector{SectionKind::None, SectionKind::PastMedicalHistory,
                             SectionKind::FamilyHistory, SectionKind::SocialHistory,
                             SectionKind::Plan, SectionKind::Other, SectionKind::Impression});
  CHECK(text.substr(sections[1].body_byte, sections[1].end_byte - sections[1].body_byte) ==
        " gout\n");
  CHECK(loinc_of(SectionKind::PastMedicalHistory) == "11348-0");
  CHECK(section_kind_of_header("past  medical\thistory ") == SectionKind::PastMedicalHistory);
  CHECK(*section_kind_named("family_history") == SectionKind::FamilyHistory);
  CHECK(section_kind_named("nothing") == nullptr);
}

// The characters that cutting and folding break on.
std::string made_text(SeededRandom& random, std::uint64_t count) {
  constexpr char32_t pool[] = {U'a',      U'B',      U' ',      U' ',          U'\n',
                               U'\r',     U'.',      U':',      U'1',          U'-',
                               U'\'',     U's',      U'\t',     U'\0',         U'\u00e9',
                               U'\u0301', U'\ufb01', U'\u00df', U'\u4e2d',     U'\u3000',
                               U'\u0130', U'\u00ad', U'\u2019', U'\U0001F9E0', U'\u00b4'};
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) append_utf8(text, pool[random.below(std::size(pool))]);
  return text;
}

TEST_CASE(
    "any text is covered by its sections, and its tokens by their sentences (I1, I4, I7, I8)") {
  SeededRandom random(11);
  TextStructure structure;
  for (int round = 0; round < 400; ++round) {
    std::string text = made_text(random, random.below(200));
    if (round % 3 == 0) text += "\nPLAN: x. IMPRESSION: y\nHPI\nz";
    REQUIRE(structure_text(text, structure));
    std::uint32_t byte = 0;
    for (const Token& token : structure.tokens) {
      REQUIRE(token.begin_byte >= byte);
      REQUIRE(token.end_byte > token.begin_byte);
      byte = token.end_byte;
    }
    REQUIRE(byte <= text.size());
    std::uint32_t next_token = 0;
    for (const TokenRange& sentence : structure.sentences) {
      REQUIRE(sentence.begin_token == next_token);
      REQUIRE(sentence.end_token > sentence.begin_token);
      next_token = sentence.end_token;
      const std::uint32_t begin = structure.tokens[sentence.begin_token].begin_byte;
      const std::uint32_t end = structure.tokens[sentence.end_token - 1].end_byte;
      for (const TextSection& section : structure.sections) {
        for (const std::uint32_t place : {section.begin_byte, section.body_byte}) {
          REQUIRE_FALSE((begin < place && place < end));
        }
      }
    }
    REQUIRE(next_token == structure.tokens.size());
    std::uint32_t next_byte = 0;
    for (const TextSection& section : structure.sections) {
      REQUIRE(section.begin_byte == next_byte);
      REQUIRE(section.body_byte >= section.begin_byte);
      REQUIRE(section.end_byte >= section.body_byte);
      next_byte = section.end_byte;
    }
    REQUIRE(next_byte == text.size());
  }
}

TEST_CASE("normalised text leads back to what it came from (I9)") {
  const auto all = [](const std::string& text) {
    return std::string(NormalisedText::of(text).utf8());
  };
  CHECK(all("  Caf\u00c9  AU\n LAIT ") == "caf\u00e9 au lait");
  CHECK(all("e\u0301") == "\u00e9");
  CHECK(all("\ufb01brosis STRASSE stra\u00dfe") == "fibrosis strasse strasse");
  const std::string ligature = "a\ufb01b";
  CHECK(NormalisedText::of(ligature).original_bytes(2, 3) == Token{1, 4});  // the i of "fi"
  SeededRandom random(5);
  for (int round = 0; round < 300; ++round) {
    const std::string text = made_text(random, random.below(60));
    const NormalisedText normalised = NormalisedText::of(text);
    const std::string_view utf8 = normalised.utf8();
    CHECK(NormalisedText::of(std::string(utf8)).utf8() == utf8);
    for (std::size_t begin = 0; begin < utf8.size();) {
      std::size_t end = begin;
      (void)next_code_point(utf8, end);
      const Token place = normalised.original_bytes(static_cast<std::uint32_t>(begin),
                                                    static_cast<std::uint32_t>(end));
      REQUIRE(place.begin_byte < place.end_byte);
      REQUIRE(place.end_byte <= text.size());
      const std::string original = text.substr(place.begin_byte, place.end_byte - place.begin_byte);
      REQUIRE(is_utf8(original));
      const std::string again = all("x" + original + "x");
      REQUIRE(again.find(utf8.substr(begin, end - begin)) != std::string::npos);
      begin = end;
    }
  }
}

TEST_CASE("words that fold alike have one hash, others do not") {
  CHECK(folded_hash("FEVER") == folded_hash("fever"));
  CHECK(folded_hash("Caf\u00c9") == folded_hash("cafe\u0301"));
  CHECK(folded_hash("\ufb01brosis") == folded_hash("FIBROSIS"));
  CHECK(folded_hash("Lymphadenopathies") == folded_hash("lymphadenopathiES"));
  std::set<std::uint64_t> seen;
  std::string word;
  for (const char* text : {"", "a", "aa", "[", "{", "@", "`", "abcdefgh", "abcdefghi", "1",
                           "\u00e9", "\u00e1", "\u0141", "\u0161"}) {
    CHECK(seen.insert(folded_hash(text)).second);
  }
}

// BC5CDR's abstracts, cut by their publishers. Their tokens are joined as they were printed: points
// stand at the word before them, and within a number at the digits on both sides.
TEST_CASE("4,500 sentences of PubMed abstracts end where the corpus ends them") {
  const auto path = test::data_path("text/bc5cdr/devel.tsv");
  if (!path) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::ifstream file(*path);
  std::string text;
  std::set<std::size_t> gold;
  bool begins = true;
  for (std::string line; std::getline(file, line);) {
    const std::string word = line.substr(0, line.find('\t'));
    if (word.empty()) {
      if (text.ends_with('.') || text.ends_with('?')) gold.insert(text.size());
      begins = true;
      continue;
    }
    const bool in_number = text.size() >= 2 && text.back() == '.' && is_digit(text.end()[-2]) &&
                           is_digit(word.front()) && !begins;
    if (!text.empty() && word != "." && !in_number) text += ' ';
    text += word;
    begins = false;
  }
  std::vector<Token> tokens;
  std::vector<TokenRange> sentences;
  tokenize(text, tokens);
  split_sentences(text, tokens, sentences);
  std::size_t right = 0;
  for (const TokenRange& sentence : sentences) {
    right += gold.count(tokens[sentence.end_token - 1].end_byte);
  }
  const double recall = static_cast<double>(right) / static_cast<double>(gold.size());
  const double precision = static_cast<double>(right) / static_cast<double>(sentences.size());
  MESSAGE("precision " << precision << ", recall " << recall << " of " << gold.size());
  CHECK(recall > 0.98);
  CHECK(precision > 0.98);
}

}  // namespace
}  // namespace consilium
