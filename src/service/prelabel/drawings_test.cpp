// Labels that are drawn, measured or answered, read back from the files that tell them.
#include <set>

#include "tests/service/prelabelling.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

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
