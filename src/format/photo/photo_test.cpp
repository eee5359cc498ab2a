#include "format/photo/photo.hpp"

#include <doctest/doctest.h>

#include <string>

#include "format/photo/tiff_directory.hpp"

using namespace consilium;

namespace {

void put(Bytes& out, std::uint64_t value, int bytes, std::endian order) {
  for (int i = 0; i < bytes; ++i) {
    const int shift = 8 * (order == std::endian::big ? bytes - 1 - i : i);
    out.push_back(static_cast<std::byte>((value >> static_cast<unsigned>(shift)) & 0xFFU));
  }
}

struct Entry {
  int tag;
  std::uint32_t value;
};

// A TIFF of pages whose entries are all SHORT or LONG of one value; `pixels` bytes follow.
Bytes tiff(const std::vector<std::vector<Entry>>& pages, std::size_t pixels,
           std::endian order = std::endian::little, bool is_ring = false) {
  Bytes out = to_bytes(order == std::endian::little ? "II" : "MM");
  put(out, 42, 2, order);
  put(out, 8, 4, order);
  for (std::size_t p = 0; p < pages.size(); ++p) {
    const std::size_t next = out.size() + 2 + pages[p].size() * 12 + 4;
    put(out, pages[p].size(), 2, order);
    for (const Entry& entry : pages[p]) {
      put(out, static_cast<std::uint64_t>(entry.tag), 2, order);
      put(out, 4, 2, order);
      put(out, 1, 4, order);
      put(out, entry.value, 4, order);
    }
    const bool is_last = p + 1 == pages.size();
    put(out, is_last ? (is_ring ? 8U : 0U) : next, 4, order);
  }
  out.resize(out.size() + pixels);
  return out;
}

std::vector<Entry> grey_page(std::uint32_t columns, std::uint32_t rows, std::uint32_t bits = 8) {
  return {{256, columns}, {257, rows}, {258, bits}, {262, 1}, {277, 1}};
}

Bytes png(std::uint32_t columns, std::uint32_t rows, int bits, int type, std::size_t data) {
  Bytes out = to_bytes(std::string("\x89PNG\r\n\x1A\n", 8));
  put(out, 13, 4, std::endian::big);
  for (const char c : std::string("IHDR")) out.push_back(static_cast<std::byte>(c));
  put(out, columns, 4, std::endian::big);
  put(out, rows, 4, std::endian::big);
  put(out, static_cast<std::uint64_t>(bits), 1, std::endian::big);
  put(out, static_cast<std::uint64_t>(type), 1, std::endian::big);
  out.resize(out.size() + 3 + 4);
  put(out, data, 4, std::endian::big);
  for (const char c : std::string("IDAT")) out.push_back(static_cast<std::byte>(c));
  out.resize(out.size() + data + 4);
  put(out, 0, 4, std::endian::big);
  for (const char c : std::string("IEND")) out.push_back(static_cast<std::byte>(c));
  return out;
}

Bytes jpeg(int marker, int precision, std::uint32_t columns, std::uint32_t rows, int components) {
  Bytes out = to_bytes(std::string("\xFF\xD8", 2));
  put(out, static_cast<std::uint64_t>(0xFF00 + marker), 2, std::endian::big);
  put(out, static_cast<std::uint64_t>(8 + 3 * components), 2, std::endian::big);
  put(out, static_cast<std::uint64_t>(precision), 1, std::endian::big);
  put(out, rows, 2, std::endian::big);
  put(out, columns, 2, std::endian::big);
  put(out, static_cast<std::uint64_t>(components), 1, std::endian::big);
  out.resize(out.size() + static_cast<std::size_t>(3 * components));
  return out;
}

}  // namespace

TEST_CASE("headers give size, samples and colour") {
  const Photo photo = describe_photo(jpeg(0xC0, 8, 640, 480, 3)).value();
  CHECK(photo.layout.columns == 640);
  CHECK(photo.layout.rows == 480);
  CHECK(photo.layout.photometric == Photometric::Rgb);
  CHECK(describe_photo(jpeg(0xC2, 8, 64, 48, 1)).value().layout.samples_per_pixel == 1);
  const Photo wide = describe_photo(png(30, 20, 16, 0, 900)).value();
  CHECK(wide.layout.sample_type == SampleType::U16);
  const Photo colour = describe_photo(png(30, 20, 16, 6, 900)).value();
  CHECK(colour.layout.sample_type == SampleType::U8);
  CHECK(colour.had_wide_colour);
  CHECK(colour.has_transparency);
}

