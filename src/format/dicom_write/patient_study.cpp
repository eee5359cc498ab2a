#include "format/dicom_write/patient_study.hpp"

#include <array>

#include "base/utf8.hpp"
#include "domain/image/dicom_tags.hpp"

namespace consilium {

void put_patient_study(DicomDataset& dataset, const DicomPatientStudy& facts) {
  dataset.put_text(tags::specific_character_set, Vr::Cs, "ISO_IR 192");
  dataset.put_text(tags::patient_name, Vr::Pn, facts.patient_name);
  dataset.put_text(tags::patient_id, Vr::Lo, facts.patient_id);
  dataset.put_text(tags::patient_birth_date, Vr::Da, facts.patient_birth_date);
  dataset.put_text(tags::patient_sex, Vr::Cs, facts.patient_sex);
  if (!facts.patient_age.empty()) dataset.put_text(tags::patient_age, Vr::As, facts.patient_age);
  if (!facts.patient_comments.empty()) {
    dataset.put_text(tags::patient_comments, Vr::Lt, facts.patient_comments);
  }
  if (!facts.deidentification_method.empty()) {
    dataset.put_text(tags::patient_identity_removed, Vr::Cs, "YES");
    dataset.put_text(tags::deidentification_method, Vr::Lo,
                     short_text(facts.deidentification_method));
  }
  dataset.put_text(tags::study_instance_uid, Vr::Ui, facts.study_instance_uid);
  dataset.put_text(tags::study_date, Vr::Da, facts.study_date);
  dataset.put_text(tags::study_time, Vr::Tm, facts.study_time);
  dataset.put_text(tags::referring_physician_name, Vr::Pn, "");
  dataset.put_text(tags::study_id, Vr::Sh, facts.study_id);
  dataset.put_text(tags::accession_number, Vr::Sh, facts.accession_number);
  if (!facts.study_description.empty()) {
    dataset.put_text(tags::study_description, Vr::Lo, short_text(facts.study_description));
  }
}

void put_integer(DicomDataset& dataset, DicomTag tag, Vr vr, std::int64_t value) {
  dataset.put_integers(tag, vr, std::array{value});
}

void put_number(DicomDataset& dataset, DicomTag tag, Vr vr, double value) {
  dataset.put_numbers(tag, vr, std::array{value});
}

DicomDataset code_item(std::string_view system, std::string_view code, std::string_view meaning,
                       std::string_view version) {
  DicomDataset item;
  // PS3.3 8.1: what is longer than a short string goes into the long form.
  if (code.size() > 16) {
    item.put_text(tags::long_code_value, Vr::Uc, code);
  } else {
    item.put_text(tags::code_value, Vr::Sh, code);
  }
  item.put_text(tags::coding_scheme_designator, Vr::Sh, system);
  if (!version.empty()) item.put_text(tags::coding_scheme_version, Vr::Sh, version);
  item.put_text(tags::code_meaning, Vr::Lo, short_text(meaning));
  return item;
}

std::string short_text(std::string_view valid_utf8, std::size_t characters_max) {
  std::string out;
  std::size_t count = 0;
  for (std::size_t at = 0; at < valid_utf8.size() && count < characters_max; ++count) {
    const char32_t code_point = next_code_point(valid_utf8, at);
    const bool is_plain = code_point >= U' ' && code_point != U'\\' && code_point != U'\x7F';
    append_utf8(out, is_plain ? code_point : U' ');
  }
  return out;
}

}  // namespace consilium
