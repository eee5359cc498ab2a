#include "format/bioc/bioc.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

LabelledText sample() {
  LabelledText text;
  text.id = "d<1>";
  text.text = CanonicalText::from_utf8(
                  "T\xC3\xADtle & <more>\r\n  breast \xF0\x9F\xA7\xA0 and ovarian\tcancers")
                  .value();
  text.sections = {{0, 14}, {14, 46}};
  text.mentions = {{.id = "1",
                    .type = "D",
                    .ranges = {{18, 24}, {39, 46}},
                    .attributes = {{"a", "x"}, {"a", "y"}}},
                   {.id = "2", .type = "D", .ranges = {{31, 46}}, .concepts = {{"MESH", "D1", ""}}},
                   {.id = "3", .type = "x", .ranges = {{5, 5}}}};
  text.relations = {{.id = "R",
                     .type = "same",
                     .from = {"a", "1"},
                     .to = {"b", "2"},
                     .attributes = {{"how", "so"}}}};
  text.events = {{.id = "E", .type = "ev", .trigger = "1", .arguments = {{"Theme", "2"}}},
                 {.id = "F", .type = "ev", .arguments = {{"p", "1"}, {"q", "2"}, {"r", "R"}}}};
  text.metadata = {{"passage.0.type", "Title"}, {"licence", "none"}, {"collection.source", "s"}};
  return text;
}

}  // namespace

TEST_CASE("XML and JSON hold the same and read as they were") {
  const LabelledText text = sample();
  CHECK(text.text.code_point_count() == 46);
  for (const auto& texts :
       {read_bioc_xml(write_bioc_xml({&text, 1})), read_bioc_json(write_bioc_json({&text, 1}))}) {
    REQUIRE(texts);
    REQUIRE(texts->size() == 1);
    const LabelledText& read = texts->front();
    CHECK(read.problems.empty());
    CHECK(read.id == text.id);
    CHECK(read.text == text.text);
    CHECK(read.sections == text.sections);
    CHECK(described(read) == described(text));
    CHECK(read.metadata.size() == 3);
  }
}

TEST_CASE("offsets in bytes are told by what stands there") {
  const auto texts = read_bioc_xml(
      "<collection><document><id>1</id><passage><offset>0</offset><text>br\xC3\xB6st pain</text>"
      "<annotation id=\"a\"><location offset=\"7\" length=\"4\"/><text>pain</text></annotation>"
      "</passage></document></collection>");
  REQUIRE(texts);
  CHECK(texts->front().mentions.at(0).ranges == std::vector<TextSpan>{{6, 10}});
  CHECK(texts->front().problems.size() == 1);
}

TEST_CASE("gaps between passages are filled, wild offsets refused or told") {
  const auto texts = read_bioc_json(
      R"({"documents":[{"id":"1","passages":[{"offset":0,"text":"ab"},{"offset":5,"text":"cd",
      "annotations":[{"id":"1","locations":[{"offset":5,"length":2}],"text":"cd"},
      {"id":"2","locations":[{"offset":18446744073709551615,"length":2}],"text":"cd"}]}]}]})");
  REQUIRE(texts);
  CHECK(texts->front().text.utf8() == "ab\n  cd");
  CHECK(texts->front().mentions.size() == 1);
  CHECK(texts->front().problems.size() == 1);
  CHECK(!read_bioc_json(R"({"documents":[{"passages":[{"offset":99999999,"text":"ab"}]}]})"));
  CHECK(!read_bioc_json("{}"));
  CHECK(!read_bioc_xml("<html/>"));
}
