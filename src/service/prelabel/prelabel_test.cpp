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
#include "tests/service/made_masks.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

// Two projects on the same images: a reader labels in one, the other gets the exported files.
struct Prelabelling : ServiceFixture {
  Prelabelling() {
    set_protocol("chest-ct-nodule.yaml");
    write_made_series(folder.path() / "images", made_series("MRN-1", 40));
    import({folder.path() / "images"});
    image = ServiceFixture::item_id(items_of_kind("image")[0]);
    grid = grid_id_of(first_series(*this, image));
  }

  std::string protocol_text(const std::string& suggestions) {
    std::string text = read_source_file("protocols/chest-ct-nodule.yaml");
    const std::size_t at = text.find("assist_policy:");
    const std::size_t end = text.find("quality_plan:", at);
    return text.replace(at, end - at, "assist_policy: {suggestions: " + suggestions + "}\n");
  }

  // A second project with the same images in it.
  ProjectId other_project(const std::string& suggestions = "before") {
    const ProjectId id = bare_project(suggestions);
    import_into(id, folder.path() / "images");
    return id;
  }
  ProjectId bare_project(const std::string& suggestions = "before") {
    const auto id = make_id<ProjectId>(*clock, *random);
    must(projects_->put(operator_, id, {.name = "Other"}, std::nullopt));
    must(projects_->put_protocol(operator_, id, protocol_text(suggestions)));
    return id;
  }

  LabelledImport import_into(const ProjectId& into, const std::filesystem::path& path,
                             const LabelMap& map = {}) {
    std::vector<ImportFile> files = must(list_files(std::vector{path}));
    std::erase_if(files, [](const ImportFile& file) {  // the export's own account of itself
      return file.name.ends_with("provenance.json");
    });
    return must(run_labelled_import(
        {.store = *store_, .codec = nullptr, .clock = *clock, .random = *random}, operator_, into,
        files, {.id = make_id<ImportId>(*clock, *random)}, {.names = map}));
  }

  void take(const Access& access, const ProjectId& in, const ItemId& item) {
    Assignment assignment(*store_, *items_, *clock, *random);
    must(assignment.take(access, in, item));
  }

  // Without a label it is an answer.
  void put(const std::string& label, json::object target, const json::object& more = {}) {
    const auto id = make_id<AnnotationId>(*clock, *random);
    json::object body{{"id", to_string(id)},
                      {"item_id", to_string(image)},
                      {"protocol", json::object{{"id", "chest-ct-nodule"}, {"version", "1.0.0"}}},
                      {"label", label.empty() ? json::value(nullptr) : json::value(label)},
                      {"target", std::move(target)},
                      {"question", nullptr},
                      {"value", nullptr},
                      {"attributes", json::object{}}};
    for (const auto& [name, value] : more) body[name] = value;
    Annotations annotations(*store_, *clock);
    must(annotations.put(lead, project, image,
                         {.id = id, .body_json = json::serialize(body), .if_match = std::nullopt}));
  }
  void put_mask(const std::string& label, int segment) {
    put(label, {{"type", "mask"}, {"grid_id", grid}, {"segment", segment}});
  }

  ExportReport export_to(ExportFormat format, const std::filesystem::path& out) {
    JobQueue jobs;
    Exports exports(*store_, jobs, folder.path() / "exports", *clock, *random);
    std::filesystem::create_directories(out);
    return must(exports.write_to(operator_, project,
                                 {.format = format, .with_drafts = true, .item_ids = {}}, out));
  }

  ItemId item_in(const ProjectId& in) {
    const auto reader = must(store_->read());
    return must(storage::item_ids(*reader, in)).front();
  }
  std::vector<storage::AnnotationRow> rows_in(const ProjectId& in) {
    const auto reader = must(store_->read());
    return must(storage::annotations_of_item(*reader, item_in(in), std::nullopt, "", 1000));
  }
  // The voxels of each label, whoever of the item's raters gave it.
  std::map<std::string, std::vector<BinaryBricks>> voxels_in(const ProjectId& in) {
    std::map<std::string, std::vector<BinaryBricks>> voxels;
    const auto reader = must(store_->read());
    for (const storage::AnnotationRow& row : rows_in(in)) {
      const Annotation body =
          must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body))));
      if (const auto* mask = std::get_if<MaskTarget>(&body.target)) {
        voxels[row.label].push_back(must(load_segment(*store_, *reader, row.patient, row.item,
                                                      row.rater, mask->grid_id, mask->segment)));
      }
    }
    for (auto& [label, bricks] : voxels) std::ranges::sort(bricks);
    return voxels;
  }

  ItemId image;
  std::string grid;
};

}  // namespace

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

