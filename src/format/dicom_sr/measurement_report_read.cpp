#include <algorithm>
#include <cmath>
#include <set>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/read_code.hpp"
#include "format/dicom_sr/measurement_report.hpp"
#include "format/dicom_sr/sr_codes.hpp"

namespace consilium {
namespace {

std::unexpected<Error> corrupt(std::string what, const std::string& group) {
  return fail(ErrorCode::Corrupt, std::move(what), group,
              "export it anew with the program that made it");
}

CodedConcept name_of(const DicomDataset& item) {
  return first_code(item, tags::concept_name_code_sequence).value_or(CodedConcept{});
}
bool is_named(const DicomDataset& item, const sr::Code& name) { return name.is(name_of(item)); }
bool has_type(const DicomDataset& item, std::string_view type) {
  return item.ascii(sr::value_type) == type;
}

const DicomDataset* child(const DicomDataset& parent, const sr::Code& name) {
  for (const DicomDataset& item : parent.items(sr::content_sequence)) {
    if (is_named(item, name)) return &item;
  }
  return nullptr;
}

ImageReference reference_in(const DicomDataset& item) {
  ImageReference image;
  if (const DicomDataset* sop = item.item(sr::referenced_sop_sequence)) {
    image.sop_class_uid = sop->ascii(tags::referenced_sop_class_uid);
    image.sop_instance_uid = sop->ascii(tags::referenced_sop_instance_uid);
    image.frame_number = static_cast<int>(sop->integer(tags::referenced_frame_number).value_or(0));
  }
  return image;
}

std::optional<SrGraphic> graphic_named(std::string_view term) {
  if (term == "POINT") return SrGraphic::Point;
  if (term == "MULTIPOINT") return SrGraphic::Multipoint;
  if (term == "POLYLINE") return SrGraphic::Polyline;
  if (term == "CIRCLE") return SrGraphic::Circle;
  if (term == "ELLIPSE") return SrGraphic::Ellipse;
  return std::nullopt;
}

Result<SrRegion> region_of(const DicomDataset& item, const std::string& group) {
  const auto graphic = graphic_named(item.ascii(sr::graphic_type));
  const std::vector<double> data = item.numbers(sr::graphic_data);
  if (!graphic || data.empty() || data.size() % 2 != 0) {
    return corrupt("a region's numbers are no points of its kind", group);
  }
  SrRegion region{.image = {}, .graphic = *graphic, .points = {}};
  for (std::size_t n = 0; n < data.size(); n += 2) {
    region.points.push_back({data[n] - 0.5, data[n + 1] - 0.5});
  }
  for (const DicomDataset& inner : item.items(sr::content_sequence)) {
    if (has_type(inner, "IMAGE")) region.image = reference_in(inner);
  }
  return region;
}

std::optional<SrSpaceGraphic> space_graphic_named(std::string_view term) {
  if (term == "POINT") return SrSpaceGraphic::Point;
  if (term == "MULTIPOINT") return SrSpaceGraphic::Multipoint;
  if (term == "POLYLINE") return SrSpaceGraphic::Polyline;
  if (term == "POLYGON") return SrSpaceGraphic::Polygon;
  if (term == "ELLIPSE") return SrSpaceGraphic::Ellipse;
  if (term == "ELLIPSOID") return SrSpaceGraphic::Ellipsoid;
  return std::nullopt;
}

Result<SrSpaceRegion> space_of(const DicomDataset& item, const std::string& group) {
  const auto graphic = space_graphic_named(item.ascii(sr::graphic_type));
  const std::vector<double> data = item.numbers(sr::graphic_data);
  const bool are_numbers = std::ranges::all_of(data, [](double v) { return std::isfinite(v); });
  if (!graphic || data.empty() || data.size() % 3 != 0 || !are_numbers) {
    return corrupt("a region's numbers are no points of its kind in space", group);
  }
  SrSpaceRegion region{
      .frame_of_reference_uid = std::string(item.ascii(sr::referenced_frame_of_reference)),
      .graphic = *graphic,
      .points = {}};
  for (std::size_t n = 0; n < data.size(); n += 3) {
    region.points.push_back({.x_mm = data[n], .y_mm = data[n + 1], .z_mm = data[n + 2]});
  }
  return region;
}

Result<SrMeasurement> measurement_of(const DicomDataset& item, const std::string& group) {
  const DicomDataset* value = item.item(sr::measured_value_sequence);
  const auto number = value != nullptr ? value->number(sr::numeric_value) : std::nullopt;
  if (!number) return corrupt("a measurement has no number", group);
  SrMeasurement measurement{
      .name = name_of(item),
      .value = *number,
      .unit = first_code(*value, tags::measurement_units_code_sequence).value_or(CodedConcept{})};
  for (const DicomDataset& inner : item.items(sr::content_sequence)) {
    if (is_named(inner, sr::derivation)) {
      measurement.derivation = first_code(inner, sr::concept_code_sequence);
    } else if (has_type(inner, "SCOORD")) {
      measurement.inferred_from = CSL_TRY(region_of(inner, group));
    } else if (has_type(inner, "SCOORD3D")) {
      measurement.inferred_from_space = CSL_TRY(space_of(inner, group));
    }
  }
  return measurement;
}

class GroupReader {
 public:
  GroupReader(ReadMeasurementReport& report, std::size_t number)
      : report_(report), where_("measurement group " + std::to_string(number)) {}

