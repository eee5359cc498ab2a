#include "format/brat/brat.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/canonical_json.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Protocol note_protocol() {
  const boost::json::value document = parse_json(R"({
    "schema": 1, "id": "notes", "version": "1.0.0", "title": "T", "authors": [{"name": "A"}],
    "clinical_question": "Q", "item_unit": "note", "modalities": ["NOTE"],
    "attributes": [{"id": "assertion", "name": "A", "answer": {"type": "choice",
      "choices": [{"id": "present", "name": "P"}, {"id": "negated", "name": "N"}]}},
      {"id": "remark", "name": "R", "answer": {"type": "text"}}],
    "labels": [
      {"id": "problem", "name": "Problem", "definition": "D", "places": ["spans"],
       "colour": "#0072b2", "concept": {"system": "SCT", "code": "55607006", "display": "Problem"},
       "attributes": ["assertion", "remark"], "export": {"brat": {"type": "Problem"}}},
      {"id": "drug", "name": "Drug", "definition": "D", "places": ["spans"]},
      {"id": "treats", "name": "Treats", "definition": "D", "places": ["relation"],
       "relates": {"from": ["drug"], "to": ["problem"]}},
      {"id": "change", "name": "Change", "definition": "D", "places": ["event"],
       "event": {"trigger": {"labels": ["drug"]}, "roles": [
         {"id": "of", "name": "Of", "labels": ["problem", "change"], "min": 1},
         {"id": "by", "name": "By", "labels": ["drug"], "max": 1}]}},
      {"id": "same", "name": "Same", "definition": "D", "places": ["chain"],
       "chain": {"labels": ["problem"]}}]})")
                                          .value();
  return read_protocol(document).value();
}

StoredAnnotation made(const std::string& members, int number) {
  const std::string id = std::string("0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2") + std::to_string(number);
  StoredAnnotation stored;
  const auto body = parse_annotation(
      R"({"id":")" + id +
      R"(","item_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3c","protocol":{"id":"notes","version":"1.0.0"},)" +
      members + "}");
  if (!body) FAIL(to_line(body.error()));
  stored.body = *body;
  stored.state = AnnotationState::Submitted;
  stored.rater.display_name = "R\tA";
  return stored;
}

TEST_CASE("what is written reads back with every span's surface in place") {
  const auto text =
      CanonicalText::from_utf8("br\xC3\xB6st and ov\r\ncancers \xF0\x9F\xA7\xA0, no fever").value();
  const std::vector<StoredAnnotation> annotations = {
      made(
          R"("label":"treats","target":{"type":"relation","from":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2102","to":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2101"})",
          100),
      made(
          R"("label":"problem","target":{"type":"spans","ranges":[[0,5],[14,21]]},"attributes":{"assertion":"negated","remark":"two\nlines"},"comment":"a\tb\nc")",
          101),
      made(R"("label":"drug","target":{"type":"spans","ranges":[[10,23]]})", 102),
      made(R"("question":"q","target":{"type":"whole"},"value":"x")", 103)};
  const auto files = write_brat(text, note_protocol(), annotations);
  REQUIRE(files);
  CHECK(files->left_out == std::vector<std::string>{"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2103"});
  const auto read = read_brat(files->ann, text);
  REQUIRE(read);
  for (const BratProblem& problem : read->problems) FAIL_CHECK(problem.what);
  REQUIRE(read->spans.size() == 2);
  CHECK(read->spans[0].fragments == std::vector<TextSpan>{{0, 5}, {14, 21}});
  CHECK(read->spans[0].surface == "br\xC3\xB6st cancers");
  CHECK(read->spans[1].fragments == std::vector<TextSpan>{{10, 12}, {14, 23}});  // cut at CR LF
  CHECK(read->spans[1].surface_fits);
  REQUIRE(read->relations.size() == 1);
  CHECK(read->relations[0] == BratRelation{"R1", "treats", "T2", "T1", "Arg1", "Arg2"});
  REQUIRE(read->attributes.size() == 1);
  CHECK(read->attributes[0] == BratAttribute{"A1", "assertion", "T1", "negated"});
  REQUIRE(read->normalizations.size() == 1);
  CHECK(read->normalizations[0].reference == "SCT:55607006");
  REQUIRE(read->notes.size() == 3);
  const auto provenance = parse_json(read->notes[1].text);
  REQUIRE(provenance);
  CHECK(canonical_json(provenance->at("ranges")).value() == "[[10,23]]");
  const auto first = parse_json(read->notes[0].text).value();
  CHECK(first.at("comment").as_string() == "a\tb\nc");
  CHECK(first.at("attributes").at("remark").as_string() == "two\nlines");
  CHECK(first.at("rater").as_string() == "R\tA");
}