TEST_CASE("drawings come back from reports, COCO, YOLO and VOC") {
  Prelabelling fixture;
  fixture.take(fixture.lead, fixture.project, fixture.image);
  const json::object series = first_series(fixture, fixture.image);
  const json::object slice = series.at("volume").at("slices").as_array()[7].as_object();
  const auto region = [&](const std::string& kind, json::array points) {
    return json::object{{"type", "region"},
                        {"series_id", series.at("id")},
                        {"instance_uid", slice.at("instance_uid")},
                        {"frame", slice.at("frame")},
                        {"geometry", json::object{{"kind", kind}, {"points", std::move(points)}}}};
  };
  const auto at = [](double x, double y) { return json::array{x, y}; };
  fixture.put("nodule", region("box", {at(3.25, 4), at(20.5, 31.75)}));
  fixture.put("mass", region("polygon", {at(30, 30), at(50.5, 33), at(41, 55.25)}));
  fixture.put("longest_diameter", region("length", {at(1, 2), at(33, 44)}));
  fixture.put("longest_diameter",
              region("bidirectional", {at(1, 2), at(33, 44), at(10, 30), at(20, 22)}));
  fixture.put("longest_diameter", region("angle", {at(1, 2), at(33, 44), at(10, 30)}));
  fixture.put("granuloma", region("ellipse", {at(5, 20), at(25, 20), at(15, 10), at(15, 30)}));
  fixture.put("granuloma", region("point", {at(7, 9)}));
  // By label and kind of geometry: the points.
  using Drawings = std::multimap<std::pair<std::string, GeometryKind>, std::vector<ImagePoint>>;
  const auto drawings_in = [&](const ProjectId& in) {
    Drawings drawings;
    const auto reader = must(fixture.store_->read());
    for (const storage::AnnotationRow& row : fixture.rows_in(in)) {
      const Annotation body =
          must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body))));
      const auto& target = std::get<RegionTarget>(body.target);
      CHECK(target.instance_uid == slice.at("instance_uid").as_string());
      drawings.emplace(std::pair{row.label, target.kind}, target.points);
    }
    return drawings;
  };
  const Drawings said = drawings_in(fixture.project);
  struct Case {
    ExportFormat format;
    std::set<std::string> labels;  // that the format holds
    double tolerance_px;
  };
  for (const Case& one :
       {Case{ExportFormat::DicomSr, {"nodule", "mass", "longest_diameter", "granuloma"}, 1e-4},
        Case{ExportFormat::Coco, {"nodule", "mass"}, 1e-9},
        Case{ExportFormat::Yolo, {"nodule", "mass"}, 1e-4},
        Case{ExportFormat::Voc, {"nodule", "mass"}, 1}}) {
    CAPTURE(name_of(one.format));
    const auto out = fixture.folder.path() / std::string(name_of(one.format));
    fixture.export_to(one.format, out);
    // YOLO says everything twice: as boxes, and as outlines.
    const ProjectId other = fixture.other_project();
    const LabelledImport done =
        fixture.import_into(other, one.format == ExportFormat::Yolo ? out / "segment" : out);
    for (const auto& refusal : done.report.refused) MESSAGE(to_line(refusal.error));
    CHECK(done.report.refused.empty());
    const Drawings read = drawings_in(other);
    std::size_t wanted = 0;
    for (const auto& [key, points] : said) {
      if (!one.labels.contains(key.first)) continue;
      ++wanted;
      // VOC has nothing but boxes.
      const bool is_boxed = one.format == ExportFormat::Voc && key.second != GeometryKind::Box;
      const auto found = read.find(is_boxed ? std::pair{key.first, GeometryKind::Box} : key);
      CAPTURE(key.first);
      REQUIRE(found != read.end());
      if (is_boxed) continue;
      REQUIRE(found->second.size() == points.size());
      for (std::size_t p = 0; p < points.size(); ++p) {
        CHECK(std::abs(found->second[p].x - points[p].x) <= one.tolerance_px);
        CHECK(std::abs(found->second[p].y - points[p].y) <= one.tolerance_px);
      }
    }
    CHECK(read.size() == wanted);
  }
}

namespace {

const std::vector<std::string> space_kinds{"box",   "rotated_box", "polygon",       "ellipse",
                                           "point", "length",      "bidirectional", "angle",
                                           "cobb",  "polyline",    "cuboid"};

std::string with_shapes_in_space(std::string protocol) {
  std::string names;
  for (const std::string& kind : space_kinds) names += (names.empty() ? "" : ", ") + kind;
  const std::size_t at = protocol.find("places:", protocol.find("id: nodule\n"));
  const std::size_t end = protocol.find('\n', at);
  return protocol.replace(at, end - at, "places: [mask, " + names + "]");
}

}  // namespace

