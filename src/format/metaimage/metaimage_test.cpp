#include "format/metaimage/metaimage.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"

using namespace consilium;

namespace {

ScalarVolume sample_volume(SampleType type) {
  ScalarVolume volume{
      .dims = {5, 4, 3},
      .affine = affine_from_axes({-81.5, 40.25, -310.125}, {0.7 * 0.36, 0.7 * 0.48, -0.7 * 0.8},
                                 {0.9 * -0.8, 0.9 * 0.6, 0}, {3 * 0.48, 3 * 0.64, 3 * 0.6}),
      .sample_type = type,
      .samples = Bytes(60 * size_bytes(type))};
  SeededRandom random(3);
  random.fill(volume.samples);
  return volume;
}

void check_near(const ScalarVolume& a, const ScalarVolume& b) {
  CHECK(a.dims == b.dims);
  CHECK(a.sample_type == b.sample_type);
  CHECK(a.samples == b.samples);
  for (std::size_t i = 0; i < 16; ++i) {
    CHECK(a.affine.values[i] == doctest::Approx(b.affine.values[i]).epsilon(1e-12));
  }
}

ErrorCode refusal(std::string_view header) {
  const auto result = read_metaimage(bytes_of(header));
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

}  // namespace

TEST_CASE("a volume comes back as it was written, in one file and in two, raw and packed") {
  for (const SampleType type : {SampleType::U8, SampleType::I16, SampleType::F64}) {
    const ScalarVolume volume = sample_volume(type);
    for (const auto packing : {MetaImagePacking::Raw, MetaImagePacking::Zlib}) {
      check_near(read_metaimage(write_metaimage(volume, packing).value()).value(), volume);
      const auto parts = write_detached_metaimage(volume, packing, "data.raw").value();
      const auto opener = [&](std::string_view name) -> Result<Bytes> {
        CHECK(name == "data.raw");
        return parts.data;
      };
      check_near(read_metaimage(parts.header, {.opener = opener}).value(), volume);
      CHECK(read_metaimage(parts.header).error().code == ErrorCode::NotFound);
    }
  }
}

TEST_CASE("big endian samples are turned, and bytes before the data are passed over") {
  const std::string header =
      "ObjectType = Image\nNDims = 2\nBinaryData = True\nElementByteOrderMSB = True\n"
      "DimSize = 2 1\nHeaderSize = -1\nElementSpacing = 2 3\nElementType = MET_USHORT\n"
      "ElementDataFile = LOCAL\n";
  const std::string data("xx\x01\x02\x03\x04", 6);
  const auto volume = read_metaimage(bytes_of(header + data)).value();
  CHECK(volume.samples == to_bytes("\x02\x01\x04\x03"));
  CHECK(volume.dims == std::array<std::uint32_t, 3>{2, 1, 1});
  CHECK(volume.affine.at(1, 1) == 3);
}

TEST_CASE("what is no volume of ours is refused with its reason") {
  const std::string begin = "ObjectType = Image\nNDims = 4\nElementType = MET_UCHAR\n";
  CHECK(refusal(begin + "DimSize = 2 2 2 3\nElementDataFile = LOCAL\n") == ErrorCode::Unsupported);
  CHECK(refusal(begin + "DimSize = 2 2 2\nElementDataFile = LOCAL\n") == ErrorCode::Corrupt);
  CHECK(refusal("NDims = 3\nDimSize = 1 1 1\nElementType = MET_UCHAR\n"
                "ElementNumberOfChannels = 3\nElementDataFile = LOCAL\n") ==
        ErrorCode::Unsupported);
  CHECK(refusal("NDims = 3\nDimSize = 9999999 9999999 9999999\nElementType = MET_UCHAR\n"
                "ElementDataFile = LOCAL\n") == ErrorCode::TooLarge);
  CHECK(refusal("NDims = 3\nDimSize = 1 1 1\nElementType = MET_UCHAR\n"
                "ElementDataFile = ../secret\n") == ErrorCode::Unsupported);
  CHECK(refusal("nothing") == ErrorCode::Corrupt);
}

TEST_CASE("a cut file is a clean error at every byte") {
  const Bytes file = write_metaimage(sample_volume(SampleType::I16), MetaImagePacking::Raw).value();
  for (std::size_t cut = 0; cut < file.size(); ++cut) {
    CHECK_FALSE(read_metaimage(ByteView(file).first(cut)).has_value());
  }
}

TEST_CASE("a sheared volume is refused, not straightened") {
  ScalarVolume volume = sample_volume(SampleType::U8);
  volume.affine = affine_from_axes({}, {1, 0, 0}, {0, 1, 0}, {0, 0.3, 2});
  CHECK(write_metaimage(volume, MetaImagePacking::Raw).error().code == ErrorCode::InvalidInput);
}
