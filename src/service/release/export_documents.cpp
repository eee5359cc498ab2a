// Findings as measurement reports (with the segmentations that they refer to) and as presentation
// states.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>

#include "base/canonical_json.hpp"
#include "domain/image/contour.hpp"
#include "format/dicom_gsps/presentation_state.hpp"
#include "format/dicom_sr/measurement_report.hpp"
#include "service/annotation/mask_bricks.hpp"
#include "service/annotation/submission.hpp"
#include "service/release/export_reports.hpp"
#include "service/release/export_volume.hpp"
#include "service/release/space_regions.hpp"
#include "service/release/sr_statistics.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

const CodedConcept millimetre{"UCUM", "mm", "", "mm"};
const CodedConcept square_millimetre{"UCUM", "mm2", "", "square millimeter"};
const CodedConcept cubic_millimetre{"UCUM", "mm3", "", "cubic millimeter"};
const CodedConcept length_code{"SCT", "410668003", "", "Length"};
const CodedConcept degree{"UCUM", "deg", "", "degree"};
const CodedConcept long_axis_code{"SCT", "103339001", "", "Long Axis"};
const CodedConcept short_axis_code{"SCT", "103340004", "", "Short Axis"};
const CodedConcept angle_code{"SCT", "1483009", "", "Angle"};
const CodedConcept cobb_angle_code{"SCT", "285285000", "", "Cobb angle"};
const CodedConcept area_code{"SCT", "42798000", "", "Area"};
const CodedConcept volume_code{"SCT", "118565006", "", "Volume"};
const CodedConcept yes_code{"SCT", "373066001", "", "Yes"};
const CodedConcept no_code{"SCT", "373067005", "", "No"};

// The protocol's own code, else one of ours for its id.
CodedConcept code_for(const std::optional<CodedConcept>& coded, const std::string& id,
                      const std::string& name) {
  CodedConcept code = coded.value_or(CodedConcept{"99CONSILIUM", id, "", name});
  if (code.display.empty()) code.display = name.empty() ? id : name;
  return code;
}

std::variant<CodedConcept, std::string> answer_of(const AnswerSpec* spec,
                                                  const AnswerValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? yes_code : no_code;
  if (const auto* quantity = std::get_if<Quantity>(&value)) {
    return fmt::format("{} {}", quantity->number, quantity->unit);
  }
  if (const auto* picked = std::get_if<CodedConcept>(&value)) {
    // SR's code values have designators of 16 characters at most; a URI stays text.
    const bool has_designator = picked->system.size() <= 16 && picked->code.size() <= 16;
    if (has_designator) return *picked;
    return fmt::format("{} ({} {})", picked->display, picked->system, picked->code);
  }
  if (const auto* number = std::get_if<double>(&value)) {
    return fmt::format("{}", *number) +
           (spec != nullptr && !spec->unit.empty() ? " " + spec->unit : "");
  }
  if (const auto* many = std::get_if<std::vector<std::string>>(&value)) {
    std::string joined;
    for (const std::string& one : *many) joined += (joined.empty() ? "" : ", ") + one;
    return joined;
  }
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return std::string();
  if (spec != nullptr) {
    for (const Choice& choice : spec->choices) {
      if (choice.id == *text) return code_for(choice.coded, choice.id, choice.name);
    }
  }
  return *text;
}

void add_answer(std::vector<SrEvaluation>& evaluations, CodedConcept name, const AnswerSpec* spec,
                const AnswerValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return;
  SrEvaluation evaluation{std::move(name), answer_of(spec, value)};
  const auto* text = std::get_if<std::string>(&evaluation.value);
  if (text == nullptr || !text->empty()) evaluations.push_back(std::move(evaluation));
}

