#include "format/pubannotation/pubannotation.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

constexpr std::string_view file =
    R"({"text":"br\u00f6st and ov\ud83e\udde0 cancers.\r\n","sourceid":"7",
"sourcedb":"PubMed","denotations":[{"id":"T1","span":[{"begin":0,"end":5},{"begin":14,"end":21}],
"obj":"D"},{"id":"T2","span":{"begin":10,"end":21},"obj":"D"}],
"blocks":[{"id":"B1","span":{"begin":0,"end":22},"obj":"sentence"}],
"relations":[{"id":"R1","pred":"same","subj":"T1","obj":"T2"}],
"attributes":[{"id":"A1","subj":"T1","pred":"negated","obj":true},
{"id":"A2","subj":"T2","pred":"cui","obj":"MESH:D1"},{"id":"A3","subj":"R1","pred":"p","obj":"q"}]})";

}  // namespace

TEST_CASE("discontinuous denotations, attributes, sentences and relations") {
  const auto texts = read_pubannotation(file);
  REQUIRE(texts);
  const LabelledText& text = texts->front();
  CHECK(text.problems.empty());
  REQUIRE(text.mentions.size() == 2);
  CHECK(surface_of(text.text, text.mentions[0].ranges) == "br\xC3\xB6st cancers");
  CHECK(text.mentions[0].attributes == std::vector<TextAttribute>{{"negated", "true"}});
  CHECK(text.mentions[1].concepts == std::vector<TextConcept>{{"MESH", "D1", ""}});
  CHECK(text.sentences.size() == 1);
  CHECK(text.relations.at(0).attributes.size() == 1);
  CHECK(read_pubannotation(write_pubannotation(*texts)) == *texts);
}

TEST_CASE("what leads nowhere is told") {
  const auto texts = read_pubannotation(
      R"({"text":"ab","denotations":[{"id":"T1","span":{"begin":1,"end":9},"obj":"x"},{"id":"T2"}],
      "attributes":[{"subj":"T1","pred":"x","obj":1}]})");
  REQUIRE(texts);
  CHECK(texts->front().mentions.empty());
  CHECK(texts->front().problems.size() == 3);
  CHECK(!read_pubannotation("{}"));
  CHECK(!read_pubannotation("[{\"text\":\"a\"},{}]"));
}
