#include "format/labelled_text/fit.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

LabelledText three_mentions() {
  LabelledText text;
  text.text = CanonicalText::from_utf8("breast and ovarian cancers").value();
  text.mentions.push_back({.id = "T1", .type = "Disease", .ranges = {{0, 6}, {19, 26}}});
  text.mentions.push_back({.id = "T2", .type = "Disease", .ranges = {{11, 26}}});
  text.mentions.push_back({.id = "T3", .layer = "L", .type = "Organ", .ranges = {{11, 18}}});
  text.relations.push_back(
      {.id = "R1", .type = "In", .from = {"Arg1", "T2"}, .to = {"Arg2", "T3"}});
  return text;
}

}  // namespace

TEST_CASE("what a format can say is kept as it is") {
  const TextAbilities all{.ids = true,
                          .layers = true,
                          .discontinuous = true,
                          .overlapping = true,
                          .relations = true,
                          .argument_roles = true};
  const auto fitted = fit_text(three_mentions(), all, OverlapPolicy::Refuse);
  REQUIRE(fitted);
  CHECK(fitted->losses.empty());
  CHECK(fitted->text == three_mentions());
}

TEST_CASE("overlaps and gaps are refused, or split and counted") {
  CHECK(!fit_text(three_mentions(), {}, OverlapPolicy::Refuse));
  const auto fitted = fit_text(three_mentions(), {.relations = true}, OverlapPolicy::Split);
  REQUIRE(fitted);
  // T1 gives two; T2 (15 long) takes the second, and T3 whole.
  REQUIRE(fitted->text.mentions.size() == 2);
  CHECK(fitted->text.mentions[0].ranges == std::vector<TextSpan>{{0, 6}});
  CHECK(fitted->text.mentions[1].ranges == std::vector<TextSpan>{{11, 26}});
  CHECK(fitted->losses == std::vector<TextLoss>{{"discontinuous mentions split", 1},
                                                {"layers", 1},
                                                {"links to what was left out", 1},
                                                {"nested mentions left out", 2}});
}

TEST_CASE("the unit of offsets is told by what stands there") {
  const auto text = CanonicalText::from_utf8("\xF0\x9F\xA7\xA0 br\xC3\xB6st").value();
  const StatedSpan bytes{5, 11, "br\xC3\xB6st"};
  const StatedSpan units{3, 8, "br\xC3\xB6st"};
  CHECK(unit_of(text, std::span(&bytes, 1), OffsetUnit::CodePoint) == OffsetUnit::Utf8);
  CHECK(unit_of(text, std::span(&units, 1), OffsetUnit::CodePoint) == OffsetUnit::Utf16);
  CHECK(unit_of(text, {}, OffsetUnit::CodePoint) == OffsetUnit::CodePoint);
}
