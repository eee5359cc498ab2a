#include "format/dicom_json/dicom_json.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "domain/image/dicom_tags.hpp"

using namespace consilium;

namespace {

std::string json_of(const DicomDataset& dataset, const DicomJsonOptions& options = {}) {
  std::string out;
  append_dicom_json(out, dataset, options);
  return out;
}

}  // namespace

TEST_CASE("the person name of PS3.18 table F.2.2 comes out by its groups") {
  DicomDataset dataset;
  dataset.put_text(tags::specific_character_set, Vr::Cs, "ISO_IR 192");
  dataset.put_text(tags::patient_name, Vr::Pn, "Wang^XiaoDong=王^小東");
  CHECK(
      json_of(dataset) ==
      R"({"00080005":{"vr":"CS","Value":["ISO_IR 192"]},)"
      R"("00100010":{"vr":"PN","Value":[{"Alphabetic":"Wang^XiaoDong","Ideographic":"王^小東"}]}})");
}

TEST_CASE("values are of the JSON type that their VR asks for") {
  struct Case {
    const char* name;
    Vr vr;
    const char* text;
    const char* value;
  };
  for (const Case& c : {Case{"decimal", Vr::Ds, "0.50\\-1e3", "[0.5,-1000]"},
                        Case{"decimal that is none", Vr::Ds, "1\\x", "[1,\"x\"]"},
                        Case{"integer", Vr::Is, " 12\\+7", "[12,7]"},
                        Case{"empty among values", Vr::Lo, "a\\\\b", R"(["a",null,"b"])"},
                        Case{"one value with a backslash", Vr::Lt, "a\\b", R"(["a\\b"])"},
                        Case{"quotes and controls", Vr::Lo, "a\"\tb", R"(["a\"\u0009b"])"},
                        Case{"padding", Vr::Sh, " a ", R"(["a"])"}}) {
    CAPTURE(c.name);
    DicomDataset dataset;
    dataset.put_text(dicom_tag(0x00180010), c.vr, c.text);
    CHECK(json_of(dataset) ==
          "{\"00180010\":{\"vr\":\"" + to_string(c.vr) + "\",\"Value\":" + c.value + "}}");
  }
}

TEST_CASE("binary numbers, tags and what JSON has no number for") {
  DicomDataset dataset(std::endian::big);
  const std::array<std::int64_t, 2> whole{1, 65535};
  dataset.put_integers(dicom_tag(0x00280010), Vr::Us, whole);
  const std::array<std::int64_t, 1> pointer{0x00200020};
  dataset.put_integers(dicom_tag(0x00280009), Vr::At, pointer);
  const std::array<double, 3> numbers{0.1, std::numeric_limits<double>::quiet_NaN(),
                                      -std::numeric_limits<double>::infinity()};
  dataset.put_numbers(dicom_tag(0x00289001), Vr::Fd, numbers);
  CHECK(json_of(dataset) == R"({"00280009":{"vr":"AT","Value":["00200020"]},)"
                            R"("00280010":{"vr":"US","Value":[1,65535]},)"
                            R"("00289001":{"vr":"FD","Value":[0.1,"NaN","-inf"]}})");
}

TEST_CASE("an empty value has no Value, a group length no place, pixel data an address") {
  DicomDataset dataset;
  const std::array<std::int64_t, 1> length{4};
  dataset.put_integers(dicom_tag(0x00080000), Vr::Ul, length);
  dataset.put_text(tags::accession_number, Vr::Sh, "  ");
  dataset.put_text(dicom_tag(0xFFFCFFFC), Vr::Sh, "z");
  CHECK(json_of(dataset, {.bulk_prefix = "/b/", .pixel_data_vr = Vr::Ow}) ==
        R"({"00080050":{"vr":"SH"},"7FE00010":{"vr":"OW","BulkDataURI":"/b/7FE00010"},)"
        R"("FFFCFFFC":{"vr":"SH","Value":["z"]}})");
}

TEST_CASE("a large value inside sequences is found by the address that it was given") {
  DicomDataset inner;
  inner.put({.tag = dicom_tag(0x00281201),
             .vr = Vr::Ow,
             .value = DicomValue::owning(Bytes(64)),
             .items = {}});
  DicomDataset dataset;
  dataset.put_items(dicom_tag(0x52009230), {DicomDataset{}, inner});
  const std::string text = json_of(dataset, {.inline_bytes_max = 8, .bulk_prefix = "x/"});
  CHECK(text.find("x/52009230.1.00281201") != std::string::npos);
  const DicomJsonPlace place = find_dicom_json_place(dataset, "52009230.1.00281201");
  REQUIRE(place.element != nullptr);
  CHECK(place.element->value.bytes().size() == 64);
  for (const char* wrong : {"", "52009230.2.00281201", "52009230.1", "52009230.x.00281201",
                            "52009230.1.00281201.0", "5200", "52009230.-1.00281201"}) {
    CAPTURE(wrong);
    CHECK(find_dicom_json_place(dataset, wrong).element == nullptr);
  }
}

TEST_CASE("words of a big-endian file are inline in little endian") {
  DicomDataset dataset(std::endian::big);
  dataset.put({.tag = dicom_tag(0x00281201),
               .vr = Vr::Ow,
               .value = DicomValue::owning({std::byte{1}, std::byte{2}}),
               .items = {}});
  CHECK(json_of(dataset) == R"({"00281201":{"vr":"OW","InlineBinary":"AgE="}})");
}
