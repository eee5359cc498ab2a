#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_write/image_series.hpp"
#include "format/dicom_write/part10.hpp"
#include "format/dicom_write/uid.hpp"

using namespace consilium;

TEST_CASE("a UID follows from its name, is valid and at most 64 characters") {
  const std::string uid = uid_from_name("a series");
  CHECK(uid == uid_from_name("a series"));
  CHECK(uid != uid_from_name("another series"));
  CHECK(uid.starts_with("2.25."));
  CHECK(uid.size() <= 44);
  CHECK(uid.find_first_not_of("0123456789.") == std::string::npos);
  CHECK(uid[5] != '0');
}

TEST_CASE("a dataset is written byte for byte as PS3.5 7.1.2 says") {
  DicomDataset item;
  item.put_text(tags::code_value, Vr::Sh, "A");
  DicomDataset dataset;
  put_integer(dataset, tags::rows, Vr::Us, 0x0102);
  dataset.put_items(dicom_tag(0x00400008), {item});
  const Bytes bytes = write_explicit_little_endian(dataset).value();
  const std::array<unsigned, 40> expected{
      0x28, 0,    0x10, 0,    'U', 'S', 2, 0, 0x02, 0x01,        // Rows
      0x40, 0,    0x08, 0,    'S', 'Q', 0, 0, 18,   0,    0, 0,  // a sequence of 18 bytes
      0xFE, 0xFF, 0x00, 0xE0, 10,  0,   0, 0, 0x08, 0,    0, 1,  // an item of 10 bytes
      'S',  'H',  2,    0,    'A', ' '};
  REQUIRE(bytes.size() == expected.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CAPTURE(i);
    CHECK(std::to_integer<unsigned>(bytes[i]) == expected[i]);
  }
}

TEST_CASE("a file starts with its meta information, whose length is right") {
  DicomDataset dataset;
  dataset.put_text(tags::sop_class_uid, Vr::Ui, "1.2.840.10008.5.1.4.1.1.7");
  dataset.put_text(tags::sop_instance_uid, Vr::Ui, "1.2.3");
  const Bytes bytes = write_part10(dataset).value();
  REQUIRE(bytes.size() > 144);
  CHECK(text_of(ByteView(bytes).subspan(128, 4)) == "DICM");
  const std::size_t length =
      std::to_integer<std::size_t>(bytes[140]) | (std::to_integer<std::size_t>(bytes[141]) << 8U);
  // The dataset follows right after: group 0008.
  CHECK(std::to_integer<int>(bytes[144 + length]) == 0x08);
  CHECK(std::to_integer<int>(bytes[144 + length + 2]) == 0x16);
}

TEST_CASE("what cannot be written is refused") {
  DicomDataset nameless;
  CHECK(write_part10(nameless).error().code == ErrorCode::InvalidInput);
  DicomDataset big(std::endian::big);
  big.put_text(tags::sop_class_uid, Vr::Ui, "1.2");
  big.put_text(tags::sop_instance_uid, Vr::Ui, "1.2");
  CHECK(write_explicit_little_endian(big).error().code == ErrorCode::InvalidInput);
  DicomDataset wordy;
  wordy.put_text(tags::image_comments, Vr::Lt, std::string(70000, 'x'));
  CHECK(write_explicit_little_endian(wordy).error().code == ErrorCode::InvalidInput);
}

TEST_CASE("a slice that does not fit its grid is refused") {
  MadeImageSeries series;
  series.grid.dims = {4, 4, 2};
  const std::vector<std::int16_t> samples(16);
  CHECK(write_image_slice(series, 1, samples).has_value() == true);
  CHECK(write_image_slice(series, 2, samples).error().code == ErrorCode::InvalidInput);
  CHECK(write_image_slice(series, 0, std::span(samples).first(15)).error().code ==
        ErrorCode::InvalidInput);
}

TEST_CASE("text for a DICOM value loses backslashes, control characters and what is too long") {
  CHECK(short_text("a\\b\nc") == "a b c");
  CHECK(short_text("ßßß", 2) == "ßß");
}