  Result<SrGroup> read(const DicomDataset& container) {
    for (const DicomDataset& item : container.items(sr::content_sequence)) CSL_TRY(take(item));
    return std::move(group_);
  }

 private:
  Status take(const DicomDataset& item) {
    if (has_type(item, "NUM")) {
      // Without a value an item says only why there is none.
      if (item.item(sr::measured_value_sequence) != nullptr) {
        group_.measurements.push_back(CSL_TRY(measurement_of(item, where_)));
      }
    } else if (has_type(item, "CODE")) {
      take_code(item);
    } else if (has_type(item, "SCOORD")) {
      return take_region(item);
    } else if (has_type(item, "SCOORD3D")) {
      return take_space(item);
    } else if (has_type(item, "IMAGE")) {
      take_image(item);
    } else if (has_type(item, "TEXT")) {
      take_text(item);
    } else if (is_named(item, sr::tracking_uid)) {
      group_.tracking_uid = item.ascii(sr::uid_value);
    } else if (is_named(item, sr::source_series)) {
      if (auto* surface = std::get_if<SrVolumeSurface>(&group_.place)) {
        surface->source_series_uid = item.ascii(sr::uid_value);
      } else if (auto* segment = std::get_if<SrSegmentReference>(&group_.place)) {
        segment->source_series_uid = item.ascii(sr::uid_value);
      } else {
        source_series_ = item.ascii(sr::uid_value);
      }
    } else {
      report_.notes.push_back(where_ + ": an item of the kind " +
                              std::string(item.ascii(sr::value_type)) + " is not taken over");
    }
    return {};
  }

  void take_code(const DicomDataset& item) {
    const auto value = first_code(item, sr::concept_code_sequence);
    if (!value) return;
    if (is_named(item, sr::finding_category)) {
      group_.category = value;
    } else if (is_named(item, sr::finding)) {
      group_.finding = value;
    } else if (is_named(item, sr::finding_site)) {
      group_.site = value;
    } else {
      group_.evaluations.push_back({name_of(item), *value});
    }
  }

  void take_text(const DicomDataset& item) {
    if (is_named(item, sr::tracking_id)) {
      group_.tracking_id = item.text(sr::text_value);
    } else if (item.ascii(sr::relationship_type) == "CONTAINS") {
      group_.evaluations.push_back({name_of(item), item.text(sr::text_value)});
    }
  }

  Status take_region(const DicomDataset& item) {
    SrRegion region = CSL_TRY(region_of(item, where_));
    if (!std::holds_alternative<SrWholeImages>(group_.place)) return note_further_region();
    group_.place = std::move(region);
    return {};
  }

  Status take_space(const DicomDataset& item) {
    SrSpaceRegion region = CSL_TRY(space_of(item, where_));
    auto* surface = std::get_if<SrVolumeSurface>(&group_.place);
    if (is_named(item, sr::volume_surface) && surface != nullptr) {
      surface->parts.push_back(std::move(region));
    } else if (!std::holds_alternative<SrWholeImages>(group_.place)) {
      return note_further_region();
    } else if (is_named(item, sr::volume_surface)) {
      group_.place =
          SrVolumeSurface{.parts = {std::move(region)}, .source_series_uid = source_series_};
    } else {
      group_.place = std::move(region);
    }
    return {};
  }

