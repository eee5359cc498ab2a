#include "format/dicom_pseudonym/pseudonymise.hpp"

#include <doctest/doctest.h>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_json/dicom_json.hpp"

using namespace consilium;

namespace {

DicomPseudonym test_pseudonym() {
  return {.patient = "P-0007", .date_shift_days = -31, .map_uid = [](std::string_view uid) {
            return "2.25." + std::to_string(uid.size());
          }};
}

DicomDataset telling_dataset() {
  DicomDataset dataset;
  dataset.put_text(tags::specific_character_set, Vr::Cs, "ISO_IR 100");
  dataset.put_text(tags::sop_class_uid, Vr::Ui, "1.2.840.10008.5.1.4.1.1.2");
  dataset.put_text(tags::sop_instance_uid, Vr::Ui, "1.2.3.4");
  dataset.put_text(tags::study_date, Vr::Da, "20240301");
  dataset.put_text(tags::acquisition_date_time, Vr::Dt, "20240301101112.5");
  dataset.put_text(tags::institution_name, Vr::Lo, "SECRET Hospital");
  dataset.put_text(tags::study_description, Vr::Lo, "SECRET was here");
  dataset.put_text(tags::patient_name, Vr::Pn, "SECRET^Anna");
  dataset.put_text(tags::patient_id, Vr::Lo, "SECRET1");
  dataset.put_text(tags::patient_birth_date, Vr::Da, "19500101");
  dataset.put_text(dicom_tag(0x00080070), Vr::Lo, "ACME");
  dataset.put_text(dicom_tag(0x00091001), Vr::Lo, "SECRET private");
  dataset.put_text(dicom_tag(0x00181000), Vr::Lo, "SECRET serial");
  dataset.put_text(dicom_tag(0x00181210), Vr::Sh, "B30f");
  dataset.put_text(dicom_tag(0x00180050), Vr::Ds, "SECRET");
  dataset.put_text(dicom_tag(0x00280030), Vr::Ds, "0.5\\0.5");
  dataset.put_text(dicom_tag(0x00204000), Vr::Lt, "SECRET comment");
  dataset.put_text(dicom_tag(0x60000022), Vr::Lo, "SECRET overlay");
  DicomDataset item;
  item.put_text(tags::patient_id, Vr::Lo, "SECRET2");
  item.put_text(tags::code_value, Vr::Sh, "T-D3000");
  item.put_text(tags::coding_scheme_designator, Vr::Sh, "SRT");
  item.put_text(tags::code_meaning, Vr::Lo, "Chest");
  DicomDataset own = item;
  own.put_text(tags::coding_scheme_designator, Vr::Sh, "99SECRET");
  own.put_text(tags::code_meaning, Vr::Lo, "SECRET meaning");
  dataset.put_items(dicom_tag(0x00082218), {item, own});
  return dataset;
}

}  // namespace

TEST_CASE("what the device measured stays, what anybody wrote goes") {
  const DicomDataset served = pseudonymised(telling_dataset(), test_pseudonym());
  CHECK(served.text(tags::patient_name) == "P-0007");
  CHECK(served.text(tags::patient_id) == "P-0007");
  CHECK(served.ascii(tags::sop_class_uid) == "1.2.840.10008.5.1.4.1.1.2");
  CHECK(served.ascii(tags::sop_instance_uid) == "2.25.7");
  CHECK(served.ascii(tags::study_date) == "20240130");
  CHECK(served.ascii(tags::acquisition_date_time) == "20240130101112.5");
  CHECK(served.text(dicom_tag(0x00080070)) == "ACME");
  CHECK(served.text(dicom_tag(0x00181210)) == "B30f");
  CHECK(served.numbers(dicom_tag(0x00280030)) == std::vector<double>{0.5, 0.5});
  REQUIRE(served.items(dicom_tag(0x00082218)).size() == 2);
  CHECK(served.items(dicom_tag(0x00082218))[0].text(tags::code_meaning) == "Chest");
  CHECK_FALSE(served.items(dicom_tag(0x00082218))[1].has(tags::code_meaning));
}

TEST_CASE("no value of an identifying attribute is anywhere in the result") {
  std::string json;
  append_dicom_json(json, pseudonymised(telling_dataset(), test_pseudonym()), {});
  // The scheme's own name is a code of the site and may stay; its meaning may not.
  std::string without_scheme = json;
  for (std::size_t at = 0; (at = without_scheme.find("99SECRET")) != std::string::npos;) {
    without_scheme.erase(at, 8);
  }
  CHECK(without_scheme.find("SECRET") == std::string::npos);
  CHECK(json.find("1950") == std::string::npos);
}

TEST_CASE("dates move over the ends of months and years, and what is none is left out") {
  CHECK(shifted_dicom_date("20240301", -1) == "20240229");
  CHECK(shifted_dicom_date("20240101", -366) == "20221231");
  for (const char* wrong : {"", "2024", "20241301", "2024030a", "202403011"}) {
    CHECK(shifted_dicom_date(wrong, 1).empty());
  }
}
