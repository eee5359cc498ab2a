#include <doctest/doctest.h>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_deid/deid_part10.hpp"
#include "format/dicom_deid/deidentify.hpp"
#include "format/dicom_json/dicom_json.hpp"
#include "format/dicom_write/part10.hpp"

using namespace consilium;

namespace {

const DeidKey key(bytes_of("the key of these tests"));
constexpr DicomTag referenced_images = dicom_tag(0x00081140);
constexpr DicomTag referenced_sop = dicom_tag(0x00081155);
constexpr DicomTag study_description = dicom_tag(0x00081030);

DeidProfile profile_with(std::initializer_list<const char*> options, const char* base = "basic") {
  DeidProfile profile = *named_deid_profile(base);
  for (const char* option : options) REQUIRE(add_deid_option(profile, option).has_value());
  return profile;
}

// A CT image of a made patient.
DicomFile ct_file() {
  DicomFile file;
  DicomDataset& d = file.dataset;
  d.put_text(tags::specific_character_set, Vr::Cs, "ISO_IR 100");
  d.put_text(dicom_tag(0x00080008), Vr::Cs, "ORIGINAL\\PRIMARY\\AXIAL");
  d.put_text(tags::sop_class_uid, Vr::Ui, "1.2.840.10008.5.1.4.1.1.2");
  d.put_text(tags::sop_instance_uid, Vr::Ui, "1.2.3.4");
  d.put_text(tags::study_date, Vr::Da, "20240301");
  d.put_text(dicom_tag(0x00080030), Vr::Tm, "101112");
  d.put_text(tags::modality, Vr::Cs, "CT");
  d.put_text(dicom_tag(0x00080070), Vr::Lo, "ACME");
  d.put_text(study_description, Vr::Lo, "CT Chest of Anna Zuckerpuppe, ID 47-11-0815");
  DicomDataset reference;
  reference.put_text(dicom_tag(0x00081150), Vr::Ui, "1.2.840.10008.5.1.4.1.1.2");
  reference.put_text(referenced_sop, Vr::Ui, "1.2.3.4");
  d.put_items(referenced_images, {reference});
  d.put_text(tags::patient_name, Vr::Pn, "Zuckerpuppe^Anna");
  d.put_text(tags::patient_id, Vr::Lo, "47110815");
  d.put_text(tags::patient_birth_date, Vr::Da, "19310102");
  d.put_text(dicom_tag(0x00101010), Vr::As, "093Y");
  d.put_text(dicom_tag(0x00091010), Vr::Lo, "private");
  d.put_text(tags::study_instance_uid, Vr::Ui, "1.2.3");
  return file;
}

DeidObject done(const DicomFile& file, const DeidProfile& profile) {
  KnownIdentifiers known;
  add_identifiers(known, file.dataset, profile);
  auto object = deidentify(file, profile, key, known);
  REQUIRE(object.has_value());
  return std::move(*object);
}

std::string json_of(const DicomDataset& dataset) {
  std::string json;
  append_dicom_json(json, dataset, {});
  return json;
}

}  // namespace

TEST_CASE("the basic profile takes out who, when and where, and says so") {
  const DeidObject object = done(ct_file(), profile_with({}));
  const DicomDataset& d = object.dataset;
  CHECK(d.text(tags::patient_name) == object.patient);
  CHECK(d.text(tags::patient_id) == object.patient);
  CHECK(object.patient.starts_with("P-"));
  CHECK_FALSE(d.has_value(tags::patient_birth_date));
  CHECK(d.has(tags::patient_birth_date));  // type 2
  CHECK_FALSE(d.has(study_description));
  CHECK_FALSE(d.has(dicom_tag(0x00091010)));
  CHECK_FALSE(d.has(dicom_tag(0x00101010)));
  CHECK(d.ascii(tags::sop_instance_uid) == key.uid("1.2.3.4"));
  CHECK(d.ascii(tags::sop_class_uid) == "1.2.840.10008.5.1.4.1.1.2");
  CHECK(d.ascii(tags::patient_identity_removed) == "YES");
  CHECK(d.ascii(dicom_tag(0x00280303)) == "REMOVED");
  REQUIRE(d.items(dicom_tag(0x00120064)).size() == 1);
  CHECK(d.items(dicom_tag(0x00120064))[0].text(tags::code_value) == "113100");
  CHECK(d.text(dicom_tag(0x00080070)) == "ACME");
  const std::string json = json_of(d);
  for (const char* trace : {"Zucker", "4711", "1931", "20240301", "\"1.2.3"}) {
    CAPTURE(trace);
    CHECK_FALSE(json.contains(trace));
  }
}

