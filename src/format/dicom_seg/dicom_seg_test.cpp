#include "format/dicom_seg/dicom_seg.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"
#include "domain/image/dicom_tags.hpp"

using namespace consilium;

namespace {

struct Sample {
  SegDescription description;
  std::vector<MaskLayer> layers;
  std::vector<SegSegment> segments;
};

// 37 x 5 pixels: neither rows nor frames end on a byte.
Sample odd_sample() {
  Sample sample;
  Grid grid{{37, 5, 3}, affine_from_axes({1, 2, 3}, {0.5, 0, 0}, {0, 0.5, 0}, {0, 0, 2}), "1.2.3"};
  sample.layers.push_back(make_exclusive_layer(grid).value());
  set_voxel(sample.layers[0], {0, 0, 0}, 2);
  set_voxel(sample.layers[0], {36, 4, 2}, 1);
  set_voxel(sample.layers[0], {35, 4, 2}, 2);
  for (int k = 0; k < 3; ++k) {
    sample.description.source_slices.push_back({"1.2", "1.2.3." + std::to_string(k)});
  }
  sample.description.sop_instance_uid = "1.2.3.4";
  sample.description.device_serial_number = "1";
  for (const std::uint16_t value : {std::uint16_t{1}, std::uint16_t{2}}) {
    SegSegment segment{.label = "nodule",
                       .category = {"SCT", "49755003", "", "Morphologically Altered Structure"},
                       .type = {"SCT", "27925004", "", "Nodule"},
                       .tracking_id = "n",
                       .tracking_uid = "1.2.9",
                       .layer_value = value};
    sample.segments.push_back(segment);
  }
  return sample;
}

bool bit(ByteView bytes, std::size_t index) {
  return ((std::to_integer<unsigned>(bytes[index / 8]) >> (index % 8)) & 1U) != 0;
}

}  // namespace

TEST_CASE("frames are packed bit by bit, also when they do not end on a byte") {
  const Sample sample = odd_sample();
  const Bytes file = write_dicom_seg(sample.description, sample.layers, sample.segments).value();
  // Three frames of 185 bits: segment 1 on slice 2, segment 2 on slices 0 and 2. Pixel data is
  // last.
  const std::size_t bits_bytes = (3 * 185 + 7) / 8 + 1 - ((3 * 185 + 7) / 8 + 1) % 2;
  const ByteView pixels = ByteView(file).last(bits_bytes);
  std::size_t set_count = 0;
  for (std::size_t i = 0; i < bits_bytes * 8; ++i) set_count += bit(pixels, i) ? 1U : 0U;
  CHECK(set_count == 3);
  CHECK(bit(pixels, 4 * 37 + 36));
  CHECK(bit(pixels, 185));
  CHECK(bit(pixels, 2 * 185 + 4 * 37 + 35));
}

TEST_CASE("what would make an invalid segmentation is refused") {
  const auto refused = [](const Sample& sample) {
    const auto result = write_dicom_seg(sample.description, sample.layers, sample.segments);
    return !result.has_value() && result.error().code == ErrorCode::InvalidInput;
  };
  Sample empty = odd_sample();
  empty.layers[0] = make_exclusive_layer(empty.layers[0].grid).value();
  CHECK(refused(empty));
  Sample sliceless = odd_sample();
  sliceless.description.source_slices.pop_back();
  CHECK(refused(sliceless));
  Sample nameless = odd_sample();
  nameless.segments[0].algorithm = SegAlgorithm::Semiautomatic;
  CHECK(refused(nameless));
  Sample codeless = odd_sample();
  codeless.segments[1].type = {};
  CHECK(refused(codeless));
  Sample skewed = odd_sample();
  skewed.layers[0].grid.affine = affine_from_axes({0, 0, 0}, {1, 0, 0}, {0.5, 1, 0}, {0, 0, 1});
  CHECK(refused(skewed));
  CHECK_FALSE(refused(odd_sample()));
}

TEST_CASE("colours become CIELab under D50") {
  CHECK(dicom_cielab({255, 255, 255})[0] == 65535);
  CHECK(dicom_cielab({0, 0, 0})[0] == 0);
  // Grey has a* = b* = 0, which DICOM writes as 128/255 of the range.
  CHECK(dicom_cielab({128, 128, 128})[1] == doctest::Approx(32896).epsilon(0.001));
  // sRGB red is L* 54.29, a* 80.81, b* 69.89 under D50.
  const auto red = dicom_cielab({255, 0, 0});
  CHECK(red[0] / 655.35 == doctest::Approx(54.29).epsilon(0.001));
  CHECK(red[1] / 257.0 - 128 == doctest::Approx(80.81).epsilon(0.001));
  CHECK(red[2] / 257.0 - 128 == doctest::Approx(69.89).epsilon(0.001));
}
