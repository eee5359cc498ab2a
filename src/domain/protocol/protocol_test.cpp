#include "domain/protocol/protocol.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/canonical_json.hpp"
#include "domain/protocol/validate_annotation.hpp"
#include "domain/protocol/validated_examples.hpp"

namespace consilium {
namespace {

const std::string image_protocol = R"({
  "schema": 1, "id": "ct", "version": "1.0.0", "title": "T", "authors": [{"name": "A"}],
  "clinical_question": "Q", "item_unit": "study", "modalities": ["CT"],
  "attributes": [
    {"id": "kind", "name": "K", "answer": {"type": "choice", "allow": ["unsure"],
      "choices": [{"id": "solid", "name": "S"}, {"id": "glass", "name": "G"}]}},
    {"id": "calcium", "name": "C", "answer": {"type": "bool"}},
    {"id": "signs", "name": "S", "answer": {"type": "choice", "many": true,
      "choices": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]}}],
  "labels": [
    {"id": "nodule", "name": "N", "definition": "D", "places": ["mask", "box"], "excludes": ["mass"],
     "attributes": [{"id": "kind", "required": true},
                    {"id": "calcium", "required_if": {"of": "kind", "is": ["solid"]}}, "signs"]},
    {"id": "mass", "name": "M", "definition": "D", "places": ["mask", "box"]},
    {"id": "diameter", "name": "L", "definition": "D", "places": ["length"],
     "value": {"type": "number", "unit": "mm", "min": 1, "max": 300}}],
  "questions": [
    {"id": "present", "name": "P", "prompt": "?", "level": "item", "required": true,
     "answer": {"type": "bool", "allow": ["unsure", "not_evaluable"]}},
    {"id": "grade", "name": "G", "prompt": "?", "level": "item",
     "required_if": {"of": "present", "is": [true]},
     "answer": {"type": "choice", "choices": [{"id": "1", "name": "1"}, {"id": "2", "name": "2"}]}},
    {"id": "usable", "name": "U", "prompt": "?", "level": "series", "required": true,
     "answer": {"type": "bool"}},
    {"id": "sure", "name": "S", "prompt": "?", "level": "finding", "labels": ["nodule"],
     "required_if": {"of": "present", "is": [true]}, "answer": {"type": "bool"}}]})";

constexpr const char* series_text = "0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3d";

constexpr const char* patient_text = "0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a4d";
constexpr const char* study_text = "0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a5d";

std::string target_of(const std::string& kind) {
  if (kind == "whole") return R"({"type":"whole"})";
  if (kind == "series")
    return std::string(R"({"type":"series","series_id":")") + series_text + "\"}";
  if (kind == "patient") {
    return std::string(R"({"type":"patient","patient_id":")") + patient_text + "\"}";
  }
  if (kind == "study") {
    return std::string(R"({"type":"study","study_id":")") + study_text + "\"}";
  }
  if (kind == "instance" || kind == "frame") {
    return R"({"type":")" + kind + R"(","series_id":")" + series_text +
           R"(","instance_uid":"1.2")" + (kind == "frame" ? R"(,"frame":1})" : "}");
  }
  if (kind == "mask") {
    return R"({"type":"mask","grid_id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","segment":1})";
  }
  const std::string points = kind == "point" ? "[[1,2]]" : "[[1,2],[3,4]]";
  return std::string(R"({"type":"region","series_id":")") + series_text +
         R"(","instance_uid":"1.2","frame":0,"geometry":{"kind":")" + kind + R"(","points":)" +
         points + "}}";
}

ItemFacts study_facts() {
  return {.unit = ItemUnit::Study,
          .patient = parse_id<PatientId>(patient_text).value(),
          .study = parse_id<StudyId>(study_text).value(),
          .series = {parse_id<SeriesId>(series_text).value()},
          .frames = {{.series_id = parse_id<SeriesId>(series_text).value(),
                      .instance_uid = "1.2",
                      .frame_index = 0},
                     {.series_id = parse_id<SeriesId>(series_text).value(),
                      .instance_uid = "1.2",
                      .frame_index = 1}},
          .code_point_count = {},
          .channels = {},
          .tick_count = {}};
}