TEST_CASE("a TIFF's pages of one kind are frames, in either byte order") {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    const Photo photo =
        describe_photo(tiff({grey_page(7, 5, 16), grey_page(7, 5, 16)}, 140, order)).value();
    CHECK(photo.pages == std::vector<std::uint32_t>{0, 1});
    CHECK(photo.layout.sample_type == SampleType::U16);
    CHECK(photo.layout.columns == 7);
  }
}

TEST_CASE("thumbnails among the pages are no frames; pages of other sizes are refused") {
  std::vector<Entry> thumbnail = grey_page(2, 2);
  thumbnail.push_back({254, 1});
  CHECK(describe_photo(tiff({grey_page(7, 5), thumbnail}, 40)).value().pages.size() == 1);
  const auto mixed = describe_photo(tiff({grey_page(7, 5), grey_page(6, 5)}, 80));
  CHECK(mixed.error().code == ErrorCode::Unsupported);
  CHECK(mixed.error().what == "the pages of the TIFF differ in size or kind");
  CHECK(mixed.error().where == "page 2");
}

TEST_CASE("what cannot be true or is not read says so before anything is decoded") {
  const struct {
    const char* name;
    Bytes file;
    ErrorCode code;
  } cases[] = {
      {"a ring of pages", tiff({grey_page(7, 5), grey_page(7, 5)}, 70, std::endian::little, true),
       ErrorCode::Corrupt},
      {"more pixels than the file", tiff({grey_page(7000, 5000)}, 70), ErrorCode::Corrupt},
      {"a PNG bomb", png(16'000, 16'000, 8, 2, 200), ErrorCode::Corrupt},
      {"a PNG of too many pixels", png(60'000, 60'000, 1, 0, 4'000'000), ErrorCode::TooLarge},
      {"a PNG too wide", png(0x7FFF'FFFF, 1, 1, 0, 4'000'000), ErrorCode::TooLarge},
      {"a JPEG of too many pixels", jpeg(0xC0, 8, 65'000, 65'000, 3), ErrorCode::TooLarge},
      {"no rows", jpeg(0xC0, 8, 640, 0, 3), ErrorCode::Corrupt},
      {"a JPEG for print", jpeg(0xC0, 8, 640, 480, 4), ErrorCode::Unsupported},
      {"a JPEG of 12 bits", jpeg(0xC1, 12, 640, 480, 1), ErrorCode::Unsupported},
      {"a lossless JPEG", jpeg(0xC3, 8, 640, 480, 1), ErrorCode::Unsupported},
      {"samples of 24 bits", tiff({grey_page(7, 5, 24)}, 200), ErrorCode::Unsupported},
      {"a PNG of 3 bits", png(10, 10, 3, 0, 900), ErrorCode::Corrupt},
      {"something else", to_bytes("GIF89a and more"), ErrorCode::Corrupt},
  };
  for (const auto& one : cases) {
    CAPTURE(one.name);
    const auto photo = describe_photo(one.file);
    REQUIRE_FALSE(photo.has_value());
    CHECK(photo.error().code == one.code);
  }
}

TEST_CASE("a header cut anywhere is an error, never a crash") {
  for (const Bytes& whole : {jpeg(0xC0, 8, 640, 480, 3), png(30, 20, 8, 2, 900),
                             tiff({grey_page(7, 5), grey_page(7, 5)}, 0)}) {
    for (std::size_t size = 0; size < std::min<std::size_t>(whole.size(), 60); ++size) {
      static_cast<void>(describe_photo(ByteView(whole).first(size)));
    }
  }
}

// Exif 2.32, 4.6.4 A: where row 0 and column 0 of the stored picture are seen.
TEST_CASE("a picture is turned upright") {
  const Bytes stored = to_bytes("abcdef");  // rows "abc", "def"
  const struct {
    std::uint32_t orientation;
    const char* seen;
  } cases[] = {{1, "abcdef"}, {2, "cbafed"}, {3, "fedcba"}, {4, "defabc"},
               {5, "adbecf"}, {6, "daebfc"}, {7, "fcebda"}, {8, "cfbead"}};
  for (const auto& one : cases) {
    CAPTURE(one.orientation);
    CHECK(text_of(upright(stored, 2, 3, 1, one.orientation)) == one.seen);
  }
  CHECK(text_of(upright(to_bytes("aabbccddeeff"), 2, 3, 2, 6)) == "ddaaeebbffcc");
}

TEST_CASE("an Exif block gives its orientation, a broken one none") {
  CHECK(detail::exif_orientation(tiff({{{274, 6}}}, 0, std::endian::big)) == 6);
  Bytes block =
      to_bytes(std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 26));
  CHECK(detail::exif_orientation(block) == 6);
  block.resize(12);
  CHECK(detail::exif_orientation(block) == 1);
}