TEST_CASE("references follow the objects they point at") {
  const DeidObject object = done(ct_file(), profile_with({"retain-device"}));
  // X/Z/U*: type 3 in a CT image, so the sequence goes; in a type 1 place its UIDs are mapped.
  CHECK_FALSE(object.dataset.has(referenced_images));
  DicomFile secondary = ct_file();
  secondary.dataset.put_text(tags::sop_class_uid, Vr::Ui, "1.2.3.99");
  const DeidObject unknown = done(secondary, profile_with({}));
  REQUIRE(unknown.dataset.items(referenced_images).size() == 1);
  CHECK(unknown.dataset.items(referenced_images)[0].ascii(referenced_sop) == key.uid("1.2.3.4"));
  const DeidObject kept = done(ct_file(), profile_with({"retain-uids"}));
  CHECK(kept.dataset.ascii(tags::sop_instance_uid) == "1.2.3.4");
}

TEST_CASE("dates move together for one patient, and their intervals stay") {
  DicomFile first = ct_file();
  DicomFile second = ct_file();
  second.dataset.put_text(tags::study_date, Vr::Da, "20240315");
  second.dataset.put_text(tags::acquisition_date_time, Vr::Dt, "20240315101112.5+0100");
  const DeidProfile profile = profile_with({"modified-dates"});
  const std::int64_t days = key.shift_days(deid_identity(first.dataset));
  CHECK(days <= -30);
  CHECK(days > -3650);
  CHECK(done(first, profile).dataset.ascii(tags::study_date) != "20240301");
  CHECK(done(first, profile).dataset.ascii(dicom_tag(0x00080030)) == "101112");
  const DicomDataset later = done(second, profile).dataset;
  CHECK(later.ascii(tags::acquisition_date_time).substr(8) == "101112.5+0100");
  CHECK(later.ascii(tags::acquisition_date_time).substr(0, 8) == later.ascii(tags::study_date));
  CHECK(later.ascii(dicom_tag(0x00280303)) == "MODIFIED");
  second.dataset.put_text(tags::study_date, Vr::Da, "March 2024");
  CHECK(done(second, profile).dataset.ascii(tags::study_date).empty());
  CHECK(done(first, profile_with({"retain-full-dates"})).dataset.ascii(tags::study_date) ==
        "20240301");
}

TEST_CASE("safe harbor keeps years, pools high ages and holds back what may show text") {
  const DeidObject object = done(ct_file(), profile_with({}, "safe-harbor"));
  CHECK(object.dataset.ascii(tags::study_date) == "20240101");
  CHECK(object.dataset.ascii(dicom_tag(0x00101010)) == "090Y");
  CHECK(object.dataset.ascii(dicom_tag(0x00080030)).empty());
  DicomFile young = ct_file();
  young.dataset.put_text(dicom_tag(0x00101010), Vr::As, "089Y");
  CHECK(done(young, profile_with({}, "safe-harbor")).dataset.ascii(dicom_tag(0x00101010)) ==
        "089Y");
  DicomFile screen = ct_file();
  screen.pixel_data.kind = PixelDataKind::Integer;
  screen.dataset.put_text(tags::modality, Vr::Cs, "US");
  CHECK_FALSE(deidentify(screen, profile_with({}, "safe-harbor"), key, {}).has_value());
  screen.dataset.put_text(tags::burned_in_annotation, Vr::Cs, "NO");
  CHECK(deidentify(screen, profile_with({}, "safe-harbor"), key, {}).has_value());
  screen.dataset.put_text(tags::burned_in_annotation, Vr::Cs, "YES");
  CHECK_FALSE(deidentify(screen, profile_with({}), key, {}).has_value());
  CHECK(deidentify(screen, profile_with({"retain-burned-in"}), key, {}).has_value());
}

