#include "format/dicom_seg/dicom_seg_read.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "base/random.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/nrrd/nrrd.hpp"
#include "tests/data_path.hpp"

using namespace consilium;

namespace {

Bytes file_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return to_bytes(text);
}

// An odd size and an oblique grid: neither rows nor frames end on a byte or a brick.
Grid odd_grid() {
  return {{37, 35, 40},
          affine_from_axes({10, -20, 30}, {0.36, 0.48, -0.8}, {-0.8 * 1.5, 0.6 * 1.5, 0},
                           {2 * 0.48, 2 * 0.64, 2 * 0.6}),
          "1.2.3"};
}

SegDescription describe(const Grid& grid, SegForm form) {
  SegDescription description;
  description.form = form;
  for (std::uint32_t k = 0; k < grid.dims[2]; ++k) {
    description.source_slices.push_back(
        {"1.2.840.10008.5.1.4.1.1.2", "1.2.3." + std::to_string(k)});
  }
  description.source_series_instance_uid = "1.2.3.9";
  description.patient_study.study_instance_uid = "1.2.3.8";
  description.sop_instance_uid = "1.2.3.4";
  description.content_creator = "R-7";
  description.software_version = "0.1.0";
  description.device_serial_number = "1";
  return description;
}

std::vector<SegSegment> segments(std::size_t count, bool one_layer_each) {
  std::vector<SegSegment> all;
  for (std::size_t n = 0; n < count; ++n) {
    SegSegment segment{.label = "nodule " + std::to_string(n + 1),
                       .category = {"SCT", "49755003", "", "Morphologically Abnormal Structure"},
                       .type = {"SCT", "27925004", "", "Nodule"},
                       .anatomic_region = CodedConcept{"SCT", "39607008", "", "Lung"},
                       .algorithm = SegAlgorithm::Semiautomatic,
                       .algorithm_name = "grow from seeds",
                       .tracking_id = "n",
                       .tracking_uid = "1.2.9",
                       .colour = {230, 159, 0}};
    segment.layer_index = one_layer_each ? n : 0;
    segment.layer_value = static_cast<std::uint16_t>(one_layer_each ? 1 : n + 1);
    all.push_back(segment);
  }
  return all;
}

MaskLayer scattered(const Grid& grid, std::uint16_t label_count, std::uint64_t seed) {
  MaskLayer layer = make_exclusive_layer(grid).value();
  SeededRandom random(seed);
  std::vector<std::byte> raw(voxel_count(grid));
  random.fill(raw);
  std::vector<std::uint16_t> dense(raw.size());
  for (std::size_t v = 0; v < raw.size(); ++v) {
    const auto draw = std::to_integer<std::uint16_t>(raw[v]);
    const bool is_block = v % 37 < 34 && v / 37 % 35 > 30;
    // Some slices are empty, some rows full of one label.
    if (v / (37UL * 35UL) % 3 != 1 && (draw < 40 || is_block)) {
      dense[v] = is_block ? label_count : static_cast<std::uint16_t>(draw % label_count + 1);
    }
  }
  return exclusive_layer_from_dense(grid, dense).value();
}

LaidSegments read_back(ByteView bytes, const Grid& grid) {
  const DicomFile file = read_dicom(bytes).value();
  return lay_segments(read_dicom_seg(file).value(), file, grid).value();
}

}  // namespace

