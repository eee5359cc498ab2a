// A made patient's ECG as files, for tests that import one.
#pragma once

#include <filesystem>
#include <utility>

#include "service/made_data/made_files.hpp"
#include "tests/service/service_fixture.hpp"

namespace consilium::service::test {

// The same options give synthetic::EcgModel the record's truth.
inline void write_ecg(const std::filesystem::path& folder, synthetic::EcgOptions options) {
  const synthetic::MadePatient patient{.id = "SYN-0001",
                                       .family_name = "SYNTHETIC",
                                       .given_name = "Case 1",
                                       .study_date = "20260112",
                                       .recordings = {std::move(options)}};
  must(write_patient_files(patient, [&](const NamedBytes& file) -> Status {
    write_file(folder / file.name, file.bytes);
    return {};
  }));
}

}  // namespace consilium::service::test
