#include "format/dicom/image_description.hpp"

#include <doctest/doctest.h>

#include "domain/image/dicom_tags.hpp"

using namespace consilium;

namespace {

// A 16-bit signed CT slice; pixel data is said to be there but has no bytes.
DicomFile ct_file() {
  DicomFile file;
  file.pixel_data.kind = PixelDataKind::Integer;
  DicomDataset& dataset = file.dataset;
  const auto put = [&](DicomTag tag, std::int64_t value) {
    dataset.put_integers(tag, Vr::Us, std::array{value});
  };
  dataset.put_text(tags::sop_class_uid, Vr::Ui, "1.2.840.10008.5.1.4.1.1.2");
  dataset.put_text(tags::modality, Vr::Cs, "CT");
  dataset.put_text(tags::photometric_interpretation, Vr::Cs, "MONOCHROME2");
  put(tags::samples_per_pixel, 1);
  put(tags::rows, 4);
  put(tags::columns, 6);
  put(tags::bits_allocated, 16);
  put(tags::bits_stored, 12);
  put(tags::high_bit, 11);
  put(tags::pixel_representation, 1);
  put(tags::pixel_padding_value, 0xF830);  // -2000 written as US
  dataset.put_text(tags::rescale_slope, Vr::Ds, "1");
  dataset.put_text(tags::rescale_intercept, Vr::Ds, "-1024");
  dataset.put_text(tags::window_center, Vr::Ds, "40\\-600");
  dataset.put_text(tags::window_width, Vr::Ds, "400\\1500");
  dataset.put_text(tags::window_center_width_explanation, Vr::Lo, "SOFT\\LUNG");
  return file;
}

DicomDataset with_item(DicomTag sequence, DicomTag tag, std::string_view decimals) {
  DicomDataset item;
  item.put_text(tag, Vr::Ds, decimals);
  DicomDataset groups;
  groups.put_items(sequence, {item});
  return groups;
}

}  // namespace

TEST_CASE("a CT slice says its layout, its Hounsfield units, its windows and its padding") {
  const ImageDescription image = describe_image(ct_file()).value();
  CHECK(image.ready == PixelLayout{.rows = 4,
                                   .columns = 6,
                                   .samples_per_pixel = 1,
                                   .sample_type = SampleType::I16,
                                   .photometric = Photometric::Monochrome2});
  CHECK(image.frame(0).modality.intercept == -1024);
  CHECK(image.frame(0).modality.unit == "[hnsf'U]");
  REQUIRE(image.frame(0).windows.size() == 2);
  CHECK(image.frame(0).windows[1].name == "LUNG");
  CHECK(image.frame(0).windows[1].centre == -600);
  CHECK(image.padding == PaddingRange{.low = -2000, .high = -2000});
}

TEST_CASE("per-frame groups override the shared ones, and those the top level") {
  DicomFile file = ct_file();
  file.dataset.put_text(tags::number_of_frames, Vr::Is, "2");
  DicomDataset shared = with_item(tags::pixel_measures_sequence, tags::pixel_spacing, "0.5\\0.25");
  DicomDataset orientation;
  orientation.put_text(tags::image_orientation_patient, Vr::Ds, "1\\0\\0\\0\\1\\0");
  shared.put_items(tags::plane_orientation_sequence, {orientation});
  file.dataset.put_items(tags::shared_functional_groups_sequence, {shared});
  file.dataset.put_items(
      tags::per_frame_functional_groups_sequence,
      {with_item(tags::plane_position_sequence, tags::image_position_patient, "1\\2\\3"),
       with_item(tags::plane_position_sequence, tags::image_position_patient, "1\\2\\8")});
  const ImageDescription image = describe_image(file).value();
  REQUIRE(image.frames.size() == 2);
  CHECK(image.frame(1).position == PatientPoint{.x_mm = 1, .y_mm = 2, .z_mm = 8});
  CHECK(image.frame(1).spacing_mm == std::array{0.5, 0.25});
  CHECK(image.frame(1).orientation.has_value());
  CHECK(image.frame(1).modality.intercept == -1024);
}

TEST_CASE("objects that are no images are refused with a reason") {
  struct Case {
    const char* uid;
    const char* reason;
  };
  const Case cases[] = {
      {"1.2.840.10008.5.1.4.1.1.66.4", "a segmentation holds labels of images, no image"},
      {"1.2.840.10008.5.1.4.1.1.88.33", "a structured report holds findings on images, no image"},
      {"1.2.840.10008.5.1.4.1.1.481.3", "a structure set holds labels of images, no image"},
      {"1.2.840.10008.5.1.4.1.1.9.1.1", "a waveform is a recording, no image"},
      {"1.2.840.10008.5.1.4.1.1.104.1", "encapsulated documents come with a later version"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.uid);
    DicomFile file = ct_file();
    file.dataset.put_text(tags::sop_class_uid, Vr::Ui, c.uid);
    const auto image = describe_image(file);
    REQUIRE_FALSE(image.has_value());
    CHECK(image.error().code == ErrorCode::Unsupported);
    CHECK(image.error().what == c.reason);
  }
  CHECK(why_not_viewed("1.2.840.10008.5.1.4.1.1.2").empty());
  CHECK(why_not_viewed("1.2.840.10008.5.1.4.1.1.481.2").empty());  // dose grids are images
}

TEST_CASE("an image that cannot be right is refused") {
  struct Case {
    const char* name;
    DicomTag tag;
    std::int64_t value;
    ErrorCode code;
  };
  const Case cases[] = {
      {"no rows", tags::rows, 0, ErrorCode::Corrupt},
      {"12 bits allocated", tags::bits_allocated, 12, ErrorCode::Unsupported},
      {"three samples of grey", tags::samples_per_pixel, 3, ErrorCode::Corrupt},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    DicomFile file = ct_file();
    file.dataset.put_integers(c.tag, Vr::Us, std::array{c.value});
    const auto image = describe_image(file);
    REQUIRE_FALSE(image.has_value());
    CHECK(image.error().code == c.code);
  }
  DicomFile file = ct_file();
  file.dataset.put_text(tags::photometric_interpretation, Vr::Cs, "HSV");
  CHECK(describe_image(file).error().code == ErrorCode::Unsupported);
}

TEST_CASE("directions that are no directions are not believed") {
  DicomFile file = ct_file();
  file.dataset.put_text(tags::image_orientation_patient, Vr::Ds, "0\\0\\0\\0\\0\\0");
  CHECK_FALSE(describe_image(file).value().frame(0).orientation.has_value());
}