TEST_CASE(
    "drawings in space come back from reports, and other formats say that they left them out") {
  Prelabelling fixture;
  const std::string protocol = with_shapes_in_space(fixture.protocol_text("before"));
  const auto project_with_shapes = [&] {
    const ProjectId id = make_id<ProjectId>(*fixture.clock, *fixture.random);
    must(fixture.projects_->put(fixture.operator_, id, {.name = "Space"}, std::nullopt));
    must(fixture.projects_->put_protocol(fixture.operator_, id, protocol));
    return id;
  };
  fixture.project = project_with_shapes();
  const Roles roles{Role::Lead, Role::Rater};
  fixture.lead.projects[fixture.project] = roles;
  must(fixture.projects_->put_member(fixture.operator_, fixture.project, fixture.lead.person,
                                     "Lead", roles));
  fixture.import_into(fixture.project, fixture.folder.path() / "images");
  fixture.image = fixture.item_in(fixture.project);
  fixture.take(fixture.lead, fixture.project, fixture.image);
  const json::object series = first_series(fixture, fixture.image);
  const auto at = [](double x, double y, double z) { return json::array{x, y, z}; };
  const auto put = [&](const std::string& kind, json::array points) {
    fixture.put("nodule",
                {{"type", "space"},
                 {"series_id", series.at("id")},
                 {"geometry", json::object{{"kind", kind}, {"points", std::move(points)}}}});
  };
  // On a plane that leans: x and z grow together.
  put("rotated_box", {at(0, 0, 0), at(3, 0, 4), at(3, 6, 4), at(0, 6, 0)});
  put("polygon", {at(0, 0, 0), at(3, 0, 4), at(6, 5.5, 8)});
  put("ellipse", {at(-3, 0, -4), at(3, 0, 4), at(0, -2, 0), at(0, 2, 0)});
  put("point", {at(1.25, -7.5, 3)});
  put("length", {at(1, 2, 3), at(10.1, -4, 8)});
  put("bidirectional", {at(-3, 0, -4), at(3, 0, 4), at(0, -2, 0), at(0, 2, 0)});
  put("angle", {at(0, 0, 0), at(3, 0, 4), at(6, 5.5, 8)});
  put("cobb", {at(0, 0, 0), at(3, 0, 4), at(0, 6, 0), at(3, 8, 4)});
  put("polyline", {at(0, 0, 0), at(3, 1, 4), at(6, 5.5, 8), at(1, 1, 1), at(2, 9, 1)});
  put("cuboid", {at(-5, 4, 3), at(7, 9.5, 3), at(-9, 12, 5), at(-5, 3, 11)});
  using Drawings = std::map<PlaceKind, std::vector<PatientPoint>>;
  const auto drawings_in = [&](const ProjectId& in) {
    Drawings drawings;
    const auto reader = must(fixture.store_->read());
    for (const storage::AnnotationRow& row : fixture.rows_in(in)) {
      const Annotation body =
          must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body))));
      const auto& target = std::get<SpaceTarget>(body.target);
      drawings.emplace(target.kind, target.points);
    }
    return drawings;
  };
  const Drawings said = drawings_in(fixture.project);
  REQUIRE(said.size() == 10);
  const auto out = fixture.folder.path() / "sr";
  fixture.export_to(ExportFormat::DicomSr, out);
  const ProjectId other = project_with_shapes();
  fixture.import_into(other, fixture.folder.path() / "images");
  const LabelledImport done = fixture.import_into(other, out);
  for (const auto& refusal : done.report.refused) MESSAGE(to_line(refusal.error));
  CHECK(done.report.refused.empty());
  CHECK(done.labels_added == 10);
  const Drawings read = drawings_in(other);
  for (const auto& [kind, points] : said) {
    CAPTURE(name_of(kind));
    REQUIRE(read.contains(kind));
    REQUIRE(read.at(kind).size() == points.size());
    for (std::size_t p = 0; p < points.size(); ++p) {
      constexpr double rounding_mm = 1e-5;  // of 32-bit floats
      CHECK(std::abs(read.at(kind)[p].x_mm - points[p].x_mm) < rounding_mm);
      CHECK(std::abs(read.at(kind)[p].y_mm - points[p].y_mm) < rounding_mm);
      CHECK(std::abs(read.at(kind)[p].z_mm - points[p].z_mm) < rounding_mm);
    }
  }
  // Without the images its frame of reference is nobody's.
  const ProjectId empty = project_with_shapes();
  const LabelledImport alone = fixture.import_into(empty, out);
  CHECK(alone.labels_added == 0);
  REQUIRE(alone.report.refused.size() == 1);
  CHECK(alone.report.refused[0].error.code == ErrorCode::NotFound);
  for (const ExportFormat format :
       {ExportFormat::Gsps, ExportFormat::Coco, ExportFormat::Yolo, ExportFormat::Voc}) {
    CAPTURE(name_of(format));
    const ExportReport summary =
        fixture.export_to(format, fixture.folder.path() / std::string(name_of(format)));
    CHECK(summary.annotations == 0);
    REQUIRE(summary.excluded.size() == 1);
    CHECK(summary.excluded[0].first.starts_with("drawn in the patient"));
    CHECK(summary.excluded[0].second == 10);
  }
}

