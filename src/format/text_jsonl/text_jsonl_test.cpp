#include "format/text_jsonl/text_jsonl.hpp"

#include <doctest/doctest.h>

using namespace consilium;

TEST_CASE("doccano's forms of three years") {
  const auto texts = read_doccano(
      "{\"id\":1,\"text\":\"br\\u00f6st \\ud83e\\udde0 "
      "pain\",\"entities\":[{\"id\":7,\"label\":\"S\","
      "\"start_offset\":8,\"end_offset\":12},{\"id\":8,\"label\":\"O\",\"start_offset\":6,"
      "\"end_offset\":7}],\"relations\":[{\"id\":0,\"from_id\":7,\"to_id\":8,\"type\":\"in\"}]}\n\n"
      "{\"id\":2,\"data\":\"no pain\",\"label\":[[3,7,\"S\"],[3,99,\"S\"]]}\r\n"
      "{\"id\":3,\"text\":\"x\",\"label\":[\"good\"],\"meta\":{\"a\":1}}\n");
  REQUIRE(texts);
  REQUIRE(texts->size() == 3);
  CHECK(surface_of((*texts)[0].text, (*texts)[0].mentions.at(0).ranges) == "pain");
  CHECK((*texts)[0].relations.at(0).to.target == "T8");
  CHECK((*texts)[1].mentions.size() == 1);
  CHECK((*texts)[1].problems.size() == 1);
  CHECK((*texts)[2].answers == std::vector<TextAttribute>{{"label", "good"}});
  const auto again = read_doccano(write_doccano(*texts));
  REQUIRE(again);
  for (std::size_t i = 0; i < 3; ++i) CHECK(described((*again)[i]) == described((*texts)[i]));
}

TEST_CASE("Prodigy's spans, relations, features and rejected tasks") {
  const auto texts = read_prodigy(
      "{\"text\":\"Lidocaine stops "
      "pain\",\"tokens\":[{\"text\":\"Lidocaine\",\"start\":0,\"end\":9,"
      "\"id\":0},{\"text\":\"stops\",\"start\":10,\"end\":15,\"id\":1},{\"text\":\"pain\","
      "\"start\":16,\"end\":20,\"id\":2}],\"spans\":[{\"start\":0,\"end\":9,\"label\":\"DRUG\","
      "\"token_start\":0,\"token_end\":0,\"negated\":false,\"kb_id\":\"MESH:D1\"}],"
      "\"relations\":[{\"head\":0,\"child\":2,\"head_span\":{\"start\":0,\"end\":9,\"label\":"
      "\"DRUG\"},\"child_span\":{\"start\":16,\"end\":20,\"label\":null},\"label\":\"TREATS\"}],"
      "\"answer\":\"accept\"}\n"
      "{\"text\":\"pain\",\"spans\":[{\"start\":0,\"end\":4,\"label\":\"S\"}],\"answer\":"
      "\"reject\"}\n");
  REQUIRE(texts);
  REQUIRE((*texts)[0].mentions.size() == 2);
  CHECK((*texts)[0].mentions[0].attributes == std::vector<TextAttribute>{{"negated", "false"}});
  CHECK((*texts)[0].relations.size() == 1);
  CHECK((*texts)[1].mentions.empty());
  CHECK((*texts)[1].problems.size() == 1);
  const auto again = read_prodigy(write_prodigy({texts->data(), 1}));
  REQUIRE(again);
  CHECK(described(again->front()) == described(texts->front()));
  CHECK(again->front().tokens == texts->front().tokens);
}

TEST_CASE("spaCy's documents and training pairs") {
  const auto texts = read_spacy(
      "{\"text\":\"left lung cancer\",\"ents\":[],\"sents\":[{\"start\":0,\"end\":16}],\"tokens\":["
      "{\"id\":0,\"start\":0,\"end\":4}],\"spans\":{\"sc\":[{\"start\":0,\"end\":16,\"label\":"
      "\"D\","
      "\"kb_id\":\"\"},{\"start\":5,\"end\":9,\"label\":\"O\"}],\"other\":[{\"start\":0,\"end\":4,"
      "\"label\":\"SIDE\"}]},\"cats\":{\"A\":0.9,\"B\":0.1}}\n"
      "[\"pain\",{\"entities\":[[0,4,\"S\"]]}]\n");
  REQUIRE(texts);
  CHECK((*texts)[0].mentions.size() == 3);
  CHECK((*texts)[0].answers == std::vector<TextAttribute>{{"label", "A"}});
  CHECK((*texts)[1].mentions.size() == 1);
  const auto again = read_spacy(write_spacy(*texts));
  REQUIRE(again);
  for (std::size_t i = 0; i < 2; ++i) CHECK(described((*again)[i]) == described((*texts)[i]));
}

TEST_CASE("a broken line is named") {
  const auto broken = read_doccano("{\"text\":\"a\"}\n{\"text\":\n");
  REQUIRE(!broken);
  CHECK(broken.error().where.starts_with("line 2"));
  CHECK(!read_spacy("{\"x\":1}\n"));
}
