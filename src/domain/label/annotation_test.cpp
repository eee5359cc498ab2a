#include "domain/label/annotation.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>

#include "base/canonical_json.hpp"
#include "domain/label/coded_concept.hpp"
#include "domain/label/json_fields.hpp"
#include "domain/label/stored_annotation.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

const std::string head =
    R"("id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3b","item_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3c",)"
    R"("protocol":{"id":"chest-ct-nodule","version":"1.0.0"},)";

std::string with_target(const std::string& target) {
  return "{" + head + R"("label":"nodule","target":)" + target + "}";
}

TEST_CASE("every kind of target survives the way to canonical JSON and back") {
  const std::string targets[] = {
      R"({"type":"whole"})",
      R"({"type":"series","series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d"})",
      R"({"type":"region","series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","instance_uid":"1.2.3","frame":2,"geometry":{"kind":"polygon","points":[[0,0],[10.5,0.25],[3,-0.5]]}})",
      R"({"type":"region","series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","instance_uid":"1.2.3","frame":0,"geometry":{"kind":"point","points":[[1e-7,123456.75]]}})",
      R"({"type":"region","series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","instance_uid":"1.2.3","frame":0,"geometry":{"kind":"box","points":[[1,2],[3,4]]}})",
      R"({"type":"region","series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","instance_uid":"1.2.3","frame":0,"geometry":{"kind":"ellipse","points":[[0,5],[10,5],[5,3],[5,7]]}})",
      R"({"type":"region","series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","instance_uid":"1.2.3","frame":0,"geometry":{"kind":"length","points":[[0,5],[10,5]]}})",
      R"({"type":"region","series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","instance_uid":"1.2.3","frame":0,"geometry":{"kind":"polyline","points":[[0,5],[10,5]]}})",
      R"({"type":"mask","grid_id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","segment":3})",
      R"({"type":"space","series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","geometry":{"kind":"polygon","points":[[0,0,-3.25],[10,0,-3.25],[10,4,1.5]]}})",
      R"({"type":"space","series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","geometry":{"kind":"cobb","points":[[0,0,0],[9,1,3],[0,20,0],[9,24,3]]}})",
      R"({"type":"space","series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","geometry":{"kind":"cuboid","points":[[1,2,3],[5,2,3],[1,8,3],[1,2,-4]]}})",
      R"({"type":"spans","ranges":[[0,4],[9,12],[12,13]]})",
      R"({"type":"relation","from":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","to":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3e"})",
      R"({"type":"event","trigger":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","arguments":[{"role":"drug","annotation":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3e"},{"role":"dose","annotation":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3e"}]})",
      R"({"type":"event","trigger":null,"arguments":[{"role":"drug","annotation":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3e"}]})",
      R"({"type":"event","trigger":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","arguments":[]})",
      R"({"type":"chain","members":["0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3e","0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d"]})",
      R"({"type":"sample","tick":123,"channel":null})",
      R"({"type":"sample","tick":0,"channel":"II"})",
      R"({"type":"interval","begin_tick":1,"end_tick":2,"channels":[]})",
      R"({"type":"interval","begin_tick":1,"end_tick":null,"channels":["II","V1"]})"};
  for (const std::string& target : targets) {
    CAPTURE(target);
    const auto annotation = parse_annotation(with_target(target));
    if (!annotation) FAIL(to_line(annotation.error()));
    const auto written = canonical_annotation(*annotation);
    REQUIRE(written);
    const auto again = parse_annotation(*written);
    REQUIRE(again);
    CHECK(*again == *annotation);
    CHECK(canonical_annotation(*again).value() == *written);
    const json::value sent = parse_json(target).value();
    CHECK(canonical_json(target_json(annotation->target)).value() == canonical_json(sent).value());
  }
}