// The finding's value and attributes.
std::vector<SrEvaluation> answers_of(const ExportedAnnotation& annotation) {
  std::vector<SrEvaluation> evaluations;
  const Protocol& protocol = annotation.protocol->protocol;
  const Annotation& body = annotation.stored.body;
  const LabelSpec* label = protocol.label(body.label.value_or(""));
  if (label != nullptr && label->value) {
    add_answer(evaluations, code_for(std::nullopt, label->id + "-value", label->name + ", value"),
               &*label->value, body.value);
  }
  for (const auto& [id, value] : body.attributes) {
    if (const AttributeSpec* attribute = protocol.attribute(id)) {
      add_answer(evaluations, code_for(attribute->coded, id, attribute->name), &attribute->answer,
                 value);
    } else if (const QuestionSpec* question = protocol.question(id)) {
      add_answer(evaluations, code_for(question->coded, id, question->name), &question->answer,
                 value);
    }
  }
  return evaluations;
}

// The image of a region: how it is referred to and how large its pixels are.
struct RegionImage {
  ImageReference reference;
  std::string series_uid;
  std::array<double, 2> spacing_mm{1, 1};  // between columns, between rows
  bool has_spacing = false;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::optional<std::array<double, 2>> rescale;
  std::string unit;
};

Result<std::optional<RegionImage>> image_of(const ExportWork& work, const RegionTarget& region) {
  const storage::SeriesRow series = CSL_TRY(storage::find_series(work.reader, region.series_id));
  std::map<std::string, std::string> classes;
  for (const auto& row : CSL_TRY(storage::instances_of_series(work.reader, series.id))) {
    classes[row.sop_uid] = row.sop_class_uid;
  }
  const json::value volumes = CSL_TRY(parse_json(series.volumes_json));
  for (const json::value& volume : volumes.as_array()) {
    std::size_t frame_count = 0;
    for (const json::value& slice : volume.at("slices").as_array()) {
      if (slice.at("instance_uid").as_string() == region.instance_uid) ++frame_count;
    }
    if (frame_count == 0) continue;
    RegionImage image;
    image.reference = {classes[region.instance_uid], work.mapped_uid(region.instance_uid),
                       frame_count > 1 ? static_cast<int>(region.frame_index) + 1 : 0};
    image.series_uid = work.mapped_uid(series.series_uid);
    const json::array& spacing = volume.at("spacing_mm").as_array();
    image.spacing_mm = {spacing.at(0).to_number<double>(), spacing.at(1).to_number<double>()};
    image.has_spacing = volume.at("has_patient_geometry").as_bool();
    image.rows = volume.at("layout").at("rows").to_number<std::uint32_t>();
    image.columns = volume.at("layout").at("columns").to_number<std::uint32_t>();
    const json::object& transform = volume.at("transform").as_object();
    image.unit = std::string(transform.at("unit").as_string());
    if (!transform.contains("table")) {
      image.rescale = std::array{transform.at("slope").to_number<double>(),
                                 transform.at("intercept").to_number<double>()};
    }
    return image;
  }
  return std::optional<RegionImage>{};
}

// The drawing in the words of DICOM: boxes and polygons as closed polylines.
std::vector<ImagePoint> outline_of(const RegionTarget& region) {
  std::vector<ImagePoint> points = region.points;
  if (region.kind == GeometryKind::Box) {
    const ImagePoint a = region.points[0];
    const ImagePoint b = region.points[1];
    points = {a, {b.x, a.y}, b, {a.x, b.y}, a};
  } else if (region.kind == GeometryKind::Polygon || region.kind == GeometryKind::RotatedBox) {
    points.push_back(points.front());
  }
  return points;
}

double distance_mm(const ImagePoint& a, const ImagePoint& b, const RegionImage& image) {
  return std::hypot((a.x - b.x) * image.spacing_mm[0], (a.y - b.y) * image.spacing_mm[1]);
}

// A straight line with its length; its own drawing shows which of several it is.
SrMeasurement line_of(const CodedConcept& name, const RegionTarget& region, std::size_t first,
                      const RegionImage& image) {
  const std::vector<ImagePoint> ends{region.points[first], region.points[first + 1]};
  return {name, distance_mm(ends[0], ends[1], image), millimetre, std::nullopt,
          SrRegion{image.reference, SrGraphic::Polyline, ends}};
}

