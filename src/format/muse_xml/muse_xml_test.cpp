#include "format/muse_xml/muse_xml.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/damaged.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

// Samples 1, -2 and 300; their CRC-32 (of Python's zlib) is 3968433223.
std::string made(std::string_view crc = "3968433223", std::string_view base64 = "AQD+/ywB") {
  const auto lead = [&](std::string_view name) {
    return std::string(
               "<LeadData><LeadSampleCountTotal>3</LeadSampleCountTotal>"
               "<LeadAmplitudeUnitsPerBit>4.88</LeadAmplitudeUnitsPerBit>"
               "<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadID>") +
           std::string(name) + "</LeadID><LeadSampleSize>2</LeadSampleSize><LeadDataCRC32>" +
           std::string(crc) + "</LeadDataCRC32><WaveFormData>\n" + std::string(base64) +
           "\n</WaveFormData></LeadData>";
  };
  return "<RestingECG><PatientDemographics><PatientID>7</PatientID><DateofBirth>05-08-1953"
         "</DateofBirth><Gender>FEMALE</Gender><PatientLastName>Roe</PatientLastName>"
         "<PatientFirstName>Ann</PatientFirstName></PatientDemographics><TestDemographics>"
         "<AcquisitionDate>11-22-2002</AcquisitionDate><AcquisitionTime>09:10:11</AcquisitionTime>"
         "</TestDemographics><QRSTimesTypes><QRS><Type>0</Type><Time>4</Time></QRS></QRSTimesTypes>"
         "<Waveform><WaveformType>Median</WaveformType></Waveform><Waveform><WaveformType>Rhythm"
         "</WaveformType><SampleBase>500</SampleBase><SampleExponent>0</SampleExponent>"
         "<HighPassFilter>5</HighPassFilter><LowPassFilter>150</LowPassFilter>" +
         lead("I") + lead("II") + "</Waveform></RestingECG>";
}

TEST_CASE("stored and derived leads, the patient, and complexes") {
  const auto recording = open_muse(memory_source(to_bytes(made())));
  REQUIRE(recording.has_value());
  const RecordHeader& header = recording->samples->header();
  REQUIRE(header.channels.size() == 6);
  CHECK(header.notes.size() == 1);  // that leads are computed
  CHECK(*read_channel(*recording->samples, 1) == std::vector<std::int32_t>{1, -2, 300});
  CHECK(physical_value(header.channels[0], 300) == doctest::Approx(1464.0));
  CHECK(header.channels[0].filter == "HP:0.05Hz LP:150Hz");
  const RecordIdentity who = header.identity.reveal(AuditedAccess::event_recorded());
  CHECK(who.patient_id == "7");
  CHECK(who.patient_name == "Roe^Ann");
  CHECK(who.birth_date == "1953-05-08");
  CHECK(who.sex == "F");
  CHECK(who.base_time == CivilTime{2002, 11, 22, 9, 10, 11});
  CHECK(recording->events == std::vector<SignalEvent>{{.at = Tick{2}, .code = MitCode::Normal}});
}

TEST_CASE("a wrong checksum is told, broken base64 refused with its line") {
  const auto noted = open_muse(memory_source(to_bytes(made("1"))));
  REQUIRE(noted.has_value());
  CHECK(noted->samples->header().notes.size() == 3);
  const auto refused = open_muse(memory_source(to_bytes(made("1", "A*Q="))));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where.starts_with("line "));
}

TEST_CASE("real files: twelve leads of ten seconds whose checksums are right") {
  for (const char* file :
       {"signals/ge_muse_xml/example1.xml", "signals/ge_muse_xml/example2.xml"}) {
    CAPTURE(file);
    const auto path = test::data_path(file);
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const auto recording = open_muse(*open_file_source(*path));
    REQUIRE(recording.has_value());
    const RecordHeader& header = recording->samples->header();
    CHECK(header.channels.size() == 12);
    CHECK(header.channels[0].sample_count == 5000);
    CHECK(header.notes.size() == 1);
    // The device's own count of complexes stands in the file.
    CHECK(recording->events.size() >= 8);
  }
}

TEST_CASE("a document cut or flipped anywhere gives an error or a record, never a crash") {
  test::check_damaged(to_bytes(made()), open_muse);
}

}  // namespace
}  // namespace consilium
