#include <doctest/doctest.h>
#include <zlib.h>

#include <map>

#include "base/byte_reader.hpp"
#include "base/random.hpp"
#include "format/zip/zip_writer.hpp"

using namespace consilium;

namespace {

constexpr Timestamp new_year{1'767'225'600'000};  // 2026-01-01T00:00:00Z

struct Archive {
  Bytes bytes;
  [[nodiscard]] ByteSink sink() {
    return [this](ByteView piece) -> Status {
      bytes.insert(bytes.end(), piece.begin(), piece.end());
      return {};
    };
  }
};

Bytes inflated(ByteView packed, std::size_t size) {
  Bytes out(size + 1);  // zlib refuses a null pointer even for nothing
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, -15) == Z_OK);
  Bytes input(packed.begin(), packed.end());
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  inflateEnd(&stream);
  out.resize(size);
  return out;
}

// Reads by the central directory, as every common tool does.
std::map<std::string, Bytes> unpacked(const Bytes& archive) {
  std::map<std::string, Bytes> files;
  ByteReader bytes{ByteView(archive)};
  REQUIRE(bytes.seek(archive.size() - 22).has_value());
  REQUIRE(bytes.u32().value() == 0x06054B50);
  REQUIRE(bytes.skip(4).has_value());
  const int count = bytes.u16().value();
  REQUIRE(bytes.skip(6).has_value());
  REQUIRE(bytes.seek(bytes.u32().value()).has_value());
  for (int i = 0; i < count; ++i) {
    REQUIRE(bytes.u32().value() == 0x02014B50);
    REQUIRE(bytes.skip(6).has_value());
    const int method = bytes.u16().value();
    REQUIRE(bytes.skip(4).has_value());
    const std::uint32_t crc = bytes.u32().value();
    const std::uint32_t packed_size = bytes.u32().value();
    const std::uint32_t size = bytes.u32().value();
    const std::uint16_t name_size = bytes.u16().value();
    REQUIRE(bytes.skip(12).has_value());
    const std::uint32_t offset = bytes.u32().value();
    const std::string name(bytes.text(name_size).value());
    ByteReader local{ByteView(archive)};
    REQUIRE(local.seek(offset + 26).has_value());
    const std::uint64_t skipped = local.u16().value() + std::uint64_t{local.u16().value()};
    REQUIRE(local.skip(skipped).has_value());
    const ByteView content = local.take(packed_size).value();
    Bytes file = method == 8 ? inflated(content, size) : Bytes(content.begin(), content.end());
    CHECK(crc32_z(0, reinterpret_cast<const Bytef*>(file.data()), file.size()) == crc);
    files[name] = std::move(file);
  }
  return files;
}

}  // namespace

TEST_CASE("what was added comes back, small, large, empty, from memory and from a source") {
  SeededRandom random(1);
  Bytes noise(700'000);
  random.fill(noise);
  const Bytes text(900'000, std::byte{'a'});
  Archive archive;
  ZipWriter zip(archive.sink(), new_year);
  REQUIRE(zip.add("noise.bin", noise).has_value());
  REQUIRE(zip.add("folder/text \xC3\xA4.txt", text).has_value());
  REQUIRE(zip.add("empty", ByteView{}).has_value());
  REQUIRE(zip.add("streamed/noise", *view_source(noise)).has_value());
  REQUIRE(zip.add("streamed/text", *view_source(text)).has_value());
  REQUIRE(zip.add("streamed/empty", *view_source({})).has_value());
  REQUIRE(zip.finish().has_value());
  const auto files = unpacked(archive.bytes);
  CHECK(files.size() == 6);
  CHECK(files.at("noise.bin") == noise);
  CHECK(files.at("folder/text \xC3\xA4.txt") == text);
  CHECK(files.at("empty").empty());
  CHECK(files.at("streamed/noise") == noise);
  CHECK(files.at("streamed/text") == text);
  CHECK(files.at("streamed/empty").empty());
  CHECK(archive.bytes.size() < 1'450'000);
}

TEST_CASE("the same input gives the same bytes") {
  const auto make = [] {
    Archive archive;
    ZipWriter zip(archive.sink(), new_year);
    REQUIRE(zip.add("a", bytes_of("one")).has_value());
    REQUIRE(zip.finish().has_value());
    return archive.bytes;
  };
  CHECK(make() == make());
}

TEST_CASE("names that could leave the folder they are unpacked into are refused") {
  Archive archive;
  ZipWriter zip(archive.sink(), new_year);
  using namespace std::string_view_literals;
  for (const std::string_view name : {""sv, "/etc/x"sv, "../x"sv, "a/../b"sv, "a//b"sv, "a/"sv,
                                      "."sv, "a\\b"sv, "a\0b"sv, "\xFF"sv}) {
    CAPTURE(name);
    CHECK(zip.add(name, bytes_of("x")).error().code == ErrorCode::InvalidInput);
  }
  REQUIRE(zip.add("x", bytes_of("x")).has_value());
  CHECK(zip.add("x", bytes_of("x")).error().code == ErrorCode::Conflict);
}

TEST_CASE("a sink that fails is heard") {
  ZipWriter zip([](ByteView) { return fail(ErrorCode::NoSpace, "the disk is full"); }, new_year);
  CHECK(zip.add("x", bytes_of("x")).error().code == ErrorCode::NoSpace);
}

TEST_CASE("70,000 entries are counted in ZIP64 fields") {
  Archive archive;
  ZipWriter zip(archive.sink(), new_year);
  const Bytes content{};
  for (int i = 0; i < 70'000; ++i) {
    REQUIRE(zip.add("f/" + std::to_string(i), content).has_value());
  }
  REQUIRE(zip.finish().has_value());
  ByteReader bytes{ByteView(archive.bytes)};
  REQUIRE(bytes.seek(archive.bytes.size() - 22 - 20 - 56).has_value());
  CHECK(bytes.u32().value() == 0x06064B50);
  REQUIRE(bytes.skip(20).has_value());
  CHECK(bytes.u64().value() == 70'000);
}