TEST_CASE("an annotation is allowed or refused with its place, draft and submission apart") {
  struct Case {
    std::string name;
    std::string members;
    std::vector<std::string> draft;       // paths of violations
    std::vector<std::string> submission;  // the same, when submitting
  };
  const auto finding = [](const std::string& label, const std::string& kind,
                          const std::string& rest = "") {
    return R"("label":")" + label + R"(","target":)" + target_of(kind) + rest;
  };
  const auto answer = [](const std::string& question, const std::string& kind,
                         const std::string& value) {
    return R"("question":")" + question + R"(","target":)" + target_of(kind) + R"(,"value":)" +
           value;
  };
  const Case cases[] = {
      {"a complete finding",
       finding("nodule", "mask", R"(,"attributes":{"kind":"glass"})"),
       {},
       {}},
      {"a finding without its required attribute", finding("nodule", "mask"), {}, {"/attributes"}},
      {"required-if holds",
       finding("nodule", "box", R"(,"attributes":{"kind":"solid"})"),
       {},
       {"/attributes"}},
      {"required-if is met",
       finding("nodule", "box", R"(,"attributes":{"kind":"solid","calcium":false})"),
       {},
       {}},
      {"an unsure attribute",
       finding("nodule", "box", R"(,"attributes":{"kind":"unsure"})"),
       {},
       {}},
      {"a reserved answer that is not allowed",
       finding("nodule", "box", R"(,"attributes":{"kind":"absent"})"),
       {"/attributes/kind"},
       {"/attributes/kind"}},
      {"an unknown label", finding("tumour", "box"), {"/label"}, {"/label"}},
      {"a place that is not the label's", finding("mass", "point"), {"/target"}, {"/target"}},
      {"a label on the whole study", finding("mass", "whole"), {"/target"}, {"/target"}},
      {"a label absent from the whole study",
       finding("nodule", "whole", R"(,"value":"absent")"),
       {},
       {}},
      {"a label unsure on a series", finding("nodule", "series", R"(,"value":"unsure")"), {}, {}},
      {"absent at one place",
       finding("mass", "box", R"(,"value":"absent")"),
       {"/value"},
       {"/value"}},
      {"an attribute of another label",
       finding("mass", "box", R"(,"attributes":{"kind":"solid"})"),
       {"/attributes/kind"},
       {"/attributes/kind"}},
      {"an unknown choice",
       finding("nodule", "box", R"(,"attributes":{"kind":"liquid"})"),
       {"/attributes/kind"},
       {"/attributes/kind"}},
      {"several choices where one is allowed",
       finding("nodule", "box", R"(,"attributes":{"kind":["solid","glass"]})"),
       {"/attributes/kind"},
       {"/attributes/kind", "/attributes"}},
      {"several choices where several are",
       finding("nodule", "box", R"(,"attributes":{"kind":"glass","signs":["a","b"]})"),
       {},
       {}},
      {"a choice made twice",
       finding("nodule", "box", R"(,"attributes":{"kind":"glass","signs":["a","a"]})"),
       {"/attributes/signs"},
       {"/attributes/signs"}},
      {"a measured length",
       finding("diameter", "length", R"(,"value":{"number":12.1,"unit":"mm"})"),
       {},
       {}},
      {"a length in another unit",
       finding("diameter", "length", R"(,"value":{"number":1.21,"unit":"cm"})"),
       {"/value"},
       {"/value"}},
      {"a length without its unit",
       finding("diameter", "length", R"(,"value":12.1)"),
       {"/value"},
       {"/value"}},
      {"a length out of range",
       finding("diameter", "length", R"(,"value":{"number":301,"unit":"mm"})"),
       {"/value"},
       {"/value"}},
      {"a value on a label that has none",
       finding("mass", "box", R"(,"value":3)"),
       {"/value"},
       {"/value"}},
      {"an answer on the study", answer("present", "whole", "true"), {}, {}},
      {"a reserved answer", answer("present", "whole", "\"not_evaluable\""), {}, {}},
      {"an empty answer", answer("present", "whole", "null"), {}, {"/value"}},
      {"an answer of another type", answer("present", "whole", "\"yes\""), {"/value"}, {"/value"}},
      {"an answer on a series of a question on the study",
       answer("present", "series", "true"),
       {"/target"},
       {"/target"}},
      {"an answer on a series", answer("usable", "series", "false"), {}, {}},
      {"an unknown question", answer("nope", "whole", "1"), {"/question"}, {"/question"}},
      {"a question on findings, asked of the study",
       answer("sure", "whole", "true"),
       {"/question"},
       {"/question"}},
  };
  const Protocol protocol = parsed(image_protocol);
  const auto paths = [&](const Annotation& annotation, Stage stage) {
    std::vector<std::string> all;
    for (const Violation& one : validate_annotation(protocol, study_facts(), annotation, stage)) {
      all.push_back(one.path);
    }
    return all;
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const Annotation annotation = made(one.members);
    CHECK(paths(annotation, Stage::Draft) == one.draft);
    CHECK(paths(annotation, Stage::Submission) == one.submission);
  }
}

