#include <set>

#include "format/dicom_seg/dicom_seg.hpp"
#include "format/dicom_write/uid.hpp"
#include "service/annotation/mask_copy.hpp"
#include "service/intake/label_import.hpp"
#include "service/job/job_queue.hpp"
#include "service/panel/opinions.hpp"
#include "service/prelabel/keep_labels.hpp"
#include "service/prelabel/suggestions.hpp"
#include "service/release/exports.hpp"
#include "storage/labels.hpp"
#include "storage/maintenance/rebuild_check.hpp"
#include "storage/sqlite/areas.hpp"
#include "tests/data_path.hpp"
#include "tests/service/prelabelling.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

TEST_CASE("an exported segmentation comes back as a tool's labels, voxel for voxel") {
  Prelabelling fixture;
  Masks masks(*fixture.store_, *fixture.clock);
  fixture.take(fixture.lead, fixture.project, fixture.image);
  draw_first(fixture, masks, fixture.lead, fixture.image, fixture.grid,
             made_layer({{.first = {3, 4, 5}, .length = 40, .segment = 1},
                         {.first = {10, 20, 33}, .length = 7, .segment = 2}}));
  fixture.put_mask("nodule", 1);
  fixture.put_mask("nodule", 2);
  const auto said = fixture.voxels_in(fixture.project);
  for (const ExportFormat format :
       {ExportFormat::DicomSeg, ExportFormat::DicomSegLabelMap, ExportFormat::RtStruct,
        ExportFormat::Nrrd, ExportFormat::Nifti, ExportFormat::Coco}) {
    CAPTURE(name_of(format));
    const auto out = fixture.folder.path() / std::string(name_of(format));
    fixture.export_to(format, out);
    const ProjectId other = fixture.other_project();
    const LabelledImport done = fixture.import_into(other, out);
    for (const auto& refusal : done.report.refused) MESSAGE(to_line(refusal.error));
    CHECK(done.report.refused.empty());
    CHECK(done.labels_added == 2);
    CHECK(done.report.items_added == 0);  // a label volume is no image
    CHECK(fixture.voxels_in(other) == said);
    for (const storage::AnnotationRow& row : fixture.rows_in(other)) {
      CHECK(row.state == "submitted");
      CHECK(row.stage == "suggest");
      CHECK(row.rater_kind == "import");
      if (format != ExportFormat::Nrrd) CHECK(row.rater_name.starts_with("Consilium"));
    }
    // The same again is known.
    const LabelledImport again = fixture.import_into(other, out);
    CHECK(again.labels_added == 0);
    CHECK(again.report.duplicates > 0);
    CHECK(again.report.refused.empty());
  }
}

namespace {

// A rater's mask exported from the fixture's project as a segmentation.
std::filesystem::path exported_segmentation(Prelabelling& fixture) {
  Masks masks(*fixture.store_, *fixture.clock);
  fixture.take(fixture.lead, fixture.project, fixture.image);
  draw_first(fixture, masks, fixture.lead, fixture.image, fixture.grid,
             made_layer({{.first = {3, 4, 5}, .length = 40, .segment = 1}}));
  fixture.put_mask("nodule", 1);
  const auto out = fixture.folder.path() / "seg";
  fixture.export_to(ExportFormat::DicomSeg, out);
  return out;
}

SegDescription described(const MadeImageSeries& images) {
  SegDescription seg;
  seg.patient_study = images.patient_study;
  seg.series_instance_uid = "2.25.5001";
  seg.sop_instance_uid = "2.25.5002";
  seg.content_creator = "made";
  seg.protocol_id = "made";
  seg.protocol_version = "1.0.0";
  seg.software_version = "2.4";
  seg.device_serial_number = "1";
  seg.source_series_instance_uid = images.series_instance_uid;
  return seg;
}

// Two segments that overlap, an empty one, and one that no protocol knows; of two algorithms.
Bytes made_segmentation(const Grid& grid, const std::string& source_series) {
  SegDescription seg = described(made_series("MRN-1", grid.dims[2]));
  for (std::uint32_t k = 0; k < grid.dims[2]; ++k) {
    seg.source_slices.push_back(
        {.sop_class_uid = "1.2.840.10008.5.1.4.1.1.2",
         .sop_instance_uid = uid_from_name(source_series + " slice " + std::to_string(k))});
  }
  std::vector<MaskLayer> layers;
  for (std::uint32_t l = 0; l < 4; ++l) {
    MaskLayer layer = must(make_binary_layer(grid));
    for (std::uint32_t x = 0; x < 10 && l != 2; ++x) set_voxel(layer, {5 * l + x, 2, 3}, 1);
    layers.push_back(std::move(layer));
  }
  const CodedConcept altered{"SCT", "49755003", "", "Morphologically Abnormal Structure"};
  const CodedConcept tissue{"SCT", "85756007", "", "Tissue"};
  std::vector<SegSegment> segments;
  for (std::size_t l = 0; l < 4; ++l) {
    SegSegment segment{.label = l == 3 ? "Bronchus" : "NODULE " + std::to_string(l + 1),
                       .category = altered,
                       .type = tissue};
    segment.algorithm = l == 0 ? SegAlgorithm::Manual : SegAlgorithm::Automatic;
    if (l > 0) segment.algorithm_name = "nodulefinder 3";
    segment.layer_index = l;
    segments.push_back(std::move(segment));
  }
  return must(write_dicom_seg(seg, layers, segments));
}

}  // namespace

