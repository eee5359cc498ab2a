#include "format/brat/brat_labelled.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

constexpr std::string_view txt = "breast and\novarian cancers induce \xF0\x9F\xA7\xA0 pain";
constexpr std::string_view ann =
    "T1\tDisease 0 6;19 26\tbreast cancers\n"
    "T2\tDisease 7 10;11 26\tand ovarian cancers\n"
    "T3\tInduction 27 33\tinduce\n"
    "T4\tSymptom 36 40\tpain\n"
    "E1\tInduction:T3 Cause:T1 Theme:T4 \n"
    "R1\tSame Arg1:T1 Arg2:E1\n"
    "A1\tNegated E1\n"
    "M1\tCertainty T4 low\n"
    "N1\tReference T4 SCT:22253000\tPain\n"
    "#1\tAnnotatorNotes T4\tsee below\n"
    "*\tEquiv T1 T2\n";

}  // namespace

TEST_CASE("every kind of line becomes labelled text") {
  const auto text = read_brat_text(txt, ann);
  REQUIRE(text);
  CHECK(text->problems.empty());
  REQUIRE(text->mentions.size() == 4);
  CHECK(text->mentions[0].ranges == std::vector<TextSpan>{{0, 6}, {19, 26}});
  CHECK(text->mentions[1].ranges == std::vector<TextSpan>{{7, 26}});  // over the line's end
  CHECK(text->mentions[3].attributes == std::vector<TextAttribute>{{"Certainty", "low"}});
  CHECK(text->mentions[3].concepts == std::vector<TextConcept>{{"SCT", "22253000", "Pain"}});
  CHECK(text->mentions[3].comment == "see below");
  REQUIRE(text->events.size() == 1);
  CHECK(text->events[0].trigger == "T3");
  CHECK(text->events[0].arguments == std::vector<TextArgument>{{"Cause", "T1"}, {"Theme", "T4"}});
  CHECK(text->events[0].attributes == std::vector<TextAttribute>{{"Negated", "true"}});
  REQUIRE(text->chains.size() == 1);
  CHECK(text->chains[0].members == std::vector<std::string>{"T1", "T2"});
}

TEST_CASE("what is written reads as it was") {
  const auto text = read_brat_text(txt, ann);
  REQUIRE(text);
  const BratText written = write_brat_text(*text);
  CHECK(written.losses.empty());
  CHECK(read_brat_text(written.txt, written.ann) == *text);
}

TEST_CASE("with a byte order mark offsets count it or do not") {
  const std::string marked = "\xEF\xBB\xBFno pain";
  for (const std::string_view line : {"T1\tS 4 8\tpain\n", "T1\tS 3 7\tpain\n"}) {
    const auto text = read_brat_text(marked, line);
    REQUIRE(text);
    REQUIRE(text->mentions.size() == 1);
    CHECK(text->mentions[0].ranges == std::vector<TextSpan>{{3, 7}});
  }
}

TEST_CASE("foreign ids and names with blanks are made brat's, and that is counted") {
  LabelledText text;
  text.text = CanonicalText::from_utf8("pain in hand").value();
  text.mentions = {{.id = "x", .type = "my type", .ranges = {{0, 4}}},
                   {.id = "T1", .type = "Site", .ranges = {{8, 12}}}};
  text.relations = {{.id = "T2", .type = "in", .from = {"", "x"}, .to = {"", "T1"}}};
  const BratText written = write_brat_text(text);
  CHECK(written.losses == std::vector<TextLoss>{{"blanks in names", 1}});
  CHECK(written.ann == "T3\tmy_type 0 4\tpain\nT1\tSite 8 12\thand\nR1\tin Arg1:T3 Arg2:T1\n");
}

TEST_CASE("a wrong encoding is said with its byte, spans past the end are left out") {
  const auto latin = read_brat_text("br\xF6st", "");
  REQUIRE(!latin);
  CHECK(latin.error().where.contains("2"));
  const auto text = read_brat_text("pain", "T1\tS 0 9\tpain\nT2\tS 0 4\tpain\nR1\tx a:T1 b:T2\n");
  REQUIRE(text);
  CHECK(text->mentions.size() == 1);
  CHECK(text->relations.empty());
  CHECK(text->problems.size() == 2);
}