TEST_CASE("events and chains are lines E and *, whatever the order they come in") {
  const auto text = CanonicalText::from_utf8("pain, ache, aspirin, more").value();
  const std::string head = R"("0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2)";
  const auto named = [&](int number) { return head + std::to_string(number) + "\""; };
  const std::vector<StoredAnnotation> annotations = {
      made(R"("label":"change","target":{"type":"event","trigger":)" + named(103) +
               R"(,"arguments":[{"role":"of","annotation":)" + named(101) +
               R"(},{"role":"of","annotation":)" + named(105) + "}]}",
           104),
      made(R"("label":"change","target":{"type":"event","trigger":)" + named(106) +
               R"(,"arguments":[{"role":"by","annotation":)" + named(103) + "}]}",
           105),
      made(
          R"("label":"change","target":{"type":"event","trigger":null,"arguments":[{"role":"of","annotation":)" +
              named(101) + "}]}",
          107),
      made(R"("label":"same","target":{"type":"chain","members":[)" + named(102) + "," +
               named(101) + "]}",
           108),
      made(R"("label":"problem","target":{"type":"spans","ranges":[[0,4]]})", 101),
      made(R"("label":"problem","target":{"type":"spans","ranges":[[6,10]]})", 102),
      made(R"("label":"drug","target":{"type":"spans","ranges":[[12,19]]})", 103),
      made(R"("label":"drug","target":{"type":"spans","ranges":[[21,25]]})", 106)};
  const auto files = write_brat(text, note_protocol(), annotations);
  REQUIRE(files);
  CHECK(files->ann.contains("E1\tchange:T3 of:T1 of2:E2\n"));
  CHECK(files->ann.contains("E2\tchange:T4 by:T3\n"));
  CHECK(files->ann.contains("*\tsame T2 T1\n"));
  // brat has no event without a trigger.
  CHECK(files->left_out == std::vector<std::string>{"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2107"});
  const std::string conf = brat_annotation_conf(note_protocol());
  CHECK(conf.contains("change\tof+:Problem|change, by?:drug\n"));
  CHECK(conf.contains("same\tArg1:Problem, Arg2:Problem, <REL-TYPE>:symmetric-transitive\n"));
}

TEST_CASE("the configuration names types, ends of relations, values and colours") {
  const Protocol protocol = note_protocol();
  const std::string conf = brat_annotation_conf(protocol);
  CHECK(conf.find("[entities]\nProblem\ndrug\n") != std::string::npos);
  CHECK(conf.find("treats\tArg1:drug, Arg2:Problem\n") != std::string::npos);
  CHECK(conf.find("assertion\tArg:Problem, Value:present|negated\n") != std::string::npos);
  CHECK(brat_visual_conf(protocol).find("Problem\tbgColor:#0072b2") != std::string::npos);
}

TEST_CASE("spans over any text read back with fitting surfaces") {
  constexpr char32_t pool[] = {U'a',  U'b',      U' ',      U'\t',     U'\r',        U'\n',
                               U'\0', U'\u00e9', U'\u0301', U'\ufeff', U'\U0001F9E0'};
  const Protocol protocol = note_protocol();
  SeededRandom random(5);
  for (int round = 0; round < 200; ++round) {
    std::string utf8;
    for (std::uint64_t i = 0, n = 2 + random.below(60); i < n; ++i) {
      append_utf8(utf8, pool[random.below(std::size(pool))]);
    }
    const auto text = CanonicalText::from_utf8(utf8).value();
    const std::uint64_t begin = random.below(text.code_point_count());
    const std::uint64_t end = begin + 1 + random.below(text.code_point_count() - begin);
    StoredAnnotation stored =
        made(R"("label":"problem","target":{"type":"spans","ranges":[[0,1]]})", 101);
    stored.body.target = SpansTarget{{{begin, end}}};
    const auto files = write_brat(text, protocol, std::span(&stored, 1));
    REQUIRE(files);
    const auto read = read_brat(files->ann, text);
    REQUIRE(read);
    CHECK(read->problems.empty());
    if (!files->left_out.empty()) continue;  // line ends only
    REQUIRE(read->spans.size() == 1);
    CHECK(read->spans[0].surface_fits);
    CHECK(read->spans[0].fragments.front().begin >= begin);
    CHECK(read->spans[0].fragments.back().end <= end);
  }
}

TEST_CASE("bad lines are problems and the rest is kept") {
  const auto text = CanonicalText::from_utf8("some text").value();
  const auto read = read_brat(
      "T1\tA 0 4\tsome\nT2\tA 4 99\tx\nT3 A 0 4\nT4\tA 3 1\tx\nT1\tA 0 1\ts\nE1\tA:T1\n"
      "R1\tB Arg1:T1 Arg2:T9\nA1\tn T1\nX\ty\nT5\tA 5 9\twrong\r\n",
      text);
  REQUIRE(read);
  CHECK(read->spans.size() == 2);
  CHECK(read->spans[0].surface_fits);
  CHECK_FALSE(read->spans[1].surface_fits);
  CHECK(read->attributes.size() == 1);
  CHECK(read->problems.size() == 6);
}

TEST_CASE("real brat files are read and every surface stands where it is said to") {
  struct Case {
    std::string folder;
    std::size_t span_count;
    std::size_t elsewhere_count;  // in the files themselves
  };
  // Two of bconv's texts have another number of blank lines than the ones its offsets count.
  for (const Case& one :
       {Case{"text/formats_bconv", 55, 11}, Case{"text/meddocan_deid/dev", 5801, 0}}) {
    const auto folder = test::data_path(one.folder);
    if (!folder) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    std::size_t spans = 0;
    std::size_t unfit = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder)) {
      if (entry.path().extension() != ".ann") continue;
      std::filesystem::path beside = entry.path();
      beside.replace_extension(".txt");
      if (!std::filesystem::exists(beside)) {
        beside = entry.path().parent_path().parent_path() / "txt" / beside.filename();
      }
      if (!std::filesystem::exists(beside)) continue;
      std::string bytes = read_file(beside);
      const bool marked = bytes.starts_with("\xEF\xBB\xBF");
      if (marked) bytes.erase(0, 3);
      const auto text = CanonicalText::from_utf8(bytes).value();
      const auto read = read_brat(read_file(entry.path()), text, marked ? 1 : 0).value();
      for (const BratSpan& span : read.spans) unfit += span.surface_fits ? 0 : 1;
      spans += read.spans.size();
    }
    CAPTURE(one.folder);
    CHECK(spans == one.span_count);
    CHECK(unfit == one.elsewhere_count);
  }
}

}  // namespace
}  // namespace consilium