TEST_CASE("an annotation of another protocol, version, series or item is refused") {
  const Protocol protocol = parsed(image_protocol);
  Annotation annotation = made(R"("label":"mass","target":)" + target_of("box"));
  const auto first_path = [&](const ItemFacts& facts) {
    const auto all = validate_annotation(protocol, facts, annotation, Stage::Draft);
    return all.empty() ? std::string("none") : all.front().path;
  };
  ItemFacts facts = study_facts();
  CHECK(first_path(facts) == "none");
  facts.series = {SeriesId{}};
  CHECK(first_path(facts) == "/target/series_id");
  facts = study_facts();
  facts.unit = ItemUnit::Note;
  CHECK(first_path(facts) == "");
  facts = study_facts();
  annotation.protocol.version = "1.1.0";
  CHECK(first_path(facts) == "/protocol/version");
  annotation.protocol.id = "mr";
  CHECK(first_path(facts) == "/protocol/id");
}

std::vector<std::string> item_paths(const Protocol& protocol,
                                    const std::vector<Annotation>& annotations, Stage stage) {
  std::vector<std::string> all;
  for (const Violation& one : validate_item(protocol, study_facts(), annotations, stage)) {
    all.push_back(one.path);
  }
  return all;
}

TEST_CASE("an item lacks what its answers make required") {
  const Protocol protocol = parsed(image_protocol);
  const Annotation present =
      made(R"("question":"present","value":true,"target":)" + target_of("whole"), 1);
  const Annotation usable =
      made(R"("question":"usable","value":true,"target":)" + target_of("series"), 2);
  const Annotation grade =
      made(R"("question":"grade","value":"2","target":)" + target_of("whole"), 3);
  const Annotation nodule =
      made(R"("label":"nodule","attributes":{"kind":"glass"},"target":)" + target_of("box"), 4);
  using Paths = std::vector<std::string>;
  CHECK(item_paths(protocol, {}, Stage::Draft) == Paths{});
  CHECK(item_paths(protocol, {}, Stage::Submission) == Paths{"", ""});  // present, usable
  CHECK(item_paths(protocol, {present, usable}, Stage::Submission) == Paths{""});  // grade
  CHECK(item_paths(protocol, {present, usable, grade}, Stage::Submission) == Paths{});
  CHECK(item_paths(protocol, {present, usable, grade, nodule}, Stage::Submission) ==
        Paths{"/3/attributes"});  // sure
  CHECK(item_paths(protocol, {present, present}, Stage::Draft) == Paths{"/1/question"});
}

TEST_CASE("a label says whether its masks may overlap, and needs masks for it") {
  std::string text = image_protocol;
  CHECK_FALSE(parsed(text).label("nodule")->overlaps);
  const std::string places = R"("places": ["mask", "box"], "excludes")";
  REQUIRE(text.find(places) != std::string::npos);
  std::string with = text;
  with.replace(with.find(places), places.size(),
               R"("places": ["mask", "box"], "overlaps": true, "excludes")");
  CHECK(parsed(with).label("nodule")->overlaps);
  std::string without = text;
  without.replace(without.find(places), places.size(),
                  R"("places": ["box"], "overlaps": true, "excludes")");
  CHECK_FALSE(read_protocol(boost::json::parse(without)));
}

const std::string levels_protocol = R"({
  "schema": 1, "id": "ct", "version": "1.0.0", "title": "T", "authors": [{"name": "A"}],
  "clinical_question": "Q", "item_unit": "study", "modalities": ["US"],
  "questions": [
    {"id": "smoker", "name": "S", "prompt": "?", "level": "patient", "required": true,
     "answer": {"type": "bool"}},
    {"id": "fit", "name": "F", "prompt": "?", "level": "study", "answer": {"type": "bool"}},
    {"id": "view", "name": "V", "prompt": "?", "level": "instance", "required": true,
     "answer": {"type": "choice", "choices": [{"id": "a4c", "name": "A4C"}, {"id": "plax", "name": "P"}]}},
    {"id": "phase", "name": "P", "prompt": "?", "level": "frame",
     "required_if": {"of": "view", "is": ["a4c"]}, "answer": {"type": "bool"}}]})";