// Between the directions a to b and c to d, in degrees from 0 to 180; pixels need not be square.
double angle_degrees(const ImagePoint& a, const ImagePoint& b, const ImagePoint& c,
                     const ImagePoint& d, const RegionImage& image) {
  const std::array first{(b.x - a.x) * image.spacing_mm[0], (b.y - a.y) * image.spacing_mm[1]};
  const std::array second{(d.x - c.x) * image.spacing_mm[0], (d.y - c.y) * image.spacing_mm[1]};
  const double across = first[0] * second[1] - first[1] * second[0];
  const double along = first[0] * second[0] + first[1] * second[1];
  return std::abs(std::atan2(across, along)) * 180 / std::numbers::pi;
}

std::vector<SrMeasurement> measurements_of(const RegionTarget& region, const RegionImage& image) {
  if (!image.has_spacing) return {};  // pixels are no millimetres
  const double pixel_mm2 = image.spacing_mm[0] * image.spacing_mm[1];
  switch (region.kind) {
    case GeometryKind::Box:
    case GeometryKind::RotatedBox:
    case GeometryKind::Polygon:
      return {
          {area_code, std::abs(twice_area(outline_of(region))) / 2 * pixel_mm2, square_millimetre}};
    case GeometryKind::Ellipse:
      return {{area_code,
               std::numbers::pi / 4 * distance_mm(region.points[0], region.points[1], image) *
                   distance_mm(region.points[2], region.points[3], image),
               square_millimetre}};
    case GeometryKind::Length:
      return {line_of(length_code, region, 0, image)};
    case GeometryKind::Bidirectional:
      return {line_of(long_axis_code, region, 0, image),
              line_of(short_axis_code, region, 2, image)};
    case GeometryKind::Angle: {
      const ImagePoint& vertex = region.points[1];
      return {{angle_code, angle_degrees(vertex, region.points[0], vertex, region.points[2], image),
               degree}};
    }
    case GeometryKind::Cobb: {
      // Lines have no direction: the smaller of the two angles between them.
      const double angle = angle_degrees(region.points[0], region.points[1], region.points[2],
                                         region.points[3], image);
      return {{cobb_angle_code, std::min(angle, 180 - angle), degree}};
    }
    case GeometryKind::Point:
    case GeometryKind::Polyline:
      return {};
  }
  return {};
}

SrGraphic graphic_of(GeometryKind kind) {
  if (kind == GeometryKind::Point) return SrGraphic::Point;
  return kind == GeometryKind::Ellipse ? SrGraphic::Ellipse : SrGraphic::Polyline;
}

SrGroup group_for(const ExportWork& work, const ExportedAnnotation& annotation) {
  ExportWork::Tracking tracking = work.tracking_of(annotation);
  SrGroup group{.tracking_id = std::move(tracking.id), .tracking_uid = std::move(tracking.uid)};
  const LabelSpec* label = annotation.protocol->protocol.label(label_of(annotation));
  group.finding = label != nullptr ? code_for(label->coded, label->id, label->name)
                                   : code_for(std::nullopt, label_of(annotation), "");
  if (label != nullptr && label->exported.seg) {
    group.category = label->exported.seg->category;
    group.site = label->exported.seg->anatomic_region;
    for (auto* code : {&group.category, &group.site}) {
      if (*code && (*code)->display.empty()) code->reset();
    }
  }
  group.evaluations = answers_of(annotation);
  return group;
}

// One rater's report on one item.
class ReportMaker {
 public:
  ReportMaker(ExportWork& work, const ExportCase& one, const RaterRef& rater,
              std::optional<ReportPart> part)
      : work_(work), one_(one), rater_(rater), part_(part), annotations_(one.of_rater(rater.id)) {
    if (!part) return;
    std::erase_if(annotations_, [&](const ExportedAnnotation& annotation) {
      const bool is_drawn = std::holds_alternative<RegionTarget>(annotation.stored.body.target);
      return is_drawn != (part == ReportPart::DrawnOnImages);
    });
  }

