#include "analysis/synthetic/cases.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace consilium::synthetic;

TEST_CASE("patients have images, notes and recordings under identifiers of their own") {
  const std::vector<MadePatient> patients = make_cases(1, 8);
  REQUIRE(patients.size() == 8);
  std::set<std::string> ids;
  for (const MadePatient& patient : patients) {
    ids.insert(patient.id);
    CHECK(patient.family_name == "SYNTHETIC");
    CHECK(patient.ct.has_value() != patient.mr.has_value());
    CHECK(patient.notes.size() >= 2);
    for (const MadeNote& note : patient.notes) {
      CHECK(note.text.find(patient.id) != std::string::npos);
    }
    CHECK(!patient.recordings.empty());
    for (const EcgOptions& options : patient.recordings) {
      CHECK(EcgModel::make(options).has_value());
    }
  }
  CHECK(ids.size() == 8);
}

TEST_CASE("one more patient changes none of the others") {
  const std::vector<MadePatient> few = make_cases(9, 2);
  const std::vector<MadePatient> more = make_cases(9, 3);
  for (std::size_t i = 0; i < few.size(); ++i) {
    CHECK(few[i].notes[0].text == more[i].notes[0].text);
    CHECK(few[i].birth_year == more[i].birth_year);
  }
}