TEST_CASE("events and chains that say nothing or one thing twice are refused, with the place") {
  const std::string a = R"("0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d")";
  const std::string drug = R"({"role":"drug","annotation":)" + a + "}";
  struct Case {
    std::string target;
    std::string where;
  };
  const Case cases[] = {
      {R"({"type":"event","trigger":null,"arguments":[]})", "/target/arguments"},
      {R"({"type":"event","trigger":"x","arguments":[]})", "/target/trigger"},
      {R"({"type":"event","arguments":[)" + drug + "," + drug + "]}", "/target/arguments/1"},
      {R"({"type":"event","arguments":[{"annotation":)" + a + "}]}", "/target/arguments/0"},
      {R"({"type":"event","arguments":[{"role":"","annotation":)" + a + "}]}",
       "/target/arguments/0/role"},
      {R"({"type":"event","arguments":[{"role":"r","annotation":)" + a + R"(,"x":1}]})",
       "/target/arguments/0/x"},
      {R"({"type":"chain","members":[]})", "/target/members"},
      {R"({"type":"chain"})", "/target"},
      {R"({"type":"chain","members":[1]})", "/target/members/0"},
      {R"({"type":"chain","members":[)" + a + "," + a + "]}", "/target/members/1"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.target);
    const auto read = parse_annotation(with_target(one.target));
    REQUIRE_FALSE(read);
    CHECK(read.error().where == one.where);
  }
  std::string many = R"({"type":"event","arguments":[)";
  for (int i = 0; i < 257; ++i) many += (i == 0 ? "" : ",") + drug;
  CHECK(parse_annotation(with_target(many + "]}")).error().what.contains("more than 256"));
}

TEST_CASE("what a target joins is renamed at every place") {
  const auto id = [](int last) {
    return parse_id<AnnotationId>("0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3" + std::to_string(last))
        .value();
  };
  const std::map<AnnotationId, AnnotationId> renamed{{id(1), id(5)}, {id(2), id(6)}};
  CHECK(joined_by(rejoined(RelationTarget{id(1), id(3)}, renamed)) == std::vector{id(5), id(3)});
  CHECK(joined_by(rejoined(ChainTarget{{id(3), id(2), id(1)}}, renamed)) ==
        std::vector{id(3), id(6), id(5)});
  CHECK(joined_by(rejoined(EventTarget{id(1), {{"a", id(2)}, {"b", id(4)}}}, renamed)) ==
        std::vector{id(5), id(6), id(4)});
  CHECK(joined_by(WholeTarget{}).empty());
}

TEST_CASE("every kind of value and attribute survives") {
  for (const char* value : {"null", "\"likely\"", "\"unsure\"", "4", "0.5", "-1e300", "true",
                            R"(["a","b"])", R"({"number":12.1,"unit":"mm"})"}) {
    CAPTURE(value);
    const std::string attribute =
        std::string(value) == "null" ? std::string{} : R"("x":)" + std::string(value);
    const auto annotation = parse_annotation(
        "{" + head + R"("label":null,"question":"malignancy","target":{"type":"whole"},"value":)" +
        value + R"(,"attributes":{)" + attribute + R"(},"comment":"two\nlines"})");
    if (!annotation) FAIL(to_line(annotation.error()));
    const auto again = parse_annotation(canonical_annotation(*annotation).value());
    REQUIRE(again);
    CHECK(*again == *annotation);
    CHECK(canonical_json(answer_json(annotation->value)).value() ==
          canonical_json(parse_json(value).value()).value());
  }
}

TEST_CASE("a finding keeps its number and what it measured") {
  const std::string series = R"("series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d")";
  for (const char* geometry : {R"({"kind":"bidirectional","points":[[0,0],[9,0],[4,-2],[4,2]]})",
                               R"({"kind":"angle","points":[[0,0],[5,0],[5,5]]})",
                               R"({"kind":"cobb","points":[[0,0],[9,1],[0,20],[9,24]]})",
                               R"({"kind":"rotated_box","points":[[0,2],[2,0],[6,4],[4,6]]})"}) {
    CAPTURE(geometry);
    const auto annotation = parse_annotation(
        "{" + head + R"("label":"nodule","target":{"type":"region",)" + series +
        R"(,"instance_uid":"1.2.3","frame":0,"geometry":)" + geometry +
        R"(},"number":7,"measurements":{"long_axis":{"number":12.1,"unit":"mm"}}})");
    if (!annotation) FAIL(to_line(annotation.error()));
    CHECK(annotation->number == 7);
    CHECK(annotation->measurements.at("long_axis") == Quantity{.number = 12.1, .unit = "mm"});
    const auto again = parse_annotation(canonical_annotation(*annotation).value());
    REQUIRE(again);
    CHECK(*again == *annotation);
  }
  const auto without =
      parse_annotation("{" + head + R"("label":"x","target":{"type":"whole"}})").value();
  CHECK(canonical_annotation(without)->find("number\"") == std::string::npos);
  CHECK(canonical_annotation(without)->find("measurements") == std::string::npos);
}

