#include "service/made_data/made_files.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "format/wfdb/wfdb_annotations.hpp"

using namespace consilium;

TEST_CASE("a made patient's files have their names, and the beats come back as they were made") {
  std::vector<synthetic::MadePatient> patients = synthetic::make_cases(3, 2);
  synthetic::MadePatient& patient = patients[0];
  REQUIRE(patient.ct.has_value());
  patient.ct->columns = 64;
  patient.ct->rows = 64;
  patient.ct->slices = 3;
  patient.recordings.resize(1);
  std::map<std::string, Bytes> files;
  const Status written = write_patient_files(patient, [&](NamedBytes file) -> Status {
    CHECK(files.emplace(file.name, std::move(file.bytes)).second);
    return {};
  });
  REQUIRE(written.has_value());
  CHECK(files.contains("SYN-0001/ct/IM0003.dcm"));
  const std::string_view notes = text_of(files.at("SYN-0001/notes/notes.jsonl"));
  CHECK(std::ranges::count(notes, '\n') == static_cast<std::ptrdiff_t>(patient.notes.size()));
  CHECK(notes.find("18842-5") != std::string_view::npos);
  CHECK(files.at("SYN-0001/ecg/SYN0001_1.dat").size() == 12 * 5000 * 2);
  CHECK(text_of(files.at("SYN-0001/ecg/SYN0001_1.hea")).starts_with("SYN0001_1 12 500 5000"));

  const synthetic::EcgModel model = synthetic::EcgModel::make(patient.recordings[0]).value();
  const MitAnnotations annotations =
      read_mit_annotations(files.at("SYN-0001/ecg/SYN0001_1.atr")).value();
  CHECK(events_of(annotations, model.header(), model.header().tick_rate).value() == model.events());
}

TEST_CASE("an error of the taker ends the work") {
  std::vector<synthetic::MadePatient> patients = synthetic::make_cases(3, 1);
  patients[0].ct->columns = 32;
  patients[0].ct->rows = 32;
  int taken = 0;
  const Status written = write_patient_files(patients[0], [&](const NamedBytes&) -> Status {
    return ++taken == 2 ? Status(fail(ErrorCode::NoSpace, "the disk is full")) : Status{};
  });
  CHECK(written.error().code == ErrorCode::NoSpace);
  CHECK(taken == 2);
}