TEST_CASE("cleaned descriptors say what was done, and nobody's name or number") {
  const DeidObject object = done(ct_file(), profile_with({"clean-descriptors"}));
  CHECK(object.dataset.text(study_description) == "CT Chest of");
}

TEST_CASE("what is known of a person is cut out of every text that stays") {
  DicomFile file = ct_file();
  file.dataset.put_text(dicom_tag(0x00080070), Vr::Lo,
                        "ACME for ZUCKERPUPPE 4711 0815 of 1931-01-02");
  DicomDataset item;
  item.put_text(dicom_tag(0x00080104), Vr::Lo, "Axis of Anna");
  file.dataset.put_items(dicom_tag(0x00540220), {item});
  const DeidObject object = done(file, profile_with({}));
  CHECK(object.dataset.text(dicom_tag(0x00080070)) == "ACME for   of");
  REQUIRE(object.dataset.items(dicom_tag(0x00540220)).size() == 1);
  CHECK(object.dataset.items(dicom_tag(0x00540220))[0].text(dicom_tag(0x00080104)) == "Axis of");
}

TEST_CASE("versions are no dates, and what is cut out whole leaves a dummy") {
  KnownIdentifiers known;
  CHECK(known.scrubbed("5.1.7 and 5.6.3-9-1") == "5.1.7 and 5.6.3-9-1");
  for (const char* date : {"1950-01-31", "31.1.50", "1/31/1950", "19500131"}) {
    CHECK(known.scrubbed(std::string("of ") + date) == "of");
  }
  DicomFile file = ct_file();
  file.dataset.put_text(dicom_tag(0x00081090), Vr::Lo, "https://zuckerpuppe.example");
  CHECK(done(file, profile_with({})).dataset.text(dicom_tag(0x00081090)) == "REMOVED");
}

TEST_CASE("private elements stay only where the profile allows their creator") {
  DicomFile file = ct_file();
  file.dataset.put_text(dicom_tag(0x00190010), Vr::Lo, "SIEMENS MR HEADER");
  file.dataset.put_text(dicom_tag(0x0019100C), Vr::Is, "1000");
  file.dataset.put_text(dicom_tag(0x0019100D), Vr::Cs, "SECRET");
  DeidProfile profile = profile_with({"retain-safe-private"});
  profile.private_allowed.push_back({.creator = "SIEMENS MR HEADER", .element = 0x0C});
  const DicomDataset d = done(file, profile).dataset;
  CHECK(d.text(dicom_tag(0x00190010)) == "SIEMENS MR HEADER");
  CHECK(d.integer(dicom_tag(0x0019100C)) == 1000);
  CHECK_FALSE(d.has(dicom_tag(0x0019100D)));
  profile.private_allowed.clear();
  CHECK_FALSE(done(file, profile).dataset.has(dicom_tag(0x00190010)));
}

TEST_CASE("values that are not of the form of their VR do not pass") {
  DicomFile file = ct_file();
  file.dataset.put_text(dicom_tag(0x00180050), Vr::Ds, "SECRET");   // Slice Thickness
  file.dataset.put_text(dicom_tag(0x00280010), Vr::Lo, "SECRET");   // Rows as text
  file.dataset.put_text(dicom_tag(0x00180015), Vr::Cs, "Smith's");  // Body Part Examined
  file.dataset.put_text(dicom_tag(0x00080099), Vr::Lo, "SECRET");   // not in PS3.6
  const DicomDataset d = done(file, profile_with({})).dataset;
  CHECK_FALSE(d.has_value(dicom_tag(0x00180050)));
  CHECK_FALSE(d.has(dicom_tag(0x00280010)));
  CHECK_FALSE(d.has_value(dicom_tag(0x00180015)));
  CHECK_FALSE(d.has(dicom_tag(0x00080099)));
}

