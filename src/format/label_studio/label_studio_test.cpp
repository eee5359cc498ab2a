#include "format/label_studio/label_studio.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

constexpr std::string_view file =
    R"([{"id":12,"data":{"text":"No \ud83e\udde0 pain\r\nin hand","source":"a"},
"annotations":[{"id":1,"completed_by":{"id":3,"email":"a@b.c"},"result":[
{"id":"x","from_name":"label","to_name":"text","type":"labels","meta":{"text":["sure"]},
 "value":{"start":5,"end":9,"text":"pain","labels":["S"]}},
{"id":"x","from_name":"negated","to_name":"text","type":"choices","value":{"start":5,"end":9,"choices":["yes"]}},
{"id":"y","from_name":"label","to_name":"text","type":"labels","value":{"start":14,"end":18,"text":"hand","labels":["O","P"]}},
{"type":"relation","from_id":"x","to_id":"y","direction":"right","labels":["in"]},
{"id":"z","from_name":"kind","to_name":"text","type":"choices","value":{"choices":["note"]}},
{"id":"r","from_name":"b","to_name":"image","type":"rectanglelabels","value":{"x":1,"rectanglelabels":["Car"]}}]},
{"id":2,"was_cancelled":true,"result":[]}],
"predictions":[{"model_version":"m1","score":0.5,"result":[
{"id":"x","from_name":"label","to_name":"text","type":"labels","score":0.25,
 "value":{"start":5,"end":9,"text":"pain","labels":["S"]}}]}]}])";

}  // namespace

TEST_CASE("annotations, predictions, attributes, relations and answers") {
  const auto texts = read_label_studio(file);
  REQUIRE(texts);
  const LabelledText& text = texts->front();
  REQUIRE(text.mentions.size() == 4);
  CHECK(text.mentions[0].rater == "a@b.c");
  CHECK(text.mentions[0].comment == "sure");
  CHECK(text.mentions[0].attributes == std::vector<TextAttribute>{{"negated", "yes"}});
  CHECK(text.mentions[2].type == "P");
  CHECK(text.mentions[3].rater == "m1");
  CHECK(text.mentions[3].probability == 0.25);
  CHECK(text.relations.size() == 1);
  CHECK(text.answers == std::vector<TextAttribute>{{"kind", "note"}});
  CHECK(text.problems.size() == 2);
  const auto again = read_label_studio(write_label_studio(*texts).bytes);
  REQUIRE(again);
  CHECK(described(again->front()) == described(text));
  CHECK(again->front().metadata == text.metadata);
  CHECK(label_studio_config(*texts).contains("<Choices name=\"negated\" toName=\"text\""));
}

TEST_CASE("offsets in UTF-16 units and the short form are understood") {
  const auto texts = read_label_studio(
      R"([{"id":1,"text":"\ud83e\udde0 pain","label":[{"start":3,"end":7,"text":"pain","labels":["S"]}],"annotator":1}])");
  REQUIRE(texts);
  CHECK(texts->front().mentions.at(0).ranges == std::vector<TextSpan>{{2, 6}});
}

TEST_CASE("tasks on images are refused, broken JSON too") {
  CHECK(!read_label_studio(R"([{"id":1,"data":{"image":"/data/a.png"},"annotations":[]}])"));
  CHECK(!read_label_studio("[{"));
}