  Status make() {
    if (one_.item.kind != "image") {
      work_.exclude("not an image", static_cast<std::int64_t>(annotations_.size()));
      return {};
    }
    for (const std::string& grid : grids_of(annotations_)) CSL_TRY(add_masks(grid));
    for (const ExportedAnnotation& annotation : annotations_) CSL_TRY(add(annotation));
    for (auto& [part, group] : part_groups_) report_.groups.push_back(std::move(group));
    if (report_.groups.empty() && report_.evaluations.empty()) return {};
    for (auto& [series, images] : evidence_) report_.evidence.push_back({series, images});
    const StudyId study = CSL_TRY(parse_id<StudyId>(one_.item.source_id));
    static_cast<DerivedObject&>(report_) = derived_object(
        work_, one_, CSL_TRY(storage::find_study(work_.reader, study)).study_uid, rater_,
        annotations_.front(), part_ == ReportPart::DrawnOnImages ? "report of drawings" : "report");
    report_.series_number += part_ == ReportPart::DrawnOnImages ? 4 : 3;
    if (rater_.kind != RaterKind::Human) {
      report_.device = SrDevice{.uid = work_.mapped_uid(to_string(rater_.id)),
                                .name = work_.rater_pseudonym(rater_.id)};
    }
    const auto bytes = write_measurement_report(report_);
    if (!bytes) {
      work_.exclude(bytes.error().what, count_);
      return {};
    }
    work_.annotation_count += count_;
    return work_.sink(name() + "_report.dcm", *bytes);
  }

 private:
  std::string name() const {
    return work_.rater_pseudonym(rater_.id) + "/" + ExportWork::name_of_item(one_.item);
  }

  // The masks of a grid go out as a segmentation beside the report, which refers to its segments.
  Status add_masks(const std::string& grid) {
    const std::vector<ExportedAnnotation> masks = masks_on(annotations_, grid);
    const auto count = static_cast<std::int64_t>(masks.size());
    Layers layers = CSL_TRY(load_layers(work_, one_.item, rater_.id, grid, masks));
    if (layers.layers.empty()) {
      work_.exclude("nothing was drawn", count);
      return {};
    }
    for (MaskLayer& layer : layers.layers) {
      std::string& uid = layer.grid.frame_of_reference_uid;
      if (!uid.empty()) uid = work_.mapped_uid(uid);
    }
    const VolumeFacts facts = CSL_TRY(volume_of(work_.reader, one_.item, grid));
    std::vector<SegSegment> segments;
    for (const auto& mask : masks) segments.push_back(segment_for(work_, mask, layers));
    const SegDescription seg = CSL_TRY(describe_seg(work_, one_, facts, rater_, masks));
    const auto bytes = write_dicom_seg(seg, layers.layers, segments);
    if (!bytes) {
      work_.exclude(bytes.error().what, count);
      return {};
    }
    CSL_TRY(work_.sink(name() + "_" + grid.substr(0, 8) + ".dcm", *bytes));
    constexpr std::string_view seg_class = "1.2.840.10008.5.1.4.1.1.66.4";
    evidence_[seg.series_instance_uid].push_back({std::string(seg_class), seg.sop_instance_uid, 0});
    // The images too: a report of segments alone would not tell whose they are.
    std::vector<ImageReference>& images = evidence_[seg.source_series_instance_uid];
    for (const SegSourceSlice& slice : seg.source_slices) {
      const ImageReference image{slice.sop_class_uid, slice.sop_instance_uid, 0};
      if (std::ranges::find(images, image) == images.end()) images.push_back(image);
    }
    const double voxel_mm3 = voxel_size_mm3(layers.layers.front().grid);
    for (std::size_t s = 0; s < masks.size(); ++s) {
      SrGroup group = group_for(work_, masks[s]);
      group.place = SrSegmentReference{std::string(seg_class), seg.sop_instance_uid,
                                       static_cast<int>(s) + 1, seg.source_series_instance_uid};
      const auto dense = to_dense(layers.layers[segments[s].layer_index]);
      const auto voxels = std::ranges::count(dense, segments[s].layer_value);
      group.measurements.push_back(
          {volume_code, static_cast<double>(voxels) * voxel_mm3, cubic_millimetre});
      add_statistics(group, masks[s]);
      report_.groups.push_back(std::move(group));
    }
    count_ += count;
    return {};
  }

