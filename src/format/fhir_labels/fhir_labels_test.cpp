#include "format/fhir_labels/fhir_labels.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "base/canonical_json.hpp"
#include "format/fhir/fhir_notes.hpp"

using namespace consilium;
namespace json = boost::json;

namespace {

LabelledText note() {
  LabelledText text;
  text.id = "n-7";
  text.text =
      CanonicalText::from_utf8("\xF0\x9F\xA7\xA0 no fever; brother: asthma; aspirin").value();
  text.metadata = {{"patient", "P-0001"}, {"date", "2019-03-04"}};
  text.mentions = {
      {.id = "T1",
       .type = "Problem",
       .ranges = {{2, 4}, {5, 10}},
       .attributes = {{"assertion", "negated"}},
       .concepts = {{"SCT", "386661006", "Fever"}, {"SITE", "f", ""}},
       .rater = "R-1",
       .said_at = "2026-02-03T04:05:06Z"},
      {.id = "T2", .type = "Problem", .ranges = {{21, 27}}, .attributes = {{"subject", "family"}}},
      {.id = "T3", .type = "Medication", .ranges = {{29, 36}}}};
  return text;
}

json::array resources(const std::string& bundle) {
  const json::value root = parse_json(bundle).value();
  json::array all;
  for (const json::value& entry : root.at("entry").as_array()) {
    all.push_back(entry.at("resource"));
  }
  return all;
}

}  // namespace

TEST_CASE("what the text denies is refuted, what it says of others is no condition") {
  const LabelledText text = note();
  const auto bundle = write_fhir_labels(std::span(&text, 1), "2026-01-01T00:00:00Z");
  REQUIRE(bundle);
  const json::array all = resources(*bundle);
  REQUIRE(all.size() == 8);
  CHECK(all[0].at("resourceType") == "Patient");
  const json::value& condition = all[2];
  CHECK(condition.at("resourceType") == "Condition");
  CHECK(condition.at("verificationStatus").at("coding").at(0).at("code") == "refuted");
  CHECK(condition.at("code").at("coding").at(0).at("system") == "http://snomed.info/sct");
  CHECK(condition.at("code").at("coding").at(1).at("code") == "SITE:f");
  CHECK(condition.at("code").at("text") == "no ... fever");
  const json::array& places = condition.at("extension").as_array();
  REQUIRE(places.size() == 2);
  CHECK(places[1].at("extension").at(2).at("valueInteger") == 5);
  CHECK(places[1].at("extension").at(3).at("valueInteger") == 5);
  CHECK(all[3].at("resourceType") == "Provenance");
  CHECK(all[3].at("recorded") == "2026-02-03T04:05:06Z");
  CHECK(all[3].at("agent").at(0).at("who").at("display") == "R-1");
  CHECK(all[4].at("resourceType") == "Observation");
  CHECK(all[4].at("component").at(0).at("valueString") == "family");
  CHECK(all[6].at("resourceType") == "Observation");
  CHECK(all[7].at("recorded") == "2026-01-01T00:00:00Z");
  CHECK_FALSE(write_fhir_labels(std::span(&text, 1), ""));
}

TEST_CASE("the document in the bundle is a note again, letter by letter") {
  const LabelledText text = note();
  const auto bundle = write_fhir_labels(std::span(&text, 1), "2026-01-01T00:00:00Z");
  REQUIRE(bundle);
  const auto notes = read_fhir_notes(*bundle);
  REQUIRE(notes);
  REQUIRE(notes->notes.size() == 1);
  CHECK(notes->notes[0].note.text.reveal(AuditedAccess::event_recorded()) == text.text);
}
