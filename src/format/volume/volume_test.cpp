#include <doctest/doctest.h>

#include "base/random.hpp"
#include "format/volume/header_words.hpp"
#include "format/volume/packing.hpp"
#include "format/volume/scalar_volume.hpp"

using namespace consilium;

TEST_CASE("packed bytes come back, and only at their own length") {
  Bytes bytes(5000);
  SeededRandom random(1);
  random.fill(std::span(bytes).first(700));
  const Bytes gz = gzip(bytes).value();
  const Bytes zlib = deflate_zlib(bytes).value();
  CHECK(gunzip(gz, 5000).value() == bytes);
  CHECK(gunzip_exactly(gz, 5000).value() == bytes);
  CHECK(inflate_zlib_exactly(zlib, 5000).value() == bytes);
  CHECK(gunzip(gz, 4999).error().code == ErrorCode::TooLarge);
  for (const std::uint64_t size : {4999U, 5001U}) {
    CHECK_FALSE(gunzip_exactly(gz, size).has_value());
    CHECK_FALSE(inflate_zlib_exactly(zlib, size).has_value());
  }
  for (std::size_t cut = 0; cut < gz.size(); cut += 7) {
    CHECK_FALSE(gunzip(ByteView(gz).first(cut), 1U << 20U).has_value());
  }
}

TEST_CASE("gzip members are joined") {
  const Bytes first = gzip(bytes_of("one")).value();
  Bytes both = first;
  const Bytes second = gzip(bytes_of("three")).value();
  both.insert(both.end(), second.begin(), second.end());
  CHECK(text_of(gunzip_exactly(both, 8).value()) == "onethree");
}

TEST_CASE("samples are labels only when they are whole and in range") {
  const std::vector<float> good{0, 3, 65535};
  CHECK(labels_of_samples(SampleType::F32, std::as_bytes(std::span(good))).value() ==
        std::vector<std::uint16_t>{0, 3, 65535});
  for (const float bad : {-1.0F, 0.5F, 65536.0F}) {
    const std::vector<float> samples{0, bad};
    const auto refused = labels_of_samples(SampleType::F32, std::as_bytes(std::span(samples)));
    CHECK(refused.error().where == "voxel 1");
  }
  const std::vector<std::int16_t> scaled{0, 2};
  CHECK(labels_of_samples(SampleType::I16, std::as_bytes(std::span(scaled)), 2, 1).value() ==
        std::vector<std::uint16_t>{1, 5});
}

TEST_CASE("a mask becomes a volume and back") {
  const Grid grid{{40, 3, 2}, affine_from_axes({1, 2, 3}, {1, 0, 0}, {0, 1, 0}, {0, 0, 4}), "1.2"};
  MaskLayer layer = make_exclusive_layer(grid).value();
  set_voxel(layer, {39, 2, 1}, 7);
  CHECK(volume_of_mask(layer).sample_type == SampleType::U8);
  CHECK(mask_of_volume(volume_of_mask(layer), "1.2").value() == layer);
  set_voxel(layer, {0, 0, 0}, 300);
  CHECK(volume_of_mask(layer).sample_type == SampleType::U16);
  CHECK(mask_of_volume(volume_of_mask(layer), "1.2").value() == layer);
}

TEST_CASE("numbers of headers are whole words") {
  CHECK(numbers_of(" 1 -2.5\t+3e2 ").value() == std::vector<double>{1, -2.5, 300});
  CHECK_FALSE(numbers_of("1 x").has_value());
  CHECK_FALSE(numbers_of("1 nan").has_value());
  CHECK(numbers_of("(1,2)", "(),").value() == std::vector<double>{1, 2});
  CHECK_FALSE(is_plain_file_name("../a"));
  CHECK(is_plain_file_name("a.raw"));
}
