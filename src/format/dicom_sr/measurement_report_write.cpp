#include <cmath>
#include <set>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_sr/measurement_report.hpp"
#include "format/dicom_sr/sr_codes.hpp"
#include "format/dicom_write/part10.hpp"

namespace consilium {
namespace {

constexpr std::string_view comprehensive_3d_sr = "1.2.840.10008.5.1.4.1.1.88.34";

DicomDataset content_item(std::string_view relationship, std::string_view type,
                          const CodedConcept& name) {
  DicomDataset item;
  if (!relationship.empty()) item.put_text(sr::relationship_type, Vr::Cs, relationship);
  item.put_text(sr::value_type, Vr::Cs, type);
  item.put_items(tags::concept_name_code_sequence, {code_item(name)});
  return item;
}
DicomDataset content_item(std::string_view relationship, std::string_view type,
                          const sr::Code& name) {
  return content_item(relationship, type, name.value());
}

DicomDataset code_value(std::string_view relationship, const CodedConcept& name,
                        const CodedConcept& value) {
  DicomDataset item = content_item(relationship, "CODE", name);
  item.put_items(sr::concept_code_sequence, {code_item(value)});
  return item;
}

DicomDataset text_item(std::string_view relationship, const CodedConcept& name,
                       std::string_view text) {
  DicomDataset item = content_item(relationship, "TEXT", name);
  item.put_text(sr::text_value, Vr::Ut, text);
  return item;
}

DicomDataset uid_item(std::string_view relationship, const sr::Code& name, std::string_view uid) {
  DicomDataset item = content_item(relationship, "UIDREF", name);
  item.put_text(sr::uid_value, Vr::Ui, uid);
  return item;
}

DicomDataset container(std::string_view relationship, const sr::Code& name,
                       std::string_view template_id, std::vector<DicomDataset> content) {
  DicomDataset item = content_item(relationship, "CONTAINER", name);
  item.put_text(sr::continuity_of_content, Vr::Cs, "SEPARATE");
  if (!template_id.empty()) {
    DicomDataset named;
    named.put_text(sr::mapping_resource, Vr::Cs, "DCMR");
    named.put_text(sr::template_identifier, Vr::Cs, template_id);
    item.put_items(sr::content_template_sequence, {named});
  }
  if (!content.empty()) item.put_items(sr::content_sequence, std::move(content));
  return item;
}

std::string_view graphic_term(SrGraphic graphic) {
  switch (graphic) {
    case SrGraphic::Point:
      return "POINT";
    case SrGraphic::Multipoint:
      return "MULTIPOINT";
    case SrGraphic::Polyline:
      return "POLYLINE";
    case SrGraphic::Circle:
      return "CIRCLE";
    case SrGraphic::Ellipse:
      return "ELLIPSE";
  }
  return "";
}

DicomDataset region_item(std::string_view relationship, const sr::Code& name,
                         const SrRegion& region) {
  DicomDataset item = content_item(relationship, "SCOORD", name);
  std::vector<double> data;
  for (const ImagePoint& point : region.points) {
    data.insert(data.end(), {point.x + 0.5, point.y + 0.5});
  }
  item.put_numbers(sr::graphic_data, Vr::Fl, data);
  item.put_text(sr::graphic_type, Vr::Cs, graphic_term(region.graphic));
  DicomDataset image;
  image.put_text(sr::relationship_type, Vr::Cs, "SELECTED FROM");
  image.put_text(sr::value_type, Vr::Cs, "IMAGE");
  image.put_items(sr::referenced_sop_sequence, {reference_item(region.image)});
  item.put_items(sr::content_sequence, {image});
  return item;
}

std::string_view graphic_term(SrSpaceGraphic graphic) {
  switch (graphic) {
    case SrSpaceGraphic::Point:
      return "POINT";
    case SrSpaceGraphic::Multipoint:
      return "MULTIPOINT";
    case SrSpaceGraphic::Polyline:
      return "POLYLINE";
    case SrSpaceGraphic::Polygon:
      return "POLYGON";
    case SrSpaceGraphic::Ellipse:
      return "ELLIPSE";
    case SrSpaceGraphic::Ellipsoid:
      return "ELLIPSOID";
  }
  return "";
}

DicomDataset space_item(std::string_view relationship, const sr::Code& name,
                        const SrSpaceRegion& region) {
  DicomDataset item = content_item(relationship, "SCOORD3D", name);
  std::vector<double> data;
  for (const PatientPoint& point : region.points) {
    data.insert(data.end(), {point.x_mm, point.y_mm, point.z_mm});
  }
  item.put_text(sr::referenced_frame_of_reference, Vr::Ui, region.frame_of_reference_uid);
  item.put_numbers(sr::graphic_data, Vr::Fl, data);
  item.put_text(sr::graphic_type, Vr::Cs, graphic_term(region.graphic));
  return item;
}

DicomDataset measurement_item(const SrMeasurement& measurement) {
  DicomDataset item = content_item("CONTAINS", "NUM", measurement.name);
  DicomDataset value;
  put_number(value, sr::numeric_value, Vr::Ds, measurement.value);
  value.put_items(tags::measurement_units_code_sequence, {code_item(measurement.unit)});
  item.put_items(sr::measured_value_sequence, {value});
  std::vector<DicomDataset> content;
  if (measurement.derivation) {
    content.push_back(
        code_value("HAS CONCEPT MOD", sr::derivation.value(), *measurement.derivation));
  }
  if (measurement.inferred_from) {
    content.push_back(region_item("INFERRED FROM", sr::source, *measurement.inferred_from));
  }
  if (measurement.inferred_from_space) {
    content.push_back(space_item("INFERRED FROM", sr::source, *measurement.inferred_from_space));
  }
  if (!content.empty()) item.put_items(sr::content_sequence, std::move(content));
  return item;
}

DicomDataset evaluation_item(const SrEvaluation& evaluation) {
  if (const auto* code = std::get_if<CodedConcept>(&evaluation.value)) {
    return code_value("CONTAINS", evaluation.name, *code);
  }
  return text_item("CONTAINS", evaluation.name, std::get<std::string>(evaluation.value));
}

void append_place(std::vector<DicomDataset>& content, const SrGroup& group) {
  if (const auto* region = std::get_if<SrRegion>(&group.place)) {
    content.push_back(region_item("CONTAINS", sr::image_region, *region));
  } else if (const auto* segment = std::get_if<SrSegmentReference>(&group.place)) {
    DicomDataset item = content_item("CONTAINS", "IMAGE", sr::referenced_segment);
    DicomDataset sop = reference_item({segment->sop_class_uid, segment->sop_instance_uid, 0});
    put_integer(sop, tags::referenced_segment_number, Vr::Us, segment->segment_number);
    item.put_items(sr::referenced_sop_sequence, {std::move(sop)});
    content.push_back(std::move(item));
    content.push_back(uid_item("CONTAINS", sr::source_series, segment->source_series_uid));
  } else if (const auto* space = std::get_if<SrSpaceRegion>(&group.place)) {
    content.push_back(space_item("CONTAINS", sr::image_region, *space));
  } else if (const auto* surface = std::get_if<SrVolumeSurface>(&group.place)) {
    for (const SrSpaceRegion& part : surface->parts) {
      content.push_back(space_item("CONTAINS", sr::volume_surface, part));
    }
    content.push_back(uid_item("CONTAINS", sr::source_series, surface->source_series_uid));
  } else {
    for (const ImageReference& image : std::get<SrWholeImages>(group.place).images) {
      DicomDataset item = content_item("CONTAINS", "IMAGE", sr::source_of_measurement);
      item.put_items(sr::referenced_sop_sequence, {reference_item(image)});
      content.push_back(std::move(item));
    }
  }
}

std::string_view template_of(const SrGroup& group) {
  if (std::holds_alternative<SrWholeImages>(group.place)) return "1501";
  const bool is_planar = std::holds_alternative<SrRegion>(group.place) ||
                         std::holds_alternative<SrSpaceRegion>(group.place);
  return is_planar ? "1410" : "1411";
}

DicomDataset group_item(const SrGroup& group) {
  std::vector<DicomDataset> content;
  content.push_back(text_item("HAS OBS CONTEXT", sr::tracking_id.value(), group.tracking_id));
  content.push_back(uid_item("HAS OBS CONTEXT", sr::tracking_uid, group.tracking_uid));
  if (group.category) {
    content.push_back(code_value("CONTAINS", sr::finding_category.value(), *group.category));
  }
  if (group.finding) {
    content.push_back(code_value("CONTAINS", sr::finding.value(), *group.finding));
  }
  if (group.site) {
    content.push_back(code_value("HAS CONCEPT MOD", sr::finding_site.value(), *group.site));
  }
  append_place(content, group);
  for (const SrMeasurement& measurement : group.measurements) {
    content.push_back(measurement_item(measurement));
  }
  for (const SrEvaluation& evaluation : group.evaluations) {
    content.push_back(evaluation_item(evaluation));
  }
  return container("CONTAINS", sr::measurement_group, template_of(group), std::move(content));
}

std::vector<DicomDataset> observer_items(const MeasurementReport& report) {
  std::vector<DicomDataset> items;
  const auto observer = [&](const sr::Code& kind) {
    items.push_back(code_value("HAS OBS CONTEXT", sr::observer_type.value(), kind.value()));
  };
  if (!report.device) {
    observer(sr::person);
    DicomDataset name = content_item("HAS OBS CONTEXT", "PNAME", sr::person_observer);
    name.put_text(sr::person_name_value, Vr::Pn, person_name(report.content_creator));
    items.push_back(std::move(name));
    return items;
  }
  observer(sr::device);
  items.push_back(uid_item("HAS OBS CONTEXT", sr::device_uid, report.device->uid));
  const auto named = [&](const sr::Code& name, const std::string& text) {
    if (!text.empty()) items.push_back(text_item("HAS OBS CONTEXT", name.value(), text));
  };
  named(sr::device_name, report.device->name);
  named(sr::device_manufacturer, report.device->manufacturer);
  named(sr::device_model, report.device->model);
  return items;
}

void put_evidence(DicomDataset& dataset, const MeasurementReport& report) {
  std::vector<DicomDataset> all_series;
  for (const SrEvidence& evidence : report.evidence) {
    if (evidence.instances.empty()) continue;
    DicomDataset series;
    series.put_text(tags::series_instance_uid, Vr::Ui, evidence.series_instance_uid);
    series.put_items(sr::referenced_sop_sequence, instance_items(evidence.instances));
    all_series.push_back(std::move(series));
  }
  if (all_series.empty()) return;
  DicomDataset study;
  study.put_text(tags::study_instance_uid, Vr::Ui, report.patient_study.study_instance_uid);
  study.put_items(tags::referenced_series_sequence, std::move(all_series));
  dataset.put_items(sr::evidence_sequence, {std::move(study)});
}

Status refuse(std::string what) { return fail(ErrorCode::InvalidInput, std::move(what)); }

bool is_complete(const CodedConcept& code) {
  return !code.system.empty() && !code.code.empty() && !code.display.empty();
}

Status check_region(const SrRegion& region, const std::set<std::string>& known) {
  const std::size_t count = region.points.size();
  const bool fits = region.graphic == SrGraphic::Point      ? count == 1
                    : region.graphic == SrGraphic::Circle   ? count == 2
                    : region.graphic == SrGraphic::Ellipse  ? count == 4
                    : region.graphic == SrGraphic::Polyline ? count >= 2
                                                            : count >= 1;
  if (!fits) return refuse("a region has not the points of its kind");
  if (!known.contains(region.image.sop_instance_uid)) {
    return refuse("a region's image is not among the evidence");
  }
  return {};
}

Status check_space(const SrSpaceRegion& region) {
  const std::size_t count = region.points.size();
  const auto fits = [&] {
    switch (region.graphic) {
      case SrSpaceGraphic::Point:
        return count == 1;
      case SrSpaceGraphic::Multipoint:
        return count >= 1;
      case SrSpaceGraphic::Polyline:
        return count >= 2;
      case SrSpaceGraphic::Polygon:
        return count >= 4 && region.points.front() == region.points.back();
      case SrSpaceGraphic::Ellipse:
        return count == 4;
      case SrSpaceGraphic::Ellipsoid:
        return count == 6;
    }
    return false;
  };
  if (!fits()) return refuse("a region in space has not the points of its kind");
  if (region.frame_of_reference_uid.empty()) {
    return refuse("a region in space names no frame of reference");
  }
  return {};
}

Status check_surface(const SrVolumeSurface& surface) {
  if (surface.parts.empty()) return refuse("a surface has no parts");
  const SrSpaceGraphic graphic = surface.parts.front().graphic;
  const bool is_whole = graphic == SrSpaceGraphic::Point || graphic == SrSpaceGraphic::Ellipsoid;
  const bool is_pieced = graphic == SrSpaceGraphic::Polygon || graphic == SrSpaceGraphic::Ellipse;
  if (!is_whole && !is_pieced) return refuse("a surface is made of another kind of region");
  if (is_whole != (surface.parts.size() == 1)) {
    return refuse("a surface is one ellipsoid, or several polygons");
  }
  if (surface.source_series_uid.empty()) return refuse("a surface names no series");
  for (const SrSpaceRegion& part : surface.parts) {
    if (part.graphic != graphic) return refuse("a surface has parts of several kinds");
    CSL_TRY(check_space(part));
  }
  return {};
}

Status check_group(const SrGroup& group, const std::set<std::string>& known) {
  if (group.tracking_id.empty() || group.tracking_uid.empty()) {
    return refuse("a measurement group has no tracking id");
  }
  for (const auto& code : {group.category, group.finding, group.site}) {
    if (code && !is_complete(*code)) return refuse("a code of a finding lacks its meaning");
  }
  if (const auto* region = std::get_if<SrRegion>(&group.place)) {
    CSL_TRY(check_region(*region, known));
  }
  if (const auto* segment = std::get_if<SrSegmentReference>(&group.place)) {
    if (!known.contains(segment->sop_instance_uid)) {
      return refuse("a group's segmentation is not among the evidence");
    }
  }
  if (const auto* space = std::get_if<SrSpaceRegion>(&group.place)) {
    if (space->graphic == SrSpaceGraphic::Multipoint ||
        space->graphic == SrSpaceGraphic::Ellipsoid) {
      return refuse("a planar region is no ellipsoid and no cloud of points");
    }
    CSL_TRY(check_space(*space));
  }
  if (const auto* surface = std::get_if<SrVolumeSurface>(&group.place)) {
    CSL_TRY(check_surface(*surface));
  }
  for (const SrMeasurement& measurement : group.measurements) {
    if (!std::isfinite(measurement.value) || !is_complete(measurement.name) ||
        !is_complete(measurement.unit)) {
      return refuse("a measurement is not finite or lacks a code");
    }
    if (measurement.inferred_from) CSL_TRY(check_region(*measurement.inferred_from, known));
    if (measurement.inferred_from_space) CSL_TRY(check_space(*measurement.inferred_from_space));
  }
  return {};
}

Status check_evaluations(const std::vector<SrEvaluation>& evaluations) {
  for (const SrEvaluation& evaluation : evaluations) {
    const auto* code = std::get_if<CodedConcept>(&evaluation.value);
    const bool is_said =
        code != nullptr ? is_complete(*code) : !std::get<std::string>(evaluation.value).empty();
    if (!is_complete(evaluation.name) || !is_said) {
      return refuse("an answer lacks a code or its meaning");
    }
  }
  return {};
}

Status check(const MeasurementReport& report) {
  if (report.groups.empty() && report.evaluations.empty()) {
    return refuse("there is nothing to report");
  }
  std::set<std::string> known;
  for (const SrEvidence& evidence : report.evidence) {
    for (const ImageReference& image : evidence.instances) known.insert(image.sop_instance_uid);
  }
  for (const SrGroup& group : report.groups) {
    CSL_TRY(check_group(group, known));
    CSL_TRY(check_evaluations(group.evaluations));
  }
  return check_evaluations(report.evaluations);
}

}  // namespace

Result<Bytes> write_measurement_report(const MeasurementReport& report) {
  CSL_TRY(check(report));
  DicomDataset dataset;
  put_derived_object(dataset, report, comprehensive_3d_sr, "SR",
                     "Measurements by " + protocol_text(report));
  const DicomDateTime created = dicom_date_time(report.created_at);
  dataset.put_text(tags::content_date, Vr::Da, created.date);
  dataset.put_text(tags::content_time, Vr::Tm, created.time);
  dataset.put_text(sr::completion_flag, Vr::Cs, "COMPLETE");
  dataset.put_text(sr::verification_flag, Vr::Cs, "UNVERIFIED");
  dataset.put_items(sr::referenced_performed_procedure_step_sequence, {});
  dataset.put_items(sr::performed_procedure_code_sequence, {});
  put_evidence(dataset, report);

  std::vector<DicomDataset> content;
  content.push_back(code_value("HAS CONCEPT MOD", sr::language.value(), sr::english.value()));
  for (DicomDataset& item : observer_items(report)) content.push_back(std::move(item));
  content.push_back(
      code_value("HAS CONCEPT MOD", sr::procedure_reported.value(), sr::imaging_procedure.value()));
  content.push_back(container("CONTAINS", sr::image_library, "1600", {}));
  std::vector<DicomDataset> groups;
  for (const SrGroup& group : report.groups) groups.push_back(group_item(group));
  // The template wants measurements or evaluations; a container stands even when it is empty.
  content.push_back(container("CONTAINS", sr::imaging_measurements, "", std::move(groups)));
  if (!report.evaluations.empty()) {
    std::vector<DicomDataset> answers;
    for (const SrEvaluation& answer : report.evaluations) {
      answers.push_back(evaluation_item(answer));
    }
    content.push_back(container("CONTAINS", sr::qualitative_evaluations, "", std::move(answers)));
  }
  const DicomDataset root = container("", sr::measurement_report, "1500", std::move(content));
  for (const DicomElement& element : root.elements()) dataset.put(element);
  return write_part10(dataset);
}

}  // namespace consilium
