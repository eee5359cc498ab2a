// Events, chains and relations: labels that join other labels.
#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "domain/protocol/validate_annotation.hpp"
#include "domain/protocol/validated_examples.hpp"

namespace consilium {
namespace {

const std::string joining_protocol = R"({
    "schema": 1, "id": "ct", "version": "1.0.0", "title": "T", "authors": [{"name": "A"}],
    "clinical_question": "Q", "item_unit": "note", "modalities": ["NOTE"],
    "labels": [
      {"id": "word", "name": "W", "definition": "D", "places": ["spans"]},
      {"id": "drug", "name": "M", "definition": "D", "places": ["spans"]},
      {"id": "plan", "name": "P", "definition": "D", "places": ["spans"], "level": "section"},
      {"id": "change", "name": "C", "definition": "D", "places": ["event"],
       "event": {"trigger": {"labels": ["word"]}, "roles": [
         {"id": "what", "name": "What", "labels": ["drug", "change"], "min": 1, "max": 2},
         {"id": "then", "name": "Then", "labels": ["change"]}]}},
      {"id": "same", "name": "S", "definition": "D", "places": ["chain"],
       "chain": {"labels": ["drug"], "max": 3}}]})";

TEST_CASE("events and chains join what their labels say, and a submission lacks nothing") {
  const Protocol protocol = parsed(joining_protocol);
  CHECK(protocol.label("plan")->level == SpanLevel::Section);
  const auto span = [](const std::string& label, int n) {
    return made(R"("label":")" + label + R"(","target":{"type":"spans","ranges":[[0,2]]})", n);
  };
  const Annotation word = span("word", 1);
  const std::vector<Annotation> drugs = {span("drug", 2), span("drug", 3), span("drug", 4),
                                         span("drug", 5)};
  const auto event = [](std::optional<AnnotationId> trigger, std::vector<EventArgument> arguments,
                        int n) {
    Annotation made_event = made(R"("label":"change","target":{"type":"whole"})", n);
    made_event.target = EventTarget{trigger, std::move(arguments)};
    return made_event;
  };
  const auto chain = [&](std::size_t count) {
    Annotation made_chain = made(R"("label":"same","target":{"type":"whole"})", 8);
    ChainTarget target;
    for (std::size_t i = 0; i < count; ++i) target.members.push_back(drugs[i].id);
    made_chain.target = target;
    return made_chain;
  };
  using Paths = std::vector<std::string>;
  const auto paths = [&](std::vector<Annotation> extra, Stage stage) {
    std::vector<Annotation> all = {word};
    all.insert(all.end(), drugs.begin(), drugs.end());
    all.insert(all.end(), extra.begin(), extra.end());
    Paths found;
    for (const auto& one : validate_item(protocol, {}, all, stage)) found.push_back(one.path);
    return found;
  };
  const Annotation whole_event = event(word.id, {{"what", drugs[0].id}}, 6);
  CHECK(paths({whole_event, chain(2)}, Stage::Submission) == Paths{});
  CHECK(paths({event({}, {}, 6), chain(1)}, Stage::Draft) == Paths{});
  CHECK(paths({event({}, {}, 6), chain(1)}, Stage::Submission) ==
        Paths{"/5/target/trigger", "/5/target/arguments", "/6/target/members"});
  CHECK(paths({chain(4)}, Stage::Draft) == Paths{"/5/target/members"});
  CHECK(paths({event(drugs[0].id, {{"who", drugs[0].id}}, 6)}, Stage::Draft) ==
        Paths{"/5/target/trigger", "/5/target/arguments/0/role"});
  CHECK(paths({event(word.id, {{"what", word.id}}, 6)}, Stage::Draft) ==
        Paths{"/5/target/arguments/0/annotation"});
  CHECK(paths({event(word.id, {{"what", drugs[0].id}, {"what", drugs[1].id}, {"what", drugs[2].id}},
                     6)},
              Stage::Draft) == Paths{"/5/target/arguments/2/role"});
  const Annotation gone = span("drug", 9);
  CHECK(paths({event(word.id, {{"what", gone.id}}, 6)}, Stage::Draft) ==
        Paths{"/5/target/arguments/0/annotation"});
  // An event may be an argument of another, but not lead back to itself.
  const Annotation outer = event(word.id, {{"what", drugs[0].id}, {"then", whole_event.id}}, 7);
  CHECK(paths({whole_event, outer}, Stage::Submission) == Paths{});
  const Annotation back = event(word.id, {{"what", drugs[0].id}, {"then", outer.id}}, 6);
  CHECK(paths({back, outer}, Stage::Draft) == Paths{"/6/target/arguments/1/annotation"});
  const Annotation self = event(word.id, {{"what", drugs[0].id}, {"then", back.id}}, 6);
  CHECK(paths({self}, Stage::Draft) == Paths{"/5/target/arguments/1/annotation"});
}

