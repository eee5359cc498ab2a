#include "domain/protocol/state_ends.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <optional>

#include "domain/protocol/recording_plan.hpp"
#include "domain/protocol/validated_examples.hpp"

namespace consilium {
namespace {

const char* const rhythm_protocol = R"({
  "schema": 1, "id": "rhythm", "version": "1.0.0", "title": "T", "authors": [{"name": "A"}],
  "clinical_question": "Q", "item_unit": "recording", "modalities": ["ECG"],
  "labels": [
    {"id": "sinus", "name": "S", "definition": "D", "places": ["interval"], "excludes": ["af"]},
    {"id": "af", "name": "A", "definition": "D", "places": ["interval"]},
    {"id": "vt", "name": "V", "definition": "D", "places": ["interval"], "excludes": ["af"]},
    {"id": "beat", "name": "B", "definition": "D", "places": ["sample"]},
    {"id": "noise", "name": "N", "definition": "D", "places": ["interval"]}]})";

Annotation state(const char* label, std::int64_t begin, std::optional<std::int64_t> end,
                 std::vector<std::string> channels = {}) {
  Annotation made;
  made.label = label;
  made.target =
      IntervalTarget{.begin_tick = begin, .end_tick = end, .channels = std::move(channels)};
  return made;
}

TEST_CASE("an open state lasts until the next of its kind on the same channels") {
  const Protocol protocol = parsed(rhythm_protocol);
  Annotation beat;
  beat.label = "beat";
  beat.target = SampleTarget{.tick = 300, .channel = {}};
  const std::vector<Annotation> all = {
      state("sinus", 100, std::nullopt),
      state("noise", 200, 300),  // of another kind: ends nothing
      beat,
      state("vt", 500, 600),  // excludes af, which sinus excludes: one kind
      state("af", 700, std::nullopt),
      state("af", 100, std::nullopt, {"I", "II"}),  // other channels
      state("sinus", 150, std::nullopt, {"II", "I"}),
      state("noise", 999, std::nullopt)};
  CHECK(state_ends(protocol, all, 1000) ==
        std::vector<std::int64_t>{500, 300, -1, 600, 1000, 150, 1000, 1000});
  CHECK(state_ends(protocol, {}, 1000).empty());
}

TEST_CASE("states that begin together both last until the next one") {
  const Protocol protocol = parsed(rhythm_protocol);
  const std::vector<Annotation> all = {state("sinus", 5, std::nullopt),
                                       state("af", 5, std::nullopt), state("vt", 9, 10)};
  CHECK(state_ends(protocol, all, 100) == std::vector<std::int64_t>{9, 9, 10});
}

TEST_CASE("a protocol's epochs have stages that are intervals and exclude each other") {
  const auto with_epochs = [](const std::string& epochs) {
    std::string text = rhythm_protocol;
    text.replace(text.find("\"labels\""), 0, "\"view\": {\"epochs\": " + epochs + "},\n  ");
    return read_protocol(parse_json(text).value());
  };
  const auto good = with_epochs(R"({"length_s": 30, "stages": ["af", "vt"]})");
  REQUIRE(good);
  CHECK(epoch_plan_of(*good) == EpochPlan{.length_s = 30, .stages = {"af", "vt"}});
  CHECK(!epoch_plan_of(parsed(rhythm_protocol)));
  CHECK(!with_epochs(R"({"length_s": 30, "stages": ["sinus", "vt"]})"));  // both may hold at once
  CHECK(!with_epochs(R"({"length_s": 30, "stages": ["beat", "af"]})"));   // no interval
  CHECK(!with_epochs(R"({"length_s": 30, "stages": ["af", "af"]})"));
  CHECK(!with_epochs(R"({"length_s": 30, "stages": ["n2"]})"));
  CHECK(!with_epochs(R"({"length_s": 0, "stages": ["af"]})"));
  CHECK(!with_epochs(R"({"stages": ["af"]})"));
  CHECK(!with_epochs(R"({"length_s": 30, "stages": []})"));
}

TEST_CASE("a label's EDF+ text is what its export mapping says") {
  std::string text = rhythm_protocol;
  CHECK(edf_texts_of(parsed(text)).empty());
  const std::string af = R"({"id": "af",)";
  text.replace(text.find(af), af.size(), af + R"( "export": {"edf": {"text": "Sleep stage R"}},)");
  CHECK(edf_texts_of(parsed(text)) == std::map<std::string, std::string>{{"af", "Sleep stage R"}});
}

}  // namespace
}  // namespace consilium
