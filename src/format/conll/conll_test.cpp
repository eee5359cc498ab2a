#include "format/conll/conll.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

std::vector<std::string> mentions_of(std::string_view bytes) {
  const auto texts = read_conll(bytes);
  REQUIRE(texts);
  REQUIRE(texts->size() == 1);
  std::vector<std::string> out;
  for (const TextMention& m : texts->front().mentions) {
    out.push_back(m.type + "=" + surface_of(texts->front().text, m.ranges));
  }
  return out;
}

}  // namespace

TEST_CASE("every scheme says the same") {
  const std::vector<std::string> expected{"D=lung cancer", "D=asthma", "C=aspirin"};
  CHECK(mentions_of("lung I-D\ncancer I-D\nasthma B-D\n, O\naspirin I-C\n") == expected);
  CHECK(mentions_of("lung B-D\ncancer I-D\nasthma B-D\n, O\naspirin B-C\n") == expected);
  CHECK(mentions_of("lung B-D\ncancer L-D\nasthma U-D\n, O\naspirin U-C\n") == expected);
  CHECK(mentions_of("lung B-D\ncancer E-D\nasthma S-D\n, O\naspirin S-C\n") == expected);
}

TEST_CASE("four columns of CoNLL-2003, documents and sentences") {
  const auto texts = read_conll(
      "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\ncall NN I-NP O\n\n"
      "-DOCSTART- -X- -X- O\n\nPeter NNP B-NP B-PER\n");
  REQUIRE(texts);
  REQUIRE(texts->size() == 2);
  CHECK((*texts)[0].text.utf8() == "EU rejects\ncall");
  CHECK((*texts)[0].sentences == std::vector<TextSpan>{{0, 10}, {11, 15}});
  CHECK((*texts)[0].problems.size() == 1);
  CHECK((*texts)[1].mentions.at(0).type == "PER");
}

TEST_CASE("every scheme is written so that it reads as it was") {
  const auto texts = read_conll(
      "# doc_id = 7\nNo\t0\t2\tO\nlung\t3\t7\tB-D\ncancer\t8\t14\tI-D\nasthma\t15\t21\tB-D\n\n"
      "br\xC3\xB6st\t23\t28\tB-S\n\xF0\x9F\xA7\xA0\t28\t29\tI-S\n");
  REQUIRE(texts);
  CHECK(texts->front().text.utf8().substr(21, 2) == "\n ");
  for (const TagScheme scheme :
       {TagScheme::Iob1, TagScheme::Iob2, TagScheme::Bilou, TagScheme::Iobes}) {
    const ConllFile file = write_conll(*texts, scheme, ConllColumns::TokenOffsetsTag);
    CHECK(read_conll(file.bytes) == *texts);
  }
}

TEST_CASE("tokens are cut where mentions begin and end") {
  LabelledText text;
  text.text = CanonicalText::from_utf8("non-smoker, HbA1c\r\nok").value();
  text.mentions = {{.type = "x", .ranges = {{12, 14}}}, {.type = "x", .ranges = {{14, 17}}}};
  const ConllFile file = write_conll({&text, 1}, TagScheme::Iob2, ConllColumns::TokenTag);
  CHECK(file.bytes == "non\tO\n-\tO\nsmoker\tO\n,\tO\nHb\tB-x\nA1c\tB-x\n\nok\tO\n\n");
}

TEST_CASE("bytes that are not UTF-8 are refused, odd lines are problems") {
  CHECK(!read_conll("a\tO\n\xFF\tO\n"));
  const auto texts = read_conll("a\tO\nb\nc\tX-Y\n");
  REQUIRE(texts);
  CHECK(texts->front().problems.size() == 2);
  CHECK(!read_conll("a\t0\t1\tO\nb\t99999999999\t100000000000\tO\n"));
}
