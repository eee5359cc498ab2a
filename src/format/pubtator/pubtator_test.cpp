#include "format/pubtator/pubtator.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

constexpr std::string_view file =
    "7|t|Lidocaine and br\xC3\xB6st \xF0\x9F\xA7\xA0 pain.\n"
    "7|a|It hurts | much.\n"
    "7\t0\t9\tLidocaine\tChemical\tD008012|MESH:D1\n"
    "7\t22\t26\tpain\tDisease\tD010146\n"
    "7\t31\t36\thurts\tDisease\t-1\n"
    "7\tCID\tD008012\tD010146\n\n"
    "8|t|Title only\n";

}  // namespace

TEST_CASE("mentions, concepts and relations between concepts") {
  const auto texts = read_pubtator(file);
  REQUIRE(texts);
  REQUIRE(texts->size() == 2);
  const LabelledText& text = texts->front();
  CHECK(text.problems.empty());
  CHECK(text.sections == std::vector<TextSpan>{{0, 27}, {28, 44}});
  REQUIRE(text.mentions.size() == 3);
  CHECK(text.mentions[0].concepts ==
        std::vector<TextConcept>{{"", "D008012", ""}, {"MESH", "D1", ""}});
  CHECK(text.mentions[2].concepts.empty());
  REQUIRE(text.relations.size() == 1);
  CHECK(text.relations[0].from.target == "T1");
  CHECK(text.relations[0].to.target == "T2");
  CHECK(read_pubtator(write_pubtator(*texts).bytes) == *texts);
}

TEST_CASE("what does not fit is a problem, never a wrong mention") {
  const auto texts = read_pubtator(
      "7|t|pain\n7\t0\t9\tpain\tD\n7\t3\t1\tp\tD\n8\t0\t4\tpain\tD\n7\t0\t4\tPAIN\tD\n7\tx\n");
  REQUIRE(texts);
  CHECK(texts->front().mentions.size() == 1);
  CHECK(texts->front().problems.size() == 5);
  CHECK(!read_pubtator("7|t|\xFFpain\n"));
}
