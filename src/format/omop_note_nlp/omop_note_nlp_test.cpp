#include "format/omop_note_nlp/omop_note_nlp.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

LabelledText note() {
  LabelledText text;
  text.id = "n-7";
  text.text =
      CanonicalText::from_utf8("\xF0\x9F\xA7\xA0 No fever,\nold stroke. Mother: asthma").value();
  text.metadata = {{"patient", "P-0001"}};
  text.mentions = {
      {.id = "T1",
       .type = "problem",
       .ranges = {{5, 10}},
       .attributes = {{"assertion", "negated"}},
       .concepts = {{"SCT", "386661006", "Fever"}},
       .rater = "R-1",
       .said_at = "2026-02-03T04:05:06Z"},
      {.id = "T2", .type = "problem", .ranges = {{16, 22}}, .attributes = {{"time", "historical"}}},
      {.id = "T3", .type = "problem", .ranges = {{32, 38}}, .attributes = {{"subject", "family"}}},
      {.id = "T4", .type = "problem", .ranges = {{5, 10}}, .attributes = {{"certainty", "low"}}}};
  return text;
}

}  // namespace

TEST_CASE("a row says where, whether and when, and leaves the vocabulary to the site") {
  const LabelledText text = note();
  const auto file = write_omop_note_nlp(std::span(&text, 1), "2026-01-01T00:00:00Z");
  REQUIRE(file);
  const std::string snippet = "\"\xF0\x9F\xA7\xA0 No fever, old stroke. Mother: asthma\"";
  CHECK(file->note_nlp ==
        "note_nlp_id,note_id,section_concept_id,snippet,offset,lexical_variant,"
        "note_nlp_concept_id,note_nlp_source_concept_id,nlp_system,nlp_date,nlp_datetime,"
        "term_exists,term_temporal,term_modifiers\n"
        "1,1,0," +
            snippet +
            ",5,fever,0,0,R-1,2026-02-03,2026-02-03T04:05:06Z,N,Present,"
            "\"label=problem,code=SCT:386661006,assertion=negated\"\n"
            "2,1,0," +
            snippet +
            ",16,stroke,0,0,,2026-01-01,2026-01-01T00:00:00Z,Y,Past,"
            "\"label=problem,time=historical\"\n"
            "3,1,0," +
            snippet +
            ",32,asthma,0,0,,2026-01-01,2026-01-01T00:00:00Z,N,Present,"
            "\"label=problem,subject=family\"\n"
            "4,1,0," +
            snippet +
            ",5,fever,0,0,,2026-01-01,2026-01-01T00:00:00Z,,Present,"
            "\"label=problem,certainty=low\"\n");
  CHECK(file->notes == "note_id,note_source_value,person_source_value\n1,n-7,P-0001\n");
}

TEST_CASE("numbers of notes are kept when all are numbers, and must differ") {
  std::vector<LabelledText> texts{note(), note()};
  texts[0].id = "40";
  texts[1].id = "41";
  const auto file = write_omop_note_nlp(texts, "2026-01-01T00:00:00Z");
  REQUIRE(file);
  CHECK(file->note_nlp.contains("\n5,41,0,"));
  texts[1].id = "40";
  CHECK_FALSE(write_omop_note_nlp(texts, "2026-01-01T00:00:00Z"));
  CHECK_FALSE(write_omop_note_nlp(texts, ""));
}