TEST_CASE("each level is asked of what it names, and required of all of it") {
  const Protocol protocol = parsed(levels_protocol);
  const auto answer = [](const std::string& question, const std::string& kind,
                         const std::string& value, int number) {
    return made(
        R"("question":")" + question + R"(","value":)" + value + R"(,"target":)" + target_of(kind),
        number);
  };
  const Annotation smoker = answer("smoker", "patient", "true", 1);
  const Annotation fit = answer("fit", "study", "true", 2);
  const Annotation view = answer("view", "instance", "\"a4c\"", 3);
  const Annotation phase = answer("phase", "frame", "true", 4);
  for (const Annotation& one : {smoker, fit, view, phase}) {
    CHECK(validate_annotation(protocol, study_facts(), one, Stage::Submission).empty());
    CHECK(read_annotation(annotation_json(one)).value() == one);
  }
  const auto remarks = [&](const std::vector<Annotation>& annotations) {
    std::vector<std::string> all;
    for (const Violation& one :
         validate_item(protocol, study_facts(), annotations, Stage::Submission)) {
      all.push_back(one.what + ": " + one.remedy);
    }
    return all;
  };
  using Texts = std::vector<std::string>;
  CHECK(remarks({}) ==
        Texts{"the question 'smoker' is not answered: answer it, or save a draft",
              "the question 'view' is not answered for 1 of 1 instance: answer it for instance "
              "1.2, or save a draft"});
  CHECK(remarks({smoker, view, phase}) ==
        Texts{"the question 'phase' is not answered for 1 of 2 frames: answer it for frame 1.2#1, "
              "or save a draft"});
  // At another level than the question's, and of what the item does not hold.
  const auto path = [&](const Annotation& one, const ItemFacts& facts) {
    const auto all = validate_annotation(protocol, facts, one, Stage::Draft);
    return all.empty() ? std::string("none") : all.front().path;
  };
  CHECK(path(answer("phase", "instance", "true", 5), study_facts()) == "/target");
  CHECK(path(answer("fit", "whole", "true", 6), study_facts()) == "/target");
  ItemFacts other = study_facts();
  other.patient = PatientId{};
  other.study = StudyId{};
  other.series = {SeriesId{}};
  CHECK(path(smoker, other) == "/target/patient_id");
  CHECK(path(fit, other) == "/target/study_id");
  CHECK(path(phase, other) == "/target/series_id");
}

TEST_CASE("levels of images are not asked about notes, nor labels put on whole levels") {
  const auto refused = [](std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    const auto protocol = read_protocol(parse_json(text).value());
    return protocol ? std::string("none") : protocol.error().front().path;
  };
  CHECK(refused(levels_protocol, "\"study\", \"modalities\"", "\"note\", \"modalities\"") ==
        "/questions/0/level");
  CHECK(refused(levels_protocol, "\"level\": \"frame\"", "\"level\": \"slice\"") ==
        "/questions/3/level");
  // A frame's answer is none for the whole instance.
  CHECK(refused(levels_protocol, "\"level\": \"frame\",\n     \"required_if\": {\"of\": \"view\"",
                "\"level\": \"study\",\n     \"required_if\": {\"of\": \"view\"") ==
        "/questions/3/required_if/of");
}

TEST_CASE("labels that exclude each other may not share a place") {
  const Protocol protocol = parsed(image_protocol);
  const Annotation nodule = made(R"("label":"nodule","target":)" + target_of("box"), 1);
  const Annotation mass = made(R"("label":"mass","target":)" + target_of("box"), 2);
  const Annotation elsewhere = made(R"("label":"mass","target":)" + target_of("mask"), 3);
  CHECK(protocol.excludes("mass", "nodule"));
  CHECK(item_paths(protocol, {nodule, elsewhere}, Stage::Draft).empty());
  CHECK(item_paths(protocol, {nodule, mass}, Stage::Draft) ==
        std::vector<std::string>{"/1/target"});
}

