#include "format/dicom_rt/rt_structure.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "base/random.hpp"
#include "tests/data_path.hpp"

using namespace consilium;

namespace {

struct Sample {
  SegDescription description;
  MaskLayer layer;
  std::vector<SegSegment> segments;
};

// Oblique slices of odd size, three labels with holes and single pixels.
Sample sample() {
  const Grid grid{{37, 35, 9},
                  affine_from_axes({10, -20, 30}, {0.36, 0.48, -0.8}, {-0.8 * 1.5, 0.6 * 1.5, 0},
                                   {2 * 0.48, 2 * 0.64, 2 * 0.6}),
                  "1.2.3"};
  Sample made;
  SeededRandom random(4);
  std::vector<std::byte> raw(voxel_count(grid));
  random.fill(raw);
  std::vector<std::uint16_t> dense(raw.size());
  for (std::size_t v = 0; v < raw.size(); ++v) {
    const auto draw = std::to_integer<std::uint16_t>(raw[v]);
    if (draw < 200 && v / (37UL * 35UL) % 3 != 1) {
      dense[v] = static_cast<std::uint16_t>(v % 37 / 13 + 1);
    }
  }
  made.layer = exclusive_layer_from_dense(grid, dense).value();
  for (std::uint32_t k = 0; k < grid.dims[2]; ++k) {
    made.description.source_slices.push_back(
        {"1.2.840.10008.5.1.4.1.1.2", "1.2.3." + std::to_string(k)});
  }
  made.description.source_series_instance_uid = "1.2.3.9";
  made.description.patient_study.study_instance_uid = "1.2.3.8";
  made.description.sop_instance_uid = "1.2.3.4";
  made.description.content_creator = "R-7";
  made.description.device_serial_number = "1";
  for (std::uint16_t n = 1; n <= 3; ++n) {
    made.segments.push_back(
        {.label = "nodule " + std::to_string(n),
         .category = {"SCT", "49755003", "", "Morphologically Abnormal Structure"},
         .type = {"SCT", "27925004", "", "Nodule"},
         .colour = {230, 159, 0},
         .layer_value = n});
  }
  return made;
}

Bytes file_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return to_bytes(text);
}

}  // namespace

TEST_CASE("contours come back as the same voxels on oblique slices, holes and all") {
  const Sample made = sample();
  const Bytes bytes =
      write_rt_structures(made.description, std::span(&made.layer, 1), made.segments).value();
  const DicomFile file = read_dicom(bytes).value();
  const RtStructureSet set = read_rt_structures(file).value();
  REQUIRE(set.rois.size() == 3);
  CHECK(set.rois[1].name == "nodule 2");
  CHECK(set.rois[1].type == made.segments[1].type);
  CHECK(set.rois[1].category == made.segments[1].category);
  CHECK(set.rois[1].colour == RgbColour{230, 159, 0});
  CHECK(set.rois[1].generation_algorithm == "MANUAL");
  CHECK(set.source_series_instance_uid == "1.2.3.9");
  CHECK(set.source_instance_uids.size() == 9);
  const LaidRois laid = lay_rois(set, made.layer.grid).value();
  CHECK(laid.notes.empty());
  REQUIRE(laid.layers.size() == 3);
  const auto wanted = to_dense(made.layer);
  for (std::size_t r = 0; r < 3; ++r) {
    const auto found = to_dense(laid.layers[r]);
    for (std::size_t v = 0; v < wanted.size(); ++v) {
      REQUIRE((found[v] == 1) == (wanted[v] == r + 1));
    }
  }
}

TEST_CASE("contours between, across and beside the slices are noted, not bent") {
  const Grid grid{{10, 10, 3}, affine_from_axes({}, {1, 0, 0}, {0, 1, 0}, {0, 0, 2}), "1"};
  const auto square = [](double z, double far_z) {
    return RtContour{.kind = RtContourKind::Closed,
                     .points = {{1.5, 1.5, z}, {4.5, 1.5, z}, {4.5, 4.5, far_z}, {1.5, 4.5, far_z}},
                     .source_instance_uid = {}};
  };
  RtStructureSet set;
  set.rois.push_back({.number = 7});
  set.rois[0].contours = {square(2.3, 2.3), square(1, 1), square(0, 2), square(9, 9)};
  const LaidRois laid = lay_rois(set, grid).value();
  REQUIRE(laid.notes.size() == 1);
  CHECK(laid.notes[0] == "ROI 7: 3 of 4 contours lie on no slice of the images");
  CHECK(voxel_at(laid.layers[0], {2, 2, 1}) == 1);
  CHECK(voxel_at(laid.layers[0], {1, 2, 1}) == 0);
  set.rois[0].contours = {square(1, 1)};
  CHECK(lay_rois(set, grid).error().code == ErrorCode::InvalidInput);
}

TEST_CASE("structure sets of others are read, other objects are refused") {
  const auto own = test::data_path("imaging/dicom/rt/mock_data_rt.dcm");
  const auto other = test::data_path("imaging/dicom/pydicom/rtstruct.dcm");
  if (!own || !other) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  for (const auto& path : {*own, *other}) {
    const Bytes bytes = file_bytes(path);
    const RtStructureSet set = read_rt_structures(read_dicom(bytes).value()).value();
    REQUIRE_FALSE(set.rois.empty());
    CHECK_FALSE(set.rois.front().contours.empty());
  }
  const Bytes image = file_bytes(own->parent_path() / "mock_data_ct_1.dcm");
  CHECK(read_rt_structures(read_dicom(image).value()).error().code == ErrorCode::Unsupported);
}