TEST_CASE("a protocol says of events and chains what they join, and of no other label") {
  struct Case {
    std::string_view from;
    std::string_view to;
    std::string_view where;
  };
  const Case cases[] = {
      {R"("labels": ["word"]})", R"("labels": ["nothing"]})", "/labels/3/event/trigger/labels/0"},
      {R"("places": ["chain"])", R"("places": ["chain", "spans"])", "/labels/4/places"},
      {R"("places": ["chain"])", R"("places": ["spans"])", "/labels/4/chain"},
      {R"("id": "then")", R"("id": "what")", "/labels/3/event/roles/1/id"},
      {R"("max": 2)", R"("max": 0)", "/labels/3/event/roles/0/max"},
      {R"("min": 1, "max": 2)", R"("min": 2, "max": 1)", "/labels/3/event/roles/0/max"},
      {R"("labels": ["drug"], "max": 3)", R"("max": 3)", "/labels/4/chain/labels"},
      {R"("places": ["event"])", R"("places": ["event"], "level": "section")", "/labels/3/level"},
      {R"("places": ["event"])", R"("places": ["event"], "level": "sentence")", "/labels/3/level"},
      {R"("item_unit": "note", "modalities": ["NOTE"])",
       R"("item_unit": "recording", "modalities": ["ECG"])", "/labels/3/places/0"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.to);
    std::string text = joining_protocol;
    const auto at = text.find(one.from);
    REQUIRE(at != std::string::npos);
    text.replace(at, one.from.size(), one.to);
    std::vector<std::string> found;
    const auto read = read_protocol(parse_json(text).value());
    REQUIRE_FALSE(read);
    for (const Violation& violation : read.error()) found.push_back(violation.path);
    CHECK(std::ranges::find(found, one.where) != found.end());
  }
}

TEST_CASE("a relation joins what its label says it joins") {
  const Protocol protocol = parsed(R"({
    "schema": 1, "id": "ct", "version": "1.0.0", "title": "T", "authors": [{"name": "A"}],
    "clinical_question": "Q", "item_unit": "note", "modalities": ["NOTE"],
    "labels": [
      {"id": "dose", "name": "D", "definition": "D", "places": ["spans"]},
      {"id": "drug", "name": "M", "definition": "D", "places": ["spans"], "excludes": ["dose"]},
      {"id": "dose_of", "name": "O", "definition": "D", "places": ["relation"],
       "relates": {"from": ["dose"], "to": ["drug"]}}]})");
  const ItemFacts facts{.unit = ItemUnit::Note,
                        .patient = {},
                        .study = {},
                        .series = {},
                        .frames = {},
                        .code_point_count = 20,
                        .channels = {},
                        .tick_count = {}};
  const Annotation dose =
      made(R"("label":"dose","target":{"type":"spans","ranges":[[0,2],[9,12]]})", 1);
  const Annotation drug = made(R"("label":"drug","target":{"type":"spans","ranges":[[3,9]]})", 2);
  const auto relation = [](const Annotation& from, const Annotation& to) {
    return made(std::string(R"("label":"dose_of","target":{"type":"relation","from":")") +
                    to_string(from.id) + R"(","to":")" + to_string(to.id) + R"("})",
                3);
  };
  const auto paths = [&](const std::vector<Annotation>& all) {
    std::vector<std::string> found;
    for (const auto& one : validate_item(protocol, facts, all, Stage::Submission)) {
      found.push_back(one.path);
    }
    return found;
  };
  using Paths = std::vector<std::string>;
  CHECK(paths({dose, drug, relation(dose, drug)}) == Paths{});
  CHECK(paths({dose, drug, relation(drug, dose)}) == Paths{"/2/target/from", "/2/target/to"});
  CHECK(paths({dose, relation(dose, drug)}) == Paths{"/1/target/to"});
  const Annotation nested = made(R"("label":"drug","target":{"type":"spans","ranges":[[1,3]]})", 4);
  CHECK(paths({dose, nested}) == Paths{"/1/target"});
  const Annotation outside = made(R"("label":"drug","target":{"type":"spans","ranges":[[18,21]]})");
  CHECK(validate_annotation(protocol, facts, outside, Stage::Draft).front().path ==
        "/target/ranges/0");
}

}  // namespace
}  // namespace consilium