  Status note_further_region() {
    report_.notes.push_back(where_ + ": only the first of its regions is taken over");
    return {};
  }

  void take_image(const DicomDataset& item) {
    const DicomDataset* sop = item.item(sr::referenced_sop_sequence);
    const auto number =
        sop != nullptr ? sop->integer(tags::referenced_segment_number) : std::nullopt;
    ImageReference image = reference_in(item);
    if (number || is_named(item, sr::referenced_segment)) {
      group_.place = SrSegmentReference{.sop_class_uid = image.sop_class_uid,
                                        .sop_instance_uid = image.sop_instance_uid,
                                        .segment_number = static_cast<int>(number.value_or(1)),
                                        .source_series_uid = source_series_};
    } else if (auto* whole = std::get_if<SrWholeImages>(&group_.place)) {
      whole->images.push_back(std::move(image));
    }
  }

  ReadMeasurementReport& report_;
  std::string where_;
  std::string source_series_;
  SrGroup group_;
};

void read_observer(const DicomDataset& dataset, ReadMeasurementReport& report) {
  const auto text = [&](const sr::Code& name) {
    const DicomDataset* item = child(dataset, name);
    return item != nullptr ? item->text(sr::text_value) : std::string();
  };
  if (const DicomDataset* person = child(dataset, sr::person_observer)) {
    report.person = person->text(sr::person_name_value);
  }
  if (const DicomDataset* uid = child(dataset, sr::device_uid)) {
    report.device = SrDevice{.uid = std::string(uid->ascii(sr::uid_value)),
                             .name = text(sr::device_name),
                             .manufacturer = text(sr::device_manufacturer),
                             .model = text(sr::device_model)};
  }
}

void read_evidence(const DicomDataset& dataset, ReadMeasurementReport& report) {
  std::set<std::string> known;
  for (const DicomDataset& study : dataset.items(sr::evidence_sequence)) {
    for (const DicomDataset& series : study.items(tags::referenced_series_sequence)) {
      for (const DicomDataset& sop : series.items(sr::referenced_sop_sequence)) {
        std::string uid(sop.ascii(tags::referenced_sop_instance_uid));
        if (known.insert(uid).second) report.source_instance_uids.push_back(std::move(uid));
      }
    }
  }
}

}  // namespace

Result<ReadMeasurementReport> read_measurement_report(const DicomFile& file) {
  const DicomDataset& dataset = file.dataset;
  if (!dataset.has(sr::content_sequence) || !is_named(dataset, sr::measurement_report)) {
    return fail(ErrorCode::Unsupported, "this is no imaging measurement report (TID 1500)",
                "(0040,A043)", "give a report of template 1500");
  }
  ReadMeasurementReport report;
  report.sop_instance_uid = dataset.ascii(tags::sop_instance_uid);
  report.study_instance_uid = dataset.ascii(tags::study_instance_uid);
  report.manufacturer = dataset.text(tags::manufacturer);
  report.model = dataset.text(tags::manufacturer_model_name);
  report.software_version = dataset.text(tags::software_versions);
  read_observer(dataset, report);
  read_evidence(dataset, report);
  std::size_t number = 0;
  for (const DicomDataset& part : dataset.items(sr::content_sequence)) {
    if (is_named(part, sr::imaging_measurements)) {
      for (const DicomDataset& group : part.items(sr::content_sequence)) {
        if (!is_named(group, sr::measurement_group)) continue;
        report.groups.push_back(CSL_TRY(GroupReader(report, ++number).read(group)));
      }
    } else if (is_named(part, sr::qualitative_evaluations)) {
      for (const DicomDataset& item : part.items(sr::content_sequence)) {
        if (has_type(item, "TEXT")) {
          report.evaluations.push_back({name_of(item), item.text(sr::text_value)});
        } else if (const auto code = first_code(item, sr::concept_code_sequence)) {
          report.evaluations.push_back({name_of(item), *code});
        }
      }
    }
  }
  return report;
}

}  // namespace consilium