TEST_CASE("structured content is cleaned item by item, or becomes a dummy") {
  DicomFile file = ct_file();
  DicomDataset text;
  text.put_text(dicom_tag(0x0040A010), Vr::Cs, "CONTAINS");
  text.put_text(dicom_tag(0x0040A040), Vr::Cs, "TEXT");
  text.put_text(dicom_tag(0x0040A160), Vr::Ut, "Nodule in the right lung of Mrs Zuckerpuppe");
  DicomDataset name;
  name.put_text(dicom_tag(0x0040A040), Vr::Cs, "PNAME");
  name.put_text(dicom_tag(0x0040A123), Vr::Pn, "Zuckerpuppe^Otto");
  file.dataset.put_items(dicom_tag(0x0040A730), {text, name});
  const auto cleaned = done(file, profile_with({"clean-structured-content"})).dataset;
  REQUIRE(cleaned.items(dicom_tag(0x0040A730)).size() == 2);
  CHECK(cleaned.items(dicom_tag(0x0040A730))[0].text(dicom_tag(0x0040A160)) ==
        "Nodule in the right lung of");
  CHECK(cleaned.items(dicom_tag(0x0040A730))[1].text(dicom_tag(0x0040A123)) == "REMOVED");
  const auto dummy = done(file, profile_with({})).dataset;
  REQUIRE(dummy.items(dicom_tag(0x0040A730)).size() == 1);
  CHECK(dummy.items(dicom_tag(0x0040A730))[0].text(dicom_tag(0x0040A160)) == "REMOVED");
  CHECK(dummy.items(dicom_tag(0x0040A730))[0].ascii(dicom_tag(0x0040A040)) == "TEXT");
}

TEST_CASE("one key gives one result, another key another one") {
  const DeidKey other(bytes_of("another key"));
  CHECK(key.uid("1.2.3") == DeidKey(bytes_of("the key of these tests")).uid("1.2.3"));
  CHECK(key.uid("1.2.3") != other.uid("1.2.3"));
  CHECK(key.patient("id\n\n1") != other.patient("id\n\n1"));
  CHECK(key.patient("id\n\n1") != key.patient("id\n\n2"));
  CHECK(key.token("file", "a", 7).size() == 7);
}

TEST_CASE("a file is written with a new head, no hidden bytes and its pixels as they were") {
  DicomFile file = ct_file();
  file.dataset.put_integers(tags::rows, Vr::Us, std::array<std::int64_t, 1>{1});
  file.dataset.put_integers(tags::columns, Vr::Us, std::array<std::int64_t, 1>{2});
  file.dataset.put_integers(tags::bits_allocated, Vr::Us, std::array<std::int64_t, 1>{16});
  const Bytes pixels = to_bytes("\1\2\3\4SECRET");
  file.bytes = pixels;
  file.pixel_data.kind = PixelDataKind::Integer;
  file.pixel_data.length = pixels.size();
  file.pixel_data.declared_length = pixels.size();
  const auto written = write_deidentified(file, done(file, profile_with({})).dataset);
  REQUIRE(written.has_value());
  CHECK_FALSE(text_of(*written).contains("SECRET"));
  const auto read = read_dicom(*written);
  REQUIRE(read.has_value());
  CHECK(read->pixel_data.length == 4);
  CHECK(text_of(read->bytes.subspan(read->pixel_data.offset, 4)) == "\1\2\3\4");
  file.pixel_data.declared_length += 2;
  CHECK_FALSE(write_deidentified(file, file.dataset).has_value());
}

TEST_CASE("comments of codestreams go, what says how they are coded stays") {
  const Bytes jpeg =
      to_bytes(std::string("\xFF\xD8\xFF\xE0\0\4JF\xFF\xFE\0\x8SECRET\xFF\xDA\0\2xy", 24));
  CHECK(text_of(without_comments(jpeg)) == std::string("\xFF\xD8\xFF\xE0\0\4JF\xFF\xDA\0\2xy", 14));
  const Bytes other = to_bytes("no codestream");
  CHECK(without_comments(other) == other);
  const Bytes cut = to_bytes(std::string("\xFF\xD8\xFF\xFE\0\x80SE", 8));
  CHECK(without_comments(cut) == cut);
}