  static double voxel_size_mm3(const Grid& grid) {
    return std::abs(
        dot(grid.affine.axis_mm(0), cross(grid.affine.axis_mm(1), grid.affine.axis_mm(2))));
  }

  Status add(const ExportedAnnotation& annotation) {
    const Annotation& body = annotation.stored.body;
    if (std::holds_alternative<MaskTarget>(body.target)) return {};  // in add_masks
    if (const auto* region = std::get_if<RegionTarget>(&body.target)) {
      const auto image = CSL_TRY(image_of(work_, *region));
      if (!image) {
        work_.exclude("its image is not there any more");
        return {};
      }
      SrGroup group = group_for(work_, annotation);
      group.measurements = measurements_of(*region, *image);
      add_statistics(group, annotation);
      // A length stands on its line; a region is a place of its own.
      if (region->kind == GeometryKind::Length) {
        group.place = SrWholeImages{{image->reference}};
      } else {
        group.place = SrRegion{image->reference, graphic_of(region->kind), outline_of(*region)};
      }
      evidence_[image->series_uid].push_back(image->reference);
      report_.groups.push_back(std::move(group));
    } else if (body.question) {
      const QuestionSpec* question = annotation.protocol->protocol.question(*body.question);
      const bool of_item = std::holds_alternative<WholeTarget>(body.target);
      add_answer(of_item ? report_.evaluations : CSL_TRY(part_group(body.target))->evaluations,
                 question != nullptr ? code_for(question->coded, question->id, question->name)
                                     : code_for(std::nullopt, *body.question, ""),
                 question != nullptr ? &question->answer : nullptr, body.value);
    } else {
      SrGroup group = group_for(work_, annotation);
      if (const auto* space = std::get_if<SpaceTarget>(&body.target)) {
        CSL_TRY(add_space(group, *space));
        add_statistics(group, annotation);
      }
      if (const auto* text = std::get_if<std::string>(&body.value);
          text != nullptr && is_reserved_value(*text)) {
        group.evaluations.push_back({code_for(std::nullopt, "presence", "Presence"), *text});
      }
      report_.groups.push_back(std::move(group));
    }
    ++count_;
    return {};
  }

  // In the frame of reference of its series' images, all of which the report then refers to.
  Status add_space(SrGroup& group, const SpaceTarget& space) {
    const storage::SeriesRow series = CSL_TRY(storage::find_series(work_.reader, space.series_id));
    const json::value volumes = CSL_TRY(parse_json(series.volumes_json));
    std::string frame;
    if (const json::array* list = volumes.if_array(); list != nullptr && !list->empty()) {
      const Grid grid =
          CSL_TRY(read_grid(work_.reader, std::string(list->front().at("grid_id").as_string())));
      frame = work_.mapped_uid(grid.frame_of_reference_uid);
    }
    group.measurements = space_measurements(space, frame);
    if (frame.empty()) {
      work_.exclude("the place of a drawing in space: its images are not there any more");
      return {};
    }
    put_space_place(group, space, frame, work_.mapped_uid(series.series_uid));
    std::string last;
    for (const FrameTarget& image : CSL_TRY(frames_of(series))) {
      if (std::exchange(last, image.instance_uid) == image.instance_uid) continue;
      CSL_TRY(refer_to(image.series_id, image.instance_uid, 0));
    }
    return {};
  }