TEST_CASE("fractions count from a half on") {
  Prelabelling fixture;
  Masks masks(*fixture.store_, *fixture.clock);
  fixture.take(fixture.lead, fixture.project, fixture.image);
  draw_first(fixture, masks, fixture.lead, fixture.image, fixture.grid,
             made_layer({{.first = {3, 4, 5}, .length = 40, .segment = 1}}));
  fixture.put_mask("nodule", 1);
  const auto out = fixture.folder.path() / "fractions";
  fixture.export_to(ExportFormat::DicomSegFractional, out);
  const ProjectId other = fixture.other_project();
  CHECK(fixture.import_into(other, out).labels_added == 1);
  CHECK(fixture.voxels_in(other) == fixture.voxels_in(fixture.project));
}

TEST_CASE("dcmqi's segmentations and their NRRD label maps are the same voxels here") {
  const auto found = consilium::test::data_path("imaging/dicom/dcmqi");
  if (!found) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const std::filesystem::path& root = *found;
  Prelabelling fixture;
  struct Pair {
    std::string images, seg, nrrd;
  };
  for (const Pair& pair :
       {Pair{"ct-3slice", "liver.dcm", "liver_seg.nrrd"},
        Pair{"24x38x3/image", "24x38x3/seg/label.seg", "24x38x3/nrrd/label.nrrd"}}) {
    CAPTURE(pair.seg);
    const ProjectId other = fixture.bare_project();
    CHECK(fixture.import_into(other, root / pair.images).report.items_added == 1);
    for (const auto& [file, name] : {std::pair{pair.seg, "liver"}, std::pair{pair.nrrd, "1"}}) {
      const LabelledImport done = fixture.import_into(other, root / file, {{name, "nodule"}});
      for (const auto& refusal : done.report.refused) MESSAGE(to_line(refusal.error));
      CHECK(done.labels_added == 1);
    }
    const auto voxels = fixture.voxels_in(other);
    REQUIRE(voxels.at("nodule").size() == 2);
    CHECK(!voxels.at("nodule")[0].empty());
    CHECK(voxels.at("nodule")[0] == voxels.at("nodule")[1]);
  }
  // Five segments that overlap in part: each in a layer of its own.
  const ProjectId other = fixture.bare_project();
  fixture.import_into(other, root / "ct-3slice");
  const LabelledImport done = fixture.import_into(other, root / "partial_overlaps.dcm",
                                                  {{"green", "nodule"},
                                                   {"orange", "mass"},
                                                   {"purple", "granuloma"},
                                                   {"LIGHT_BLUE", "nodule"},
                                                   {"dark blue", "mass"}});
  CHECK(done.report.refused.empty());
  CHECK(done.labels_added == 5);
  const auto reader = must(fixture.store_->read());
  std::set<std::uint32_t> layers;
  const storage::AnnotationRow row = fixture.rows_in(other).front();
  CHECK(row.rater_name == "QIICR https://github.com/QIICR/dcmqi.git 7ae0873");
  for (const storage::MaskRow& mask : must(storage::masks_of_item(*reader, row.item, row.rater))) {
    for (const auto& brick :
         must(storage::mask_bricks(*reader, row.item, row.rater, mask.grid_id, std::nullopt))) {
      layers.insert(brick.layer);
    }
  }
  CHECK(layers == std::set<std::uint32_t>{1, 2, 3, 4, 5});
}

TEST_CASE("names that the protocol lacks are told, and taken when the lead says what they mean") {
  Prelabelling fixture;
  const MadeImageSeries images = made_series("MRN-1", 40);
  write_file(fixture.folder.path() / "foreign" / "seg.dcm",
             made_segmentation(images.grid, "2.25.77"));
  const LabelledImport strangers =
      fixture.import_into(fixture.project, fixture.folder.path() / "foreign");
  REQUIRE(strangers.report.refused.size() == 1);
  CHECK(strangers.report.refused[0].error.what ==
        "the image that it refers to is not in the project");
  CHECK(strangers.labels_added == 0);

  write_file(fixture.folder.path() / "known" / "seg.dcm",
             made_segmentation(images.grid, images.series_instance_uid));
  const LabelledImport first =
      fixture.import_into(fixture.project, fixture.folder.path() / "known");
  REQUIRE(first.report.refused.size() == 1);
  MESSAGE(to_line(first.report.refused[0].error));
  CHECK(first.report.refused[0].error.what.find(
            "no label of the protocol is meant by \"Bronchus\"") != std::string::npos);
  CHECK(first.labels_added == 3);  // two nodules, and one that was looked for in vain
  std::set<std::string> raters;
  for (const storage::AnnotationRow& row : fixture.rows_in(fixture.project)) {
    raters.insert(row.rater_kind + ": " + row.rater_name);
  }
  CHECK(raters ==
        std::set<std::string>{"import: Consilium 2.4", "model: Consilium 2.4, nodulefinder 3"});
  const LabelledImport mapped = fixture.import_into(
      fixture.project, fixture.folder.path() / "known", {{"bronchus", "nodule"}});
  CHECK(mapped.report.refused.empty());
  CHECK(mapped.labels_added == 1);
  const LabelledImport wrong = fixture.import_into(fixture.project, fixture.folder.path() / "known",
                                                   {{"bronchus", "airway"}});
  REQUIRE(wrong.report.refused.size() == 1);
  CHECK(wrong.report.refused[0].error.what == "the protocol has no label \"airway\"");
}

