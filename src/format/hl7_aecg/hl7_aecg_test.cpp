#include "format/hl7_aecg/hl7_aecg.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/damaged.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

std::string set(std::string_view clock, std::string_view leads) {
  return std::string("<component><sequenceSet><component><sequence>") + std::string(clock) +
         "</sequence></component>" + std::string(leads) + "</sequenceSet></component>";
}
std::string lead(std::string_view name, std::string_view digits) {
  return std::string("<component><sequence><code code=\"MDC_ECG_LEAD_") + std::string(name) +
         "\"/><value type=\"SLIST_PQ\"><origin value=\"10\" unit=\"uV\"/><scale value=\"2.5\" "
         "unit=\"uV\"/><digits>" +
         std::string(digits) + "</digits></value></sequence></component>";
}
std::string absolute(std::string_view head, std::string_view step, std::string_view unit = "s") {
  return std::string("<code code=\"TIME_ABSOLUTE\"/><value><head value=\"") + std::string(head) +
         "\"/><increment value=\"" + std::string(step) + "\" unit=\"" + std::string(unit) +
         "\"/></value>";
}
Result<Recording> open_text(const std::string& inside) {
  return open_aecg(memory_source(to_bytes("<AnnotatedECG>" + inside + "</AnnotatedECG>")));
}

TEST_CASE("series lie on one time line, and leads go on in a later one") {
  const auto recording = open_text(
      "<component><series>" +
      set(absolute("20240229235959.5", "4", "ms"), lead("V1", "1 2 3") + lead("AVF", "-7 0 7")) +
      "</series></component><component><series>" +
      set(absolute("20240229235959.520", "0.004"), lead("V1", "9\n8")) + "</series></component>");
  REQUIRE(recording.has_value());
  const RecordHeader& header = recording->samples->header();
  REQUIRE(header.channels.size() == 2);
  CHECK(header.channels[1].name == "aVF");
  CHECK(header.tick_rate == *Rate::of(250, 1));
  const std::int32_t none = missing_sample_default;
  CHECK(*read_channel(*recording->samples, 0) ==
        std::vector<std::int32_t>{1, 2, 3, none, none, 9, 8});
  CHECK(physical_value(header.channels[0], 4) == doctest::Approx(20.0));
  CHECK(header.identity.reveal(AuditedAccess::event_recorded()).base_time ==
        CivilTime{2024, 2, 29, 23, 59, 59, 500'000'000});
}

TEST_CASE("the example of the FDA: leads, waves of a beat, and who it is") {
  const auto path = test::data_path("signals/hl7_aecg/Example aECG.xml");
  if (!path) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const auto recording = open_aecg(*open_file_source(*path));
  REQUIRE(recording.has_value());
  const RecordHeader& header = recording->samples->header();
  REQUIRE(header.channels.size() == 12);
  CHECK(header.channels[0].name == "I");
  CHECK(header.channels[0].sample_count == 5000);
  CHECK(header.channels[0].rate == *Rate::of(500, 1));
  CHECK(header.channels[0].filter == "LP:150Hz N:60Hz");
  const RecordIdentity who = header.identity.reveal(AuditedAccess::event_recorded());
  CHECK(who.patient_id == "SBJ-123");
  CHECK(who.patient_name == "Clark");
  CHECK(who.birth_date == "1953-05-08");
  CHECK(who.sex == "M");
  CHECK(who.base_time == CivilTime{2002, 11, 22, 9, 10, 0});
  REQUIRE(recording->events.size() >= 3);
  CHECK(recording->events[0].code == MitCode::RhythmChange);
  CHECK(recording->events[0].text == "(N");
  // The P wave from 0.122 s to 0.224 s, at 500 Hz.
  CHECK(recording->events[1] ==
        SignalEvent{.at = Tick{61}, .duration_ticks = 51, .code = MitCode::PWavePeak, .text = "P"});
}

TEST_CASE("the least document, and what is refused with its line") {
  const auto path = test::data_path("signals/hl7_aecg/minimum_aecg.xml");
  if (path) {
    const auto recording = open_aecg(*open_file_source(*path));
    REQUIRE(recording.has_value());
    CHECK(*read_channel(*recording->samples, 0) ==
          std::vector<std::int32_t>{-2, -2, -2, -2, -3, -4, -3, -5, -5, -4, -6, -9, -9});
  }
  const auto refused = [](const std::string& sets) {
    const auto recording = open_text("<component><series>" + sets + "</series></component>");
    return !recording.has_value() && !recording.error().where.empty();
  };
  CHECK(refused(set(absolute("2024", "0"), lead("I", "1"))));
  CHECK(refused(set(absolute("not a time", "0.1"), lead("I", "1"))));
  CHECK(refused(set(absolute("2024", "0.1"), lead("I", "1 x"))));
  CHECK(refused(set(absolute("2024", "0.1"), lead("I", "1 2.5"))));
  CHECK_FALSE(open_text("").has_value());
}

TEST_CASE("a document cut or flipped anywhere gives an error or a record, never a crash") {
  const std::string text =
      "<AnnotatedECG><component><series>" +
      set(absolute("20240229235959.5", "4", "ms"), lead("I", "1 2 3") + lead("II", "-7 0 7")) +
      "<subjectOf><annotationSet><component><annotation><code code=\"MDC_ECG_BEAT\"/><support>"
      "<supportingROI><component><boundary><code code=\"TIME_ABSOLUTE\"/><value><low "
      "value=\"20240229235959.504\"/></value></boundary></component></supportingROI></support>"
      "</annotation></component></annotationSet></subjectOf></series></component></AnnotatedECG>";
  const auto whole = open_aecg(memory_source(to_bytes(text)));
  REQUIRE(whole.has_value());
  CHECK(whole->events.size() == 1);
  test::check_damaged(to_bytes(text), open_aecg);
}

}  // namespace
}  // namespace consilium