  static void add_statistics(SrGroup& group, const ExportedAnnotation& annotation) {
    for (SrMeasurement& measurement : sr_statistics(annotation.stored.body)) {
      group.measurements.push_back(std::move(measurement));
    }
  }

  // Answers about one patient, study, series, instance or frame stand in one group (TID 1501) that
  // names its level and refers to the images; of patient and study to none: they are all of it.
  Result<SrGroup*> part_group(const Target& target) {
    const std::string level(name_of(place_kind(target)));
    const auto [at, is_new] = part_groups_.try_emplace({level, part_key(target)});
    if (!is_new) return &at->second;
    SrGroup& group = at->second;
    SrWholeImages images;
    if (const auto* series = std::get_if<SeriesTarget>(&target)) {
      const auto row = CSL_TRY(storage::find_series(work_.reader, series->series_id));
      std::string last;
      for (const FrameTarget& frame : CSL_TRY(frames_of(row))) {
        if (std::exchange(last, frame.instance_uid) == frame.instance_uid) continue;
        images.images.push_back(CSL_TRY(refer_to(frame.series_id, frame.instance_uid, 0)));
      }
    } else if (const auto* instance = std::get_if<InstanceTarget>(&target)) {
      images.images.push_back(CSL_TRY(refer_to(instance->series_id, instance->instance_uid, 0)));
    } else if (const auto* frame = std::get_if<FrameTarget>(&target)) {
      images.images.push_back(CSL_TRY(refer_to(frame->series_id, frame->instance_uid,
                                               static_cast<int>(frame->frame_index) + 1)));
    }
    group.place = std::move(images);
    group.tracking_id = level + " of " + ExportWork::name_of_item(one_.item);
    group.tracking_uid = work_.mapped_uid("answers on " + level + " " + part_key(target) + " of " +
                                          to_string(one_.item.id) + " by " + to_string(rater_.id));
    CodedConcept name = code_for(std::nullopt, level, level);
    name.display.front() = static_cast<char>(name.display.front() - 'a' + 'A');
    group.evaluations.push_back({code_for(std::nullopt, "level", "Level"), std::move(name)});
    return &group;
  }

  // An image among the evidence. `frame_number` counts from 1; 0 is all of it, as is the only frame
  // of an image that has one.
  Result<ImageReference> refer_to(const SeriesId& series, const std::string& uid,
                                  int frame_number) {
    const auto instance = CSL_TRY(storage::instance_of_uid(work_.reader, uid));
    if (!instance) return fail(ErrorCode::NotFound, "its image is not there any more");
    const std::string series_uid =
        work_.mapped_uid(CSL_TRY(storage::find_series(work_.reader, series)).series_uid);
    ImageReference whole{instance->sop_class_uid, work_.mapped_uid(uid), 0};
    std::vector<ImageReference>& evidence = evidence_[series_uid];
    if (std::ranges::find(evidence, whole) == evidence.end()) evidence.push_back(whole);
    if (instance->frame_count > 1) whole.frame_number = frame_number;
    return whole;
  }

  ExportWork& work_;
  const ExportCase& one_;
  RaterRef rater_;
  std::optional<ReportPart> part_;  // none: all of it
  std::vector<ExportedAnnotation> annotations_;
  MeasurementReport report_;
  std::map<std::pair<std::string, std::string>, SrGroup> part_groups_;  // by level and part
  std::map<std::string, std::vector<ImageReference>> evidence_;
  std::int64_t count_ = 0;
};

// The drawings of one rater on one item: a state for each series and size of image.
class DrawingMaker {
 public:
  DrawingMaker(ExportWork& work, const ExportCase& one, const RaterRef& rater)
      : work_(work), one_(one), rater_(rater) {}

