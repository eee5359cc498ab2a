#include "service/dicom_metadata/metadata_form.hpp"

#include <doctest/doctest.h>

#include "domain/image/dicom_tags.hpp"

using namespace consilium;
using namespace consilium::service;

namespace {

DicomFile test_file() {
  DicomFile file;
  file.dataset.put_text(tags::sop_instance_uid, Vr::Ui, "1.2.3");
  file.dataset.put_text(tags::series_description, Vr::Lo, "thin");
  file.dataset.put_text(dicom_tag(0x00180050), Vr::Ds, "2.5");
  file.pixel_data.kind = PixelDataKind::Integer;
  return file;
}

std::string form_of(const DicomFile& file) {
  return make_metadata_form(file, {.patient = "P-0001", .date_shift_days = 0, .map_uid = [](auto) {
                                     return std::string("2.25.1");
                                   }});
}

}  // namespace

TEST_CASE("descriptions stand in their place where a project shows them, and nowhere else") {
  const std::string form = form_of(test_file());
  std::string plain;
  REQUIRE(append_metadata(plain, form, std::nullopt, "http://h/s"));
  CHECK(plain.find("thin") == std::string::npos);
  CHECK(plain.find(R"("BulkDataURI":"http://h/s/instances/2.25.1/bulkdata/7FE00010")") !=
        std::string::npos);
  std::string described;
  REQUIRE(append_metadata(described, form, Descriptions{"chest \"a\"", "thin"}, ""));
  const std::size_t study = described.find(R"("00081030":{"vr":"LO","Value":["chest \"a\""]})");
  const std::size_t series = described.find(R"("0008103E":{"vr":"LO","Value":["thin"]})");
  CHECK(study < series);
  CHECK(described.find("\"00080018\"") < study);
  CHECK(series < described.find("\"00083002\""));
}

TEST_CASE("a form that is cut, of another version or empty is refused") {
  const std::string form = form_of(test_file());
  std::string out;
  CHECK(is_current_metadata_form(form));
  CHECK_FALSE(is_current_metadata_form(""));
  for (std::size_t size = 0; size < form.size(); ++size) {
    CHECK_FALSE(append_metadata(out, form.substr(0, size), std::nullopt, ""));
  }
  std::string other = form;
  other.front() = 2;
  CHECK_FALSE(append_metadata(out, other, std::nullopt, ""));
}