TEST_CASE("what does not fit the images is refused in words, and the images stay") {
  Prelabelling fixture;
  const MadeImageSeries images = made_series("MRN-1", 40);
  const auto refusal_of = [&](ByteView bytes) {
    const auto bad = fixture.folder.path() / "bad";
    std::filesystem::remove_all(bad);
    write_file(bad / "bad.dcm", bytes);
    const LabelledImport done = fixture.import_into(fixture.project, bad);
    REQUIRE(done.report.refused.size() == 1);
    CHECK(done.labels_added == 0);
    return done.report.refused[0].error.what;
  };
  const std::string& series = images.series_instance_uid;
  Grid elsewhere = images.grid;
  elsewhere.frame_of_reference_uid = "2.25.99";
  CHECK(refusal_of(made_segmentation(elsewhere, series)) ==
        "it lies in another frame of reference than the images it refers to");
  Grid smaller = images.grid;
  smaller.dims = {32, 32, 40};
  CHECK(refusal_of(made_segmentation(smaller, series)) == "its frames are not of the images' size");
  Grid between = images.grid;
  between.affine = affine_from_axes({-32, -32, -99.4}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1.5});
  CHECK(refusal_of(made_segmentation(between, series)) ==
        "a frame does not lie on a slice of the images");
  const Bytes whole = made_segmentation(images.grid, series);
  CHECK(refusal_of(ByteView(whole).first(whole.size() - 200)) ==
        "the pixel data ends before its last frame");
  CHECK(fixture.rows_in(fixture.project).empty());
  CHECK(fixture.items_of_kind("image").size() == 1);
}

TEST_CASE("a labeller sees suggestions when the protocol says so, and starts from one") {
  Prelabelling fixture;
  const auto out = exported_segmentation(fixture);
  for (const std::string when : {"before", "after", "never"}) {
    CAPTURE(when);
    const ProjectId other = fixture.other_project(when);
    CHECK(fixture.import_into(other, out).labels_added == 1);
    Access reader = fixture.rater;
    reader.projects[other] = Roles{Role::Rater};
    must(fixture.projects_->put_member(fixture.operator_, other, reader.person, "Rater",
                                       Roles{Role::Rater}));
    const ItemId item = fixture.item_in(other);
    Suggestions suggestions(*fixture.store_, *fixture.clock, *fixture.random);
    const auto seen = [&] {
      return must(suggestions.list(reader, other, item)).at("items").as_array();
    };
    CHECK(seen().empty());  // the item is not theirs yet
    fixture.take(reader, other, item);
    // A tool's labels make nobody's reading.
    const auto store_reader = must(fixture.store_->read());
    CHECK(must(storage::find_item(*store_reader, other, item)).state == "in_progress");
    if (when != "before") {
      CHECK(seen().empty());
      const RaterId tool = fixture.rows_in(other).front().rater;
      CHECK(!suggestions.take(reader, other, item, tool));
      continue;
    }
    const json::array list = seen();
    REQUIRE(list.size() == 1);
    CHECK(list[0].at("may_take").as_bool());
    CHECK(list[0].at("labels").as_array()[0].at("count").as_int64() == 1);
    const RaterId tool = must(parse_id<RaterId>(list[0].at("rater").at("id").as_string()));
    CHECK(must(suggestions.take(reader, other, item, tool)).at("annotations").as_uint64() == 1);
    // Again is the same.
    CHECK(must(suggestions.take(reader, other, item, tool)).at("annotations").as_uint64() == 1);
    CHECK(!seen()[0].at("may_take").as_bool());
    const auto voxels = fixture.voxels_in(other);
    REQUIRE(voxels.at("nodule").size() == 2);
    CHECK(voxels.at("nodule")[0] == voxels.at("nodule")[1]);
    const auto opinions =
        must(read_opinions(*must(fixture.store_->read()), other, std::nullopt)).front().opinions;
    REQUIRE(opinions.size() == 1);  // the tool's; the reader has submitted nothing
    CHECK(opinions[0].rater.kind == RaterKind::Import);
  }
  const auto root = fixture.folder.path() / "store";
  fixture.close();
  const auto verified = must(storage::verify_store(root, storage::sqlite::product_areas()));
  for (const std::string& problem : verified.problems) MESSAGE(problem);
  CHECK(verified.problems.empty());
}