  Status add(const ExportedAnnotation& annotation) {
    const auto* region = std::get_if<RegionTarget>(&annotation.stored.body.target);
    if (region == nullptr) {
      work_.exclude(std::string(std::holds_alternative<SpaceTarget>(annotation.stored.body.target)
                                    ? drawn_in_space
                                    : "not drawn on one image"));
      return {};
    }
    const auto image = CSL_TRY(image_of(work_, *region));
    if (!image) {
      work_.exclude("its image is not there any more");
      return {};
    }
    const std::string label = label_of(annotation);
    PresentationState& state = states_[image->series_uid + " " + std::to_string(image->rows) + "x" +
                                       std::to_string(image->columns)];
    if (state.images.empty()) begin(state, *image, annotation);
    if (std::ranges::find(state.layers, label, &GspsLayer::name) == state.layers.end()) {
      const LabelSpec* spec = annotation.protocol->protocol.label(label);
      state.layers.push_back({label, colour_of(spec != nullptr ? spec->colour : "")});
    }
    auto drawn = std::ranges::find(state.images, image->reference, &GspsImage::image);
    if (drawn == state.images.end()) {
      state.images.push_back({image->reference, image->rows, image->columns, {}});
      drawn = state.images.end() - 1;
    }
    const GspsGraphic graphic = region->kind == GeometryKind::Point     ? GspsGraphic::Point
                                : region->kind == GeometryKind::Ellipse ? GspsGraphic::Ellipse
                                                                        : GspsGraphic::Polyline;
    drawn->shapes.push_back({graphic, outline_of(*region), label, label});
    ++work_.annotation_count;
    return {};
  }

  Status finish() {
    std::size_t number = 0;
    for (auto& [key, state] : states_) {
      const Bytes bytes = CSL_TRY(write_presentation_state(state));
      CSL_TRY(work_.sink(work_.rater_pseudonym(rater_.id) + "/" +
                             ExportWork::name_of_item(one_.item) + "_drawings_" +
                             std::to_string(++number) + ".dcm",
                         bytes));
    }
    return {};
  }

 private:
  void begin(PresentationState& state, const RegionImage& image,
             const ExportedAnnotation& annotation) {
    const auto study = parse_id<StudyId>(one_.item.source_id);
    const auto row = study ? storage::find_study(work_.reader, *study)
                           : Result<storage::StudyRow>(std::unexpected(study.error()));
    static_cast<DerivedObject&>(state) =
        derived_object(work_, one_, row ? row->study_uid : std::string(), rater_, annotation,
                       "drawings " + image.series_uid);
    state.source_series_instance_uid = image.series_uid;
    state.rescale = image.rescale;
    if (image.unit == "[hnsf'U]") state.rescale_type = "HU";
    const auto& windows = annotation.protocol->protocol.view.windows;
    if (!windows.empty() && windows.front().width >= 1) {
      state.window = GspsWindow{windows.front().center, windows.front().width};
    }
  }

  ExportWork& work_;
  const ExportCase& one_;
  RaterRef rater_;
  std::map<std::string, PresentationState> states_;
};

}  // namespace

namespace {

Status write_reports(ExportWork& work, const std::vector<ExportCase>& cases,
                     std::optional<ReportPart> part) {
  for (const ExportCase& one : cases) {
    for (const RaterRef& rater : one.raters()) CSL_TRY(ReportMaker(work, one, rater, part).make());
  }
  return {};
}

}  // namespace

Status export_reports(ExportWork& work, const std::vector<ExportCase>& cases) {
  return write_reports(work, cases, std::nullopt);
}

Status export_report_part(ExportWork& work, const std::vector<ExportCase>& cases, ReportPart part) {
  return write_reports(work, cases, part);
}

Status export_drawings(ExportWork& work, const std::vector<ExportCase>& cases) {
  for (const ExportCase& one : cases) {
    for (const RaterRef& rater : one.raters()) {
      DrawingMaker maker(work, one, rater);
      for (const ExportedAnnotation& annotation : one.of_rater(rater.id)) {
        CSL_TRY(maker.add(annotation));
      }
      CSL_TRY(maker.finish());
    }
  }
  return {};
}

}  // namespace consilium::service
