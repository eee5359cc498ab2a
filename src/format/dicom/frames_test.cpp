#include "format/dicom/frames.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace consilium;

namespace {

Bytes bytes_from(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

// One row of `columns` pixels.
ImageDescription row_image(std::uint32_t columns, std::uint16_t allocated, std::uint16_t stored) {
  ImageDescription image;
  image.ready = {.rows = 1, .columns = columns};
  image.stored.bits_allocated = allocated;
  image.stored.bits_stored = stored;
  image.stored.high_bit = static_cast<std::uint16_t>(stored - 1);
  image.frames.emplace_back();
  return image;
}

ImageDescription rgb_image(StoredPhotometric photometric, std::uint32_t columns) {
  ImageDescription image = row_image(columns, 8, 8);
  image.stored.samples_per_pixel = 3;
  image.stored.photometric = photometric;
  image.ready.samples_per_pixel = 3;
  image.ready.photometric = Photometric::Rgb;
  return image;
}

std::string ready_hex(const Bytes& frame, const ImageDescription& image, std::uint32_t index = 0) {
  const auto ready = make_ready(frame, image, index);
  REQUIRE(ready.has_value());
  return to_hex(*ready);
}

}  // namespace

TEST_CASE("16-bit little-endian samples that fill their bytes pass unchanged") {
  const Bytes frame = bytes_from({0x34, 0x12, 0xFF, 0xFF});
  CHECK(ready_hex(frame, row_image(2, 16, 16)) == "3412ffff");
}

TEST_CASE("bits above the stored ones go: masked, or sign-extended") {
  // 12 bits stored; the upper 4 hold overlay bits.
  const Bytes frame = bytes_from({0x34, 0xF2, 0xFF, 0x0F});
  ImageDescription image = row_image(2, 16, 12);
  CHECK(ready_hex(frame, image) == "3402ff0f");
  image.stored.is_signed = true;
  CHECK(ready_hex(frame, image) == "3402ffff");
}

TEST_CASE("a high bit above the stored bits shifts samples down") {
  ImageDescription image = row_image(1, 16, 12);
  image.stored.high_bit = 15;
  CHECK(ready_hex(bytes_from({0x40, 0x12}), image) == "2401");
}

TEST_CASE("big-endian samples are turned") {
  ImageDescription image = row_image(2, 16, 16);
  image.stored.byte_order = std::endian::big;
  CHECK(ready_hex(bytes_from({0x12, 0x34, 0x00, 0x01}), image) == "34120100");
}

TEST_CASE("8-bit samples in big-endian words are swapped, also where frames begin in a word") {
  ImageDescription image = row_image(3, 8, 8);
  image.frame_count = 2;
  image.stored.byte_order = std::endian::big;
  image.stored.has_swapped_pairs = true;
  // Frames 1 2 3 and 4 5 6 written as words 0201 0403 0605.
  CHECK(ready_hex(bytes_from({2, 1, 4, 3}), image, 0) == "010203");
  CHECK(ready_hex(bytes_from({4, 3, 6, 5}), image, 1) == "040506");
}

TEST_CASE("single bits unpack from the lowest, also where frames begin inside a byte") {
  ImageDescription image = row_image(5, 1, 1);
  image.frame_count = 2;
  // Frame 0 is 1 0 1 1 0, frame 1 is 1 1 1 0 0: bits 0 to 9 of AD 01.
  CHECK(ready_hex(bytes_from({0xED}), image, 0) == "0100010100");
  CHECK(ready_hex(bytes_from({0xED, 0x00}), image, 1) == "0101010000");
}

TEST_CASE("planes are joined pixel by pixel") {
  ImageDescription image = rgb_image(StoredPhotometric::Rgb, 2);
  image.stored.is_planar = true;
  CHECK(ready_hex(bytes_from({1, 2, 3, 4, 5, 6}), image) == "010305020406");
}

TEST_CASE("YBR becomes RGB, full and with shared colour") {
  // PS3.3 C.7.6.3.1.2: Y 76, Cb 85, Cr 255 is red; no colour gives grey.
  CHECK(ready_hex(bytes_from({76, 85, 255, 50, 128, 128}),
                  rgb_image(StoredPhotometric::YbrFull, 2)) == "fe0000323232");
  CHECK(ready_hex(bytes_from({76, 50, 128, 128}), rgb_image(StoredPhotometric::YbrFull422, 2)) ==
        "4c4c4c323232");
}

TEST_CASE("palette indices become colours, clamped at both ends") {
  ImageDescription image = row_image(4, 8, 8);
  Palette palette;
  palette.channels[0] = {.first_mapped = 1, .values = {10, 11}};
  palette.channels[1] = {.first_mapped = 1, .values = {20, 21}};
  palette.channels[2] = {.first_mapped = 1, .values = {30, 31}};
  image.palette = std::make_shared<const Palette>(palette);
  CHECK(ready_hex(bytes_from({0, 1, 2, 200}), image) == "0a141e0a141e0b151f0b151f");
}

TEST_CASE("a segmented palette expands: discrete, linear, indirect") {
  // PS3.3 C.7.9.2: two values, a ramp of 4 to 100, then the first segment again.
  const std::vector<std::uint16_t> segments{0, 2, 10, 20, 1, 4, 100, 2, 1, 0, 0};
  CHECK(expand_segmented_palette(segments, 8).value() ==
        std::vector<std::uint16_t>{10, 20, 40, 60, 80, 100, 10, 20});
  CHECK_FALSE(expand_segmented_palette(std::vector<std::uint16_t>{1, 4, 100}, 8).has_value());
  CHECK_FALSE(expand_segmented_palette(std::vector<std::uint16_t>{0, 9, 1}, 8).has_value());
  // An indirect segment that points at an indirect one would never end.
  CHECK_FALSE(expand_segmented_palette(std::vector<std::uint16_t>{2, 1, 0, 0}, 8).has_value());
}

TEST_CASE("a frame of a wrong length is refused") {
  CHECK_FALSE(make_ready(bytes_from({1, 2, 3}), row_image(2, 16, 16), 0).has_value());
}