TEST_CASE("a report brings its findings' attributes, the answers, and what is not there") {
  Prelabelling fixture;
  Masks masks(*fixture.store_, *fixture.clock);
  fixture.take(fixture.lead, fixture.project, fixture.image);
  draw_first(fixture, masks, fixture.lead, fixture.image, fixture.grid,
             made_layer({{.first = {3, 4, 5}, .length = 40, .segment = 1}}));
  const json::object series = first_series(fixture, fixture.image);
  const json::object slice = series.at("volume").at("slices").as_array()[7].as_object();
  const json::object nodule{
      {"nodule_type", "ground_glass"}, {"margin", "smooth"}, {"location", "rul"}};
  const json::object mask{{"type", "mask"}, {"grid_id", fixture.grid}, {"segment", 1}};
  const json::object box{
      {"type", "region"},
      {"series_id", series.at("id")},
      {"instance_uid", slice.at("instance_uid")},
      {"frame", slice.at("frame")},
      {"geometry", json::object{{"kind", "box"},
                                {"points", json::array{json::array{3, 4}, json::array{20, 31}}}}}};
  const json::object whole{{"type", "whole"}};
  fixture.put("nodule", mask, {{"attributes", nodule}});
  fixture.put("nodule", box, {{"attributes", json::object{{"nodule_type", "part_solid"}}}});
  fixture.put("granuloma", whole, {{"value", "absent"}});
  fixture.put("", whole, {{"question", "study_quality"}, {"value", "limited"}});
  fixture.put("", whole, {{"question", "nodules_present"}, {"value", true}});
  const auto out = fixture.folder.path() / "sr";
  fixture.export_to(ExportFormat::DicomSr, out);
  // What was said, without who said it and when.
  using Said = std::multiset<std::string>;
  const auto said_in = [&](const ProjectId& in) {
    Said said;
    const auto reader = must(fixture.store_->read());
    for (const storage::AnnotationRow& row : fixture.rows_in(in)) {
      Annotation body =
          must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body))));
      body.id = {};
      body.item_id = {};
      body.measurements.clear();
      said.insert(must(canonical_annotation(body)));
    }
    return said;
  };
  const ProjectId other = fixture.other_project();
  const LabelledImport done = fixture.import_into(other, out);
  for (const auto& refusal : done.report.refused) MESSAGE(to_line(refusal.error));
  CHECK(done.report.refused.empty());
  CHECK(said_in(other) == said_in(fixture.project));
  const LabelledImport again = fixture.import_into(other, out);
  CHECK(again.labels_added == 0);
  CHECK(again.report.refused.empty());

  // A protocol without the codes: the finding stays, and what was left out of it is told.
  const auto bare = make_id<ProjectId>(*fixture.clock, *fixture.random);
  must(fixture.projects_->put(fixture.operator_, bare, {.name = "Bare"}, std::nullopt));
  must(fixture.projects_->put_protocol(fixture.operator_, bare, R"({
    "schema": 1, "id": "bare", "version": "1.0.0", "title": "Bare", "authors": [{"name": "T"}],
    "clinical_question": "Where?", "item_unit": "study", "modalities": ["CT"],
    "labels": [{"id": "nodule", "name": "Nodule", "definition": "One.", "colour": "#e69f00",
                "places": ["mask", "box"]}]})"));
  fixture.import_into(bare, fixture.folder.path() / "images");
  const LabelledImport partly = fixture.import_into(bare, out);
  CHECK(fixture.rows_in(bare).size() == 2);
  REQUIRE(partly.report.refused.size() == 1);
  const std::string& told = partly.report.refused[0].error.what;
  CAPTURE(told);
  CHECK(told.find("no question of the protocol is meant by") != std::string::npos);
  CHECK(told.find("is no attribute of 'nodule' in the protocol") != std::string::npos);

  // The report without its segmentation.
  const ProjectId lone = fixture.other_project();
  const auto alone = fixture.folder.path() / "alone";
  std::filesystem::create_directories(alone);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
    if (entry.path().filename().string().ends_with("_report.dcm")) {
      std::filesystem::copy_file(entry.path(), alone / "report.dcm");
    }
  }
  const LabelledImport without = fixture.import_into(lone, alone);
  REQUIRE(without.report.refused.size() == 1);
  CHECK(without.report.refused[0].error.what.find("its segmentation brought no such label") !=
        std::string::npos);
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
