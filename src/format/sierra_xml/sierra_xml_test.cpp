#include "format/sierra_xml/sierra_xml.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <string>

#include "format/sierra_xml/xli.hpp"
#include "tests/damaged.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

std::string made(std::string_view attributes, std::string_view base64) {
  return "<restingecgdata><documentinfo><documentversion>1.04</documentversion></documentinfo>"
         "<reportinfo><reportbandwidth><highpassfiltersetting>0.15</highpassfiltersetting>"
         "<lowpassfiltersetting>100</lowpassfiltersetting></reportbandwidth></reportinfo>"
         "<dataacquisition date=\"2010-01-19\" time=\"15:19:22\"/><patient><generalpatientdata>"
         "<patientid>9</patientid><name><lastname>Doe</lastname><firstname>A</firstname></name>"
         "<age><dateofbirth>1950-01-01</dateofbirth></age><sex>Male</sex></generalpatientdata>"
         "</patient><waveforms><parsedwaveforms dataencoding=\"Base64\" leadlabels=\"V1 V2\" "
         "samplespersecond=\"500\" resolution=\"5\" " +
         std::string(attributes) + ">" + std::string(base64) +
         "</parsedwaveforms></waveforms></restingecgdata>";
}

TEST_CASE("plain waveforms lie lead after lead") {
  const auto recording = open_sierra(memory_source(to_bytes(made("", "AQD+/ywBBQA="))));
  REQUIRE(recording.has_value());
  const RecordHeader& header = recording->samples->header();
  REQUIRE(header.channels.size() == 2);
  CHECK(*read_channel(*recording->samples, 0) == std::vector<std::int32_t>{1, -2});
  CHECK(*read_channel(*recording->samples, 1) == std::vector<std::int32_t>{300, 5});
  CHECK(physical_value(header.channels[0], -2) == doctest::Approx(-10.0));
  CHECK(header.channels[0].filter == "HP:0.15Hz LP:100Hz");
  const RecordIdentity who = header.identity.reveal(AuditedAccess::event_recorded());
  CHECK(who.patient_name == "Doe^A");
  CHECK(who.birth_date == "1950-01-01");
  CHECK(who.base_time == CivilTime{2010, 1, 19, 15, 19, 22});
}

// The sums are those of a decoder written apart from this one, from the description of the format.
struct Known {
  const char* file;
  std::array<std::int64_t, 12> sums;        // of the first 5,000 samples
  std::array<std::int64_t, 12> magnitudes;  // of all
};
const Known known_files[] = {
    {"signals/philips_sierra_xml/129DYPRG.XML",
     {-4169, -6716, -1513, 5083, 197, -4049, 855, 1612, -18, -432, -1260, -1256},
     {104895, 164866, 114987, 128380, 64395, 137685, 58504, 65100, 74059, 75368, 77808, 73357}},
    {"signals/philips_sierra_xml/3191723_ZZDEMOPTONLY_1-04_orig.xml",
     {-7816, -132595, -124779, 69452, 57697, -129269, -646, -5209, 38436, -78110, 20705, 20945},
     {74472, 262323, 223835, 163936, 106176, 242490, 135760, 262440, 436141, 308464, 228128,
      192147}}};

TEST_CASE("real files of both versions, packed by XLI") {
  for (const Known& known : known_files) {
    CAPTURE(known.file);
    const auto path = test::data_path(known.file);
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const auto recording = open_sierra(*open_file_source(*path));
    REQUIRE(recording.has_value());
    const RecordHeader& header = recording->samples->header();
    REQUIRE(header.channels.size() == 12);
    CHECK(header.notes.empty());
    CHECK(header.channels[3].name == "aVR");
    CHECK(header.length_ticks == 5500);
    for (std::size_t c = 0; c < 12; ++c) {
      CAPTURE(c);
      const std::vector<std::int32_t> samples = *read_channel(*recording->samples, c);
      CHECK(std::accumulate(samples.begin(), samples.begin() + 5000, std::int64_t{0}) ==
            known.sums[c]);
      std::int64_t magnitude = 0;
      for (const std::int32_t sample : samples) magnitude += std::abs(sample);
      CHECK(magnitude == known.magnitudes[c]);
      // A calibration pulse of 1 mV stands at the end of every lead: 200 steps of 5 uV.
      CHECK(std::ranges::count(samples, 200) > 50);
    }
  }
}

TEST_CASE("packed leads that are damaged are refused with lead and byte") {
  // A string that was never made: code 700.
  const Bytes bad = to_bytes(std::string_view("\x02\0\0\0\1\0\0\0\xAF\0", 10));
  const auto leads = sierra::unpack_xli(bad);
  REQUIRE_FALSE(leads.has_value());
  CHECK(leads.error().where == "packed lead 1, byte 1");
  CHECK_FALSE(
      sierra::unpack_xli(to_bytes(std::string_view("\x09\0\0\0\1\0\0\0\xAF\0", 10))).has_value());
}

TEST_CASE("a document cut or flipped anywhere gives an error or a record, never a crash") {
  test::check_damaged(to_bytes(made("", "AQD+/ywBBQA=")), open_sierra);
  // Four samples of 0: codes 0, 256, ... of ten bits.
  test::check_damaged(
      to_bytes(made("compression=\"XLI\"", "CAAAAAEAAAAAABAEBQD/wAgAAAABAAAAAAAQBAUA/8A=")),
      open_sierra);
}

}  // namespace
}  // namespace consilium