TEST_CASE("binary segmentations and label maps come back voxel for voxel, with all they say") {
  const Grid grid = odd_grid();
  for (const SegForm form : {SegForm::Binary, SegForm::LabelMap}) {
    for (const std::uint16_t count : {std::uint16_t{3}, std::uint16_t{300}}) {
      const MaskLayer layer = scattered(grid, count, 5);
      const auto wanted = segments(count, false);
      const Bytes bytes =
          write_dicom_seg(describe(grid, form), std::span(&layer, 1), wanted).value();
      const DicomFile file = read_dicom(bytes).value();
      const DicomSegmentation seg = read_dicom_seg(file).value();
      CHECK(seg.form == form);
      CHECK(seg.manufacturer == "Consilium");
      CHECK(seg.source_series_instance_uid == "1.2.3.9");
      CHECK(seg.frames.front().source_instance_uid == "1.2.3.0");
      const LaidSegments laid = lay_segments(seg, file, grid).value();
      REQUIRE(laid.segments.size() == count);
      CHECK_FALSE(laid.overlap);
      CHECK(laid.layers.front() == layer);
      const SegSegment& last = laid.segments.back().facts;
      CHECK(last.label == wanted.back().label);
      CHECK(last.type == wanted.back().type);
      CHECK(last.anatomic_region == wanted.back().anatomic_region);
      CHECK(last.algorithm == SegAlgorithm::Semiautomatic);
      CHECK(last.algorithm_name == "grow from seeds");
      CHECK(last.colour == wanted.back().colour);
      CHECK(last.layer_value == count);
      // Without the images: the lattice of its own frames, from the first that is not empty.
      const Grid own = grid_of_frames(seg).value();
      CHECK(own.dims == std::array<std::uint32_t, 3>{37, 35, 40});
      for (std::size_t i = 0; i < 16; ++i) {
        CHECK(own.affine.values[i] == doctest::Approx(grid.affine.values[i]).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("segments that overlap get layers of their own, and no label map is made of them") {
  const Grid grid = odd_grid();
  std::vector<MaskLayer> layers;
  for (std::uint32_t n = 0; n < 2; ++n) {
    MaskLayer layer = make_binary_layer(grid).value();
    for (std::uint32_t i = 0; i < 33; ++i) set_voxel(layer, {i + n, 3, 20}, 1);
    layers.push_back(layer);
  }
  const auto both = segments(2, true);
  const Bytes bytes = write_dicom_seg(describe(grid, SegForm::Binary), layers, both).value();
  const LaidSegments laid = read_back(bytes, grid);
  CHECK(laid.overlap);
  CHECK(laid.layers == layers);
  CHECK(laid.segments[1].facts.layer_index == 1);
  const auto refused = write_dicom_seg(describe(grid, SegForm::LabelMap), layers, both);
  CHECK(refused.error().what == "segments overlap, which a label map cannot say");
}

TEST_CASE("fractions come back, and half is in") {
  const Grid grid = odd_grid();
  std::vector<std::vector<std::uint8_t>> volumes(2, std::vector<std::uint8_t>(voxel_count(grid)));
  volumes[0][5] = 127;
  volumes[0][6] = 128;
  volumes[1][37 * 35 * 39] = 255;
  const Bytes bytes =
      write_fractional_seg(describe(grid, SegForm::Probability), grid, volumes, segments(2, false))
          .value();
  const DicomFile file = read_dicom(bytes).value();
  const DicomSegmentation seg = read_dicom_seg(file).value();
  CHECK(seg.form == SegForm::Probability);
  CHECK(seg.frames.size() == 2);
  CHECK(fractions_of(seg, file, grid, 1).value() == volumes[0]);
  CHECK(fractions_of(seg, file, grid, 2).value() == volumes[1]);
  CHECK(fractions_of(seg, file, grid, 3).error().code == ErrorCode::NotFound);
  const LaidSegments laid = lay_segments(seg, file, grid).value();
  CHECK(voxel_at(laid.layers[0], {5, 0, 0}) == 0);
  CHECK(voxel_at(laid.layers[0], {6, 0, 0}) == 1);
}

TEST_CASE("frames that do not lie on the images are refused by their number") {
  const Grid grid = odd_grid();
  const MaskLayer layer = scattered(grid, 3, 5);
  const Bytes bytes =
      write_dicom_seg(describe(grid, SegForm::Binary), std::span(&layer, 1), segments(3, false))
          .value();
  const DicomFile file = read_dicom(bytes).value();
  const DicomSegmentation seg = read_dicom_seg(file).value();
  Grid moved = grid;
  moved.affine.values[3] += 0.9;
  Grid fewer = grid;
  fewer.dims[2] = 20;
  Grid wider = grid;
  wider.dims[0] = 38;
  for (const Grid& other : {moved, fewer, wider}) {
    const auto refused = lay_segments(seg, file, other);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::InvalidInput);
    CHECK(refused.error().where.starts_with("frame "));
  }
}

TEST_CASE("dcmqi's segmentations hold what its label maps hold") {
  const struct {
    const char* seg;
    std::vector<const char*> labels;
  } pairs[] = {{"liver.dcm", {"liver_seg.nrrd"}},
               {"24x38x3/seg/label.seg", {"24x38x3/nrrd/label.nrrd"}},
               {"partial_overlaps.dcm",
                {"partial_overlaps-1.nrrd", "partial_overlaps-2.nrrd", "partial_overlaps-3.nrrd"}}};
  for (const auto& pair : pairs) {
    const auto path = test::data_path(std::string("imaging/dicom/dcmqi/") + pair.seg);
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    CAPTURE(pair.seg);
    const Bytes bytes = file_bytes(*path);
    const DicomFile file = read_dicom(bytes).value();
    const DicomSegmentation seg = read_dicom_seg(file).value();
    std::vector<MaskLayer> wanted;
    for (const char* name : pair.labels) {
      const auto nrrd = test::data_path(std::string("imaging/dicom/dcmqi/") + name);
      wanted.push_back(mask_of_volume(read_nrrd(file_bytes(*nrrd)).value().volume).value());
    }
    const Grid& grid = wanted.front().grid;
    const LaidSegments laid = lay_segments(seg, file, grid).value();
    // Every voxel of the label maps is in some segment, and the other way round.
    std::vector<std::uint16_t> in_labels(voxel_count(grid));
    std::vector<std::uint16_t> in_segments(voxel_count(grid));
    std::size_t labelled = 0;
    for (const MaskLayer& layer : wanted) {
      const auto dense = to_dense(layer);
      for (std::size_t v = 0; v < dense.size(); ++v) {
        in_labels[v] = static_cast<std::uint16_t>(in_labels[v] + (dense[v] != 0));
        labelled += dense[v] != 0 ? 1 : 0;
      }
    }
    for (const MaskLayer& layer : laid.layers) {
      const auto dense = to_dense(layer);
      for (std::size_t v = 0; v < dense.size(); ++v) {
        in_segments[v] = static_cast<std::uint16_t>(in_segments[v] + (dense[v] != 0));
      }
    }
    CHECK(labelled > 0);
    CHECK(in_labels == in_segments);
  }
}

TEST_CASE("highdicom's segmentations are read; those of slides are refused with a word") {
  const auto folder = test::data_path("imaging/dicom/highdicom");
  if (!folder) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  for (const char* name : {"seg_image_ct_binary.dcm", "seg_image_ct_binary_overlap.dcm",
                           "seg_image_ct_binary_fractional.dcm"}) {
    CAPTURE(name);
    const Bytes bytes = file_bytes(*folder / name);
    const DicomFile file = read_dicom(bytes).value();
    const DicomSegmentation seg = read_dicom_seg(file).value();
    const LaidSegments laid = lay_segments(seg, file, grid_of_frames(seg).value()).value();
    CHECK(laid.overlap == (std::string_view(name) == "seg_image_ct_binary_overlap.dcm"));
    CHECK_FALSE(seg.source_instance_uids.empty());
  }
  const Bytes slide = file_bytes(*folder / "seg_image_sm_control.dcm");
  const DicomFile file = read_dicom(slide).value();
  CHECK(read_dicom_seg(file).error().what == "this is a segmentation of a slide's tiles");
}

TEST_CASE("a segmentation cut anywhere is a clean error or a right answer") {
  const Grid grid = odd_grid();
  const MaskLayer layer = scattered(grid, 3, 5);
  const Bytes bytes =
      write_dicom_seg(describe(grid, SegForm::LabelMap), std::span(&layer, 1), segments(3, false))
          .value();
  for (std::size_t cut = 132; cut < bytes.size(); cut += cut < 4096 ? 1 : 997) {
    const auto file = read_dicom(ByteView(bytes).first(cut));
    if (!file) continue;
    const auto seg = read_dicom_seg(*file);
    if (!seg) continue;
    CHECK_FALSE(lay_segments(*seg, *file, grid).has_value());
  }
}
