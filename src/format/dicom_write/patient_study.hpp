// The facts that every object of a study repeats (PS3.3 C.7.1.1 Patient, C.7.2.1 General Study),
// and one-value shorthands for filling datasets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/image/dicom_dataset.hpp"

namespace consilium {

struct DicomPatientStudy {
  std::string patient_name;  // PN with carets
  std::string patient_id;
  std::string patient_birth_date;  // YYYYMMDD or empty
  std::string patient_sex;         // M, F, O or empty
  std::string patient_age;         // "061Y" or empty
  std::string patient_comments;
  std::string study_instance_uid;
  std::string study_date;  // YYYYMMDD
  std::string study_time;  // HHMMSS
  std::string study_id;
  std::string study_description;
  std::string accession_number;
  // Values for objects whose patient is de-identified: (0012,0062), (0012,0063).
  std::string deidentification_method;  // empty: nothing is said of it
};

// Puts both modules and Specific Character Set ISO_IR 192.
void put_patient_study(DicomDataset& dataset, const DicomPatientStudy& facts);

void put_integer(DicomDataset& dataset, DicomTag tag, Vr vr, std::int64_t value);
void put_number(DicomDataset& dataset, DicomTag tag, Vr vr, double value);
// An item of a code sequence (PS3.3 8.8).
[[nodiscard]] DicomDataset code_item(std::string_view system, std::string_view code,
                                     std::string_view meaning, std::string_view version = {});
// What fits an LO value: at most 64 characters, without backslashes and control characters.
[[nodiscard]] std::string short_text(std::string_view valid_utf8, std::size_t characters_max = 64);

}  // namespace consilium
