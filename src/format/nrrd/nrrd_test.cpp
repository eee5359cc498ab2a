#include "format/nrrd/nrrd.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"

using namespace consilium;

namespace {

NrrdVolume sample_volume(SampleType type) {
  NrrdVolume volume{.volume = {.dims = {5, 4, 3},
                               .affine = affine_from_axes(
                                   {-81.5, 40.25, -310.125}, {0.7 * 0.36, 0.7 * 0.48, -0.7 * 0.8},
                                   {0.9 * -0.8, 0.9 * 0.6, 0}, {0.4, 3 * 0.64, 3 * 0.6}),
                               .sample_type = type,
                               .samples = Bytes(60 * size_bytes(type))}};
  SeededRandom random(3);
  random.fill(volume.volume.samples);
  return volume;
}

std::string header(std::string_view fields) {
  return "NRRD0004\ntype: uchar\nencoding: raw\n" + std::string(fields) + "\n";
}

ErrorCode refusal(std::string_view fields, std::string_view data = "abcdefgh") {
  const auto result = read_nrrd(bytes_of(header(fields) + std::string(data)));
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

}  // namespace

TEST_CASE("a volume comes back bit for bit, sheared too, in one file and in two") {
  for (const SampleType type : {SampleType::U8, SampleType::I16, SampleType::F32}) {
    const NrrdVolume volume = sample_volume(type);
    for (const auto packing : {NrrdPacking::Raw, NrrdPacking::Gzip}) {
      CHECK(read_nrrd(write_nrrd(volume, packing).value()).value().volume == volume.volume);
      const auto parts = write_detached_nrrd(volume, packing, "data.raw").value();
      const auto opener = [&](std::string_view name) -> Result<Bytes> {
        CHECK(name == "data.raw");
        return parts.data;
      };
      CHECK(read_nrrd(parts.header, {.opener = opener}).value().volume == volume.volume);
      CHECK(read_nrrd(parts.header).error().code == ErrorCode::NotFound);
    }
  }
}

TEST_CASE("Slicer's segments come back with names, colours and codes") {
  NrrdVolume volume = sample_volume(SampleType::U8);
  volume.segments.push_back(
      {.id = "Segment_7",
       .name = "nodule\\one",
       .label_value = 3,
       .colour = std::array<std::uint8_t, 3>{230, 159, 0},
       .category = CodedConcept{"SCT", "49755003", "", "Morphologically Abnormal Structure"},
       .type = CodedConcept{"SCT", "27925004", "", "Nodule"}});
  volume.segments.push_back({.id = "Segment_2", .name = "plain", .label_value = 4});
  const NrrdVolume again = read_nrrd(write_nrrd(volume, NrrdPacking::Gzip).value()).value();
  CHECK(again.segments == volume.segments);
}

TEST_CASE("RAS and LAS are turned to LPS, no space is told") {
  const auto affine_in = [](std::string_view space) {
    const auto read = read_nrrd(
        bytes_of(header(std::string(space) + "dimension: 3\nsizes: 2 2 2\nspace directions: "
                                             "(1,0,0) (0,2,0) (0,0,3)\nspace origin: (4,5,6)\n") +
                 "abcdefgh"));
    return read.value().volume.affine;
  };
  CHECK(affine_in("space: left-posterior-superior\n") ==
        affine_from_axes({4, 5, 6}, {1, 0, 0}, {0, 2, 0}, {0, 0, 3}));
  CHECK(affine_in("space: RAS\n") ==
        affine_from_axes({-4, -5, 6}, {-1, 0, 0}, {0, -2, 0}, {0, 0, 3}));
  CHECK(affine_in("space: left-anterior-superior\n") ==
        affine_from_axes({4, -5, 6}, {1, 0, 0}, {0, -2, 0}, {0, 0, 3}));
  const auto plain =
      read_nrrd(bytes_of(header("dimension: 3\nsizes: 2 2 2\nspacings: 2 3 4\n") + "abcdefgh"))
          .value();
  CHECK_FALSE(plain.has_space);
  CHECK(plain.volume.affine.at(2, 2) == 4);
}

TEST_CASE("a list is refused as one volume and split on demand, whichever axis it is") {
  const std::string fields =
      "dimension: 4\nspace: LPS\nspace directions: none (1,0,0) (0,1,0) (0,0,1)\nkinds: list "
      "domain "
      "domain domain\nsizes: 2 2 2 1\n";
  CHECK(refusal(fields) == ErrorCode::Unsupported);
  const auto layers = read_nrrd_list(bytes_of(header(fields) + "aAbBcCdD")).value();
  REQUIRE(layers.size() == 2);
  CHECK(layers[1].volume.samples == to_bytes("ABCD"));
  const auto times =
      read_nrrd_list(bytes_of(header("dimension: 4\nsizes: 2 2 1 2\n") + "abcdABCD")).value();
  REQUIRE(times.size() == 2);
  CHECK(times[1].volume.samples == to_bytes("ABCD"));
  CHECK(refusal("dimension: 4\nsizes: 3 2 1 1\nkinds: RGB-color domain domain domain\n") ==
        ErrorCode::Unsupported);
}

TEST_CASE("text samples, big endian samples and skipped bytes") {
  const auto text = read_nrrd(bytes_of("NRRD0001\ntype: short\nencoding: ascii\ndimension: 2\n"
                                       "sizes: 2 2\n\n1 -2\n3, 4\n"))
                        .value();
  CHECK(labels_of_samples(SampleType::I16, ByteView(text.volume.samples).subspan(4)).value() ==
        std::vector<std::uint16_t>{3, 4});
  const auto big =
      read_nrrd(bytes_of("NRRD0004\ntype: ushort\nencoding: raw\nendian: big\n"
                         "byte skip: -1\ndimension: 2\nsizes: 2 1\n\nxx\x01\x02\x03\x04"))
          .value();
  CHECK(big.volume.samples == to_bytes("\x02\x01\x04\x03"));
}

TEST_CASE("what is damaged or not read is refused with its reason") {
  CHECK(refusal("dimension: 3\nsizes: 2 2\n") == ErrorCode::Corrupt);
  CHECK(refusal("dimension: 3\nsizes: 2 2 3\n") == ErrorCode::Corrupt);
  CHECK(refusal("dimension: 3\nsizes: 9999999 9999999 9999999\n") == ErrorCode::TooLarge);
  CHECK(refusal("dimension: 3\nsizes: 2 2 2\nencoding: bzip2\n") == ErrorCode::Unsupported);
  CHECK(refusal("dimension: 3\nsizes: 2 2 2\ntype: block\n") == ErrorCode::Unsupported);
  CHECK(refusal("dimension: 3\nsizes: 2 2 2\ndata file: ../secret\n") == ErrorCode::Unsupported);
  CHECK(refusal("dimension: 3\nsizes: 2 2 2\nspace: LPS\nspace directions: (1,0,0) (2,0,0) "
                "(0,0,1)\n") == ErrorCode::Corrupt);
  CHECK(read_nrrd(bytes_of("PNG")).error().code == ErrorCode::Corrupt);
}

TEST_CASE("a cut file is a clean error at every byte") {
  const Bytes file = write_nrrd(sample_volume(SampleType::I16), NrrdPacking::Gzip).value();
  for (std::size_t cut = 0; cut < file.size(); ++cut) {
    CHECK_FALSE(read_nrrd(ByteView(file).first(cut)).has_value());
  }
}