TEST_CASE("what breaks the shape is refused with its place") {
  struct Case {
    std::string name;
    std::string text;
    std::string where;
  };
  const std::string series = R"("series_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d")";
  const auto region = [&](const std::string& geometry) {
    return with_target(R"({"type":"region",)" + series +
                       R"(,"instance_uid":"1.2.3","frame":0,"geometry":)" + geometry + "}");
  };
  const auto space = [&](const std::string& geometry) {
    return with_target(R"({"type":"space",)" + series + R"(,"geometry":)" + geometry + "}");
  };
  const Case cases[] = {
      {"a shape in space by pixels", space(R"({"kind":"length","points":[[0,0],[1,1]]})"),
       "/target/geometry/points/0"},
      {"a polygon that is not flat",
       space(R"({"kind":"polygon","points":[[0,0,0],[10,0,0],[10,10,0],[0,10,5]]})"),
       "/target/geometry/points"},
      {"a cuboid without a volume",
       space(R"({"kind":"cuboid","points":[[0,0,0],[1,0,0],[0,1,0],[1,1,0]]})"),
       "/target/geometry/points"},
      {"a cuboid on a frame", region(R"({"kind":"cuboid","points":[[0,0],[1,0],[0,1],[1,1]]})"),
       "/target/geometry/kind"},
      {"a place out of this world", space(R"({"kind":"point","points":[[0,0,1e9]]})"),
       "/target/geometry/points/0"},
      {"no target", "{" + head + R"("label":"nodule"})", "the whole document"},
      {"neither label nor question", "{" + head + R"("target":{"type":"whole"}})",
       "the whole document"},
      {"a misspelt member", "{" + head + R"("lable":"x","label":"y","target":{"type":"whole"}})",
       "/lable"},
      {"an unknown target", with_target(R"({"type":"circle"})"), "/target/type"},
      {"a reversed range", with_target(R"({"type":"spans","ranges":[[0,1],[5,3]]})"),
       "/target/ranges/1"},
      {"overlapping ranges", with_target(R"({"type":"spans","ranges":[[0,4],[3,6]]})"),
       "/target/ranges/1"},
      {"an empty range", with_target(R"({"type":"spans","ranges":[[4,4]]})"), "/target/ranges/0"},
      {"a fractional offset", with_target(R"({"type":"spans","ranges":[[0,1.5]]})"),
       "/target/ranges/0"},
      {"no range", with_target(R"({"type":"spans","ranges":[]})"), "/target/ranges"},
      {"two points for a point", region(R"({"kind":"point","points":[[0,0],[1,1]]})"),
       "/target/geometry/points"},
      {"two points for a polygon", region(R"({"kind":"polygon","points":[[0,0],[1,1]]})"),
       "/target/geometry/points"},
      {"a box turned round", region(R"({"kind":"box","points":[[3,4],[1,2]]})"),
       "/target/geometry/points"},
      {"a length of nothing", region(R"({"kind":"length","points":[[3,4],[3,4]]})"),
       "/target/geometry/points"},
      {"an angle of two points", region(R"({"kind":"angle","points":[[0,0],[1,1]]})"),
       "/target/geometry/points"},
      {"an angle without a side", region(R"({"kind":"angle","points":[[0,0],[0,0],[1,1]]})"),
       "/target/geometry/points"},
      {"a Cobb angle of one line", region(R"({"kind":"cobb","points":[[0,0],[9,1],[5,5],[5,5]]})"),
       "/target/geometry/points"},
      {"a long axis of nothing",
       region(R"({"kind":"bidirectional","points":[[2,2],[2,2],[1,1],[3,3]]})"),
       "/target/geometry/points"},
      {"a rotated box that is none",
       region(R"({"kind":"rotated_box","points":[[0,0],[4,0],[4,4],[0,9]]})"),
       "/target/geometry/points"},
      {"a measurement without a unit",
       "{" + head + R"("label":"x","target":{"type":"whole"},"measurements":{"area":12}})",
       "/measurements/area"},
      {"a finding's number of 0",
       "{" + head + R"("label":"x","target":{"type":"whole"},"number":0})", "/number"},
      {"a point of three numbers", region(R"({"kind":"point","points":[[3,4,5]]})"),
       "/target/geometry/points/0"},
      {"segment 0",
       with_target(
           R"({"type":"mask","grid_id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","segment":0})"),
       "/target/segment"},
      {"a short grid id", with_target(R"({"type":"mask","grid_id":"01","segment":1})"),
       "/target/grid_id"},
      {"a negative tick", with_target(R"({"type":"sample","tick":-1,"channel":null})"),
       "/target/tick"},
      {"an empty interval",
       with_target(R"({"type":"interval","begin_tick":5,"end_tick":5,"channels":[]})"),
       "/target/end_tick"},
      {"a channel twice",
       with_target(R"({"type":"interval","begin_tick":5,"end_tick":6,"channels":["II","II"]})"),
       "/target/channels"},
      {"a relation to itself",
       with_target(
           R"({"type":"relation","from":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d","to":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d"})"),
       "/target/to"},
      {"an id that is none", R"({"id":"7","item_id":"8","protocol":{"id":"a","version":"1.0.0"}})",
       "/id"},
      {"a quantity without a unit",
       "{" + head + R"("question":"q","target":{"type":"whole"},"value":{"number":3}})", "/value"},
      {"an attribute of null",
       "{" + head + R"("label":"q","target":{"type":"whole"},"attributes":{"a/b":null}})",
       "/attributes/a~1b"},
      {"not an object", "[]", "the whole document"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const auto annotation = parse_annotation(one.text);
    REQUIRE_FALSE(annotation.has_value());
    CHECK(annotation.error().code == ErrorCode::InvalidInput);
    CHECK(annotation.error().where == one.where);
  }
}

TEST_CASE("a stored annotation survives, and its JSON may be sent back as a body") {
  StoredAnnotation stored;
  stored.body = parse_annotation(with_target(R"({"type":"spans","ranges":[[2,5]]})")).value();
  stored.revision = 3;
  stored.state = AnnotationState::Submitted;
  stored.rater = {parse_id<RaterId>("0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3f").value(),
                  RaterKind::Dictionary, "drug terms 4"};
  stored.created_at = {1'700'000'000'000};
  stored.updated_at = {1'700'000'001'250};
  const json::value written = stored_annotation_json(stored);
  CHECK(read_stored_annotation(written).value() == stored);
  CHECK(read_annotation(written).value() == stored.body);
}

TEST_CASE("a surface joins the fragments of a discontinuous span") {
  const auto text = CanonicalText::from_utf8("br\xC3\xB6st and ov cancers").value();
  const auto surface = quoted_surface(SpansTarget{{{0, 5}, {13, 20}}}, text)
                           .value()
                           .reveal(AuditedAccess::event_recorded());
  CHECK(surface == "br\xC3\xB6st ... cancers");
  CHECK_FALSE(quoted_surface(SpansTarget{{{0, 99}}}, text).has_value());
}

TEST_CASE("names of places, raters and states read back") {
  for (int i = 0; i <= static_cast<int>(PlaceKind::Interval); ++i) {
    const auto kind = static_cast<PlaceKind>(i);
    CHECK(place_kind_named(name_of(kind)) == kind);
  }
  for (int i = 0; i <= static_cast<int>(RaterKind::Migration); ++i) {
    const auto kind = static_cast<RaterKind>(i);
    CHECK(rater_kind_named(name_of(kind)) == kind);
  }
  CHECK_FALSE(place_kind_named("circle").has_value());
  CHECK(fhir_system_uri("SCT") == "http://snomed.info/sct");
  CHECK(fhir_system_uri("99LOCAL").empty());
}

}  // namespace

TEST_CASE("a picked concept comes back as it was, and half a one is refused") {
  const auto read = [](std::string_view text) {
    return read_answer(boost::json::parse(boost::json::string_view(text.data(), text.size())),
                       "/value");
  };
  const auto answer = read(
      R"({"system":"SCT","code":"22298006","display":"Myocardial infarction","version":"2026"})");
  REQUIRE(answer.has_value());
  CHECK(std::get<CodedConcept>(*answer) == CodedConcept{.system = "SCT",
                                                        .code = "22298006",
                                                        .version = "2026",
                                                        .display = "Myocardial infarction"});
  CHECK(read_answer(answer_json(*answer), "/value").value() == *answer);
  for (const char* wrong : {R"({"system":"SCT","code":"1"})", R"({"code":"1","display":"x"})",
                            R"({"system":"SCT","code":"1","display":"x","unit":"mm"})"}) {
    CAPTURE(wrong);
    CHECK(read(wrong).error().code == ErrorCode::InvalidInput);
  }
}

}  // namespace consilium
