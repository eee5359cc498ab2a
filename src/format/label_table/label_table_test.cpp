#include "format/label_table/label_table.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>

#include "base/canonical_json.hpp"

namespace consilium {
namespace {

const Protocol& note_protocol() {
  static const Protocol protocol = [] {
    const boost::json::value document = parse_json(R"({
      "schema": 1, "id": "notes", "version": "1.0.0", "title": "T", "authors": [{"name": "A"}],
      "clinical_question": "Q", "item_unit": "note", "modalities": ["NOTE"],
      "labels": [{"id": "problem", "name": "P", "definition": "D", "places": ["spans"],
        "concept": {"system": "SCT", "code": "55607006", "display": "Problem, \"any\""}}],
      "questions": [{"id": "kind", "name": "K", "prompt": "?", "level": "item",
        "answer": {"type": "choice", "choices": [{"id": "discharge", "name": "D",
          "concept": {"system": "LN", "code": "18842-5", "display": "Discharge summary"}}]}}]})")
                                            .value();
    return read_protocol(document).value();
  }();
  return protocol;
}

LabelRow made(const std::string& members) {
  LabelRow row;
  const auto body = parse_annotation(
      R"({"id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3b","item_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3c",)"
      R"("protocol":{"id":"notes","version":"1.0.0"},)" +
      members + "}");
  if (!body) FAIL(to_line(body.error()));
  row.annotation.body = *body;
  row.annotation.state = AnnotationState::Submitted;
  row.annotation.rater = {RaterId{}, RaterKind::Model, "tagger, 4"};
  row.annotation.created_at = {1'700'000'000'000};
  row.annotation.updated_at = {1'700'000'000'500};
  row.pseudonym = "P-0107";
  return row;
}

TEST_CASE("a span's row quotes what it must and says the same in CSV and JSON") {
  LabelRow row =
      made(R"("label":"problem","target":{"type":"spans","ranges":[[0,4]]},"attributes":{"a":"b"},)"
           R"("number":2,"measurements":{"long_axis":{"number":12,"unit":"mm"}})");
  row.reference = "lesion 2";
  row.item_date = "2024-03-11";
  row.surface = "two\r\nlines, \"quoted\"";
  const std::string csv = label_table_csv_row(note_protocol(), row).value();
  CHECK(csv ==
        "0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3b,0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3c,P-0107,"
        "00000000-0000-0000-0000-000000000000,\"tagger, 4\",model,notes,1.0.0,problem,SCT,55607006,"
        "\"Problem, \"\"any\"\"\",,,,\"{\"\"a\"\":\"\"b\"\"}\",spans,"
        "\"{\"\"ranges\"\":[[0,4]],\"\"type\"\":\"\"spans\"\"}\",\"two\r\nlines, \"\"quoted\"\"\",,"
        "2023-11-14T22:13:20.000Z,2023-11-14T22:13:20.500Z,1,submitted,label,"
        "finding,lesion "
        "2,2024-03-11,2,\"{\"\"long_axis\"\":{\"\"number\"\":12,\"\"unit\"\":\"\"mm\"\"}}\"\r\n");
  const auto json = parse_json(label_table_json_row(note_protocol(), row).value());
  REQUIRE(json);
  CHECK(json->at("text").as_string() == *row.surface);
  CHECK(json->at("target").at("type").as_string() == "spans");
  CHECK(json->at("question").is_null());
  CHECK(json->at("revision").as_int64() == 1);
  std::string names;
  for (const auto& column : json->as_object()) names += std::string(column.key()) + ",";
  CHECK(names.size() == label_table_header().size() - 1);  // the same names, in canonical order
}

TEST_CASE("an answer carries the code of its choice, and a quantity its unit") {
  const auto json_of = [](const std::string& members) {
    return parse_json(label_table_json_row(note_protocol(), made(members)).value()).value();
  };
  const auto answered =
      json_of(R"("question":"kind","target":{"type":"whole"},"value":"discharge")");
  CHECK(answered.at("code").as_string() == "18842-5");
  CHECK(answered.at("value").as_string() == "discharge");
  const auto unsure = json_of(R"("question":"kind","target":{"type":"whole"},"value":"unsure")");
  CHECK(unsure.at("code").is_null());
  const auto measured =
      json_of(R"("label":"problem","target":{"type":"whole"},"value":{"number":12.5,"unit":"mm"})");
  CHECK(measured.at("value").as_double() == 12.5);
  CHECK(measured.at("unit").as_string() == "mm");
  CHECK(measured.at("level").as_string() == "item");
  const auto of_frame =
      json_of(R"("question":"kind","value":"discharge","target":{"type":"frame","series_id":)"
              R"("0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","instance_uid":"1.2","frame":4})");
  CHECK(of_frame.at("level").as_string() == "frame");
}

}  // namespace
}  // namespace consilium