const std::string signal_protocol = R"({
  "schema": 1, "id": "ct", "version": "1.0.0", "title": "T", "authors": [{"name": "A"}],
  "clinical_question": "Q", "item_unit": "recording", "modalities": ["ECG"],
  "labels": [
    {"id": "n", "name": "N", "definition": "D", "places": ["sample"], "excludes": ["v"]},
    {"id": "v", "name": "V", "definition": "D", "places": ["sample"]},
    {"id": "af", "name": "A", "definition": "D", "places": ["interval"], "excludes": ["vt"]},
    {"id": "vt", "name": "T", "definition": "D", "places": ["interval"]}]})";

TEST_CASE("places on recordings and texts collide where they overlap") {
  const Protocol protocol = parsed(signal_protocol);
  struct Case {
    std::string name;
    std::string first;
    std::string second;
    bool collide;
  };
  const auto interval = [](const std::string& label, const std::string& begin,
                           const std::string& end, const std::string& channels = "") {
    return R"("label":")" + label + R"(","target":{"type":"interval","begin_tick":)" + begin +
           R"(,"end_tick":)" + end + R"(,"channels":[)" + channels + "]}";
  };
  const auto sample = [](const std::string& label, int tick, const std::string& channel = "null") {
    return R"("label":")" + label + R"(","target":{"type":"sample","tick":)" +
           std::to_string(tick) + R"(,"channel":)" + channel + "}";
  };
  const Case cases[] = {
      {"the same tick", sample("n", 5), sample("v", 5), true},
      {"another tick", sample("n", 5), sample("v", 6), false},
      {"the same tick on two channels", sample("n", 5, "\"I\""), sample("v", 5, "\"II\""), false},
      {"intervals that touch", interval("af", "0", "10"), interval("vt", "10", "20"), false},
      {"intervals that overlap", interval("af", "0", "11"), interval("vt", "10", "20"), true},
      {"an open interval before", interval("af", "0", "null"), interval("vt", "900", "901"), false},
      {"an open interval before on all channels, the next one on one", interval("af", "0", "null"),
       interval("vt", "900", "901", "\"I\""), true},
      {"an open interval that begins inside", interval("af", "900", "null"),
       interval("vt", "890", "905"), true},
      {"two open intervals that begin together", interval("af", "9", "null"),
       interval("vt", "9", "null"), true},
      {"an open interval after", interval("af", "950", "null"), interval("vt", "900", "901"),
       false},
      {"overlap on other channels", interval("af", "0", "11", "\"I\""),
       interval("vt", "10", "20", "\"II\""), false},
      {"overlap on a common channel", interval("af", "0", "11", "\"I\",\"II\""),
       interval("vt", "10", "20", "\"II\""), true},
  };
  const ItemFacts facts{.unit = ItemUnit::Recording,
                        .patient = {},
                        .study = {},
                        .series = {},
                        .frames = {},
                        .code_point_count = {},
                        .channels = {"I", "II"},
                        .tick_count = 1000};
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const std::vector<Annotation> both = {made(one.first, 1), made(one.second, 2)};
    for (const Annotation& each : both) {
      CHECK(validate_annotation(protocol, facts, each, Stage::Submission).empty());
    }
    CHECK(validate_item(protocol, facts, both, Stage::Draft).size() == (one.collide ? 1 : 0));
  }
  for (const std::string& outside :
       {sample("n", 1000), sample("n", 3, "\"V9\""), interval("af", "0", "1001")}) {
    CAPTURE(outside);
    CHECK(validate_annotation(protocol, facts, made(outside), Stage::Draft).size() == 1);
  }
}

TEST_CASE("exclusion over a day of beats is found by sweeping, not by comparing all pairs") {
  const Protocol protocol = parsed(signal_protocol);
  std::vector<Annotation> beats;
  Annotation beat = made(R"("label":"n","target":{"type":"sample","tick":0,"channel":null})");
  for (std::int64_t i = 0; i < 100'000; ++i) {
    beat.id.value[0] = static_cast<std::byte>(i & 0xFF);
    beat.id.value[1] = static_cast<std::byte>((i >> 8) & 0xFF);
    beat.id.value[2] = static_cast<std::byte>(i >> 16);
    beat.label = std::string(1, i % 2 == 0 ? 'n' : 'v');
    beat.target = SampleTarget{.tick = i == 99'999 ? 99'998 * 300 : i * 300, .channel = {}};
    beats.push_back(beat);
  }
  ItemFacts facts;
  facts.unit = ItemUnit::Recording;
  CHECK(validate_item(protocol, facts, beats, Stage::Draft).size() == 1);
}

}  // namespace
}  // namespace consilium
