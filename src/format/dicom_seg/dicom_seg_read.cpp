#include "format/dicom_seg/dicom_seg_read.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/read_code.hpp"

namespace consilium {
namespace {

constexpr std::string_view segmentation_storage = "1.2.840.10008.5.1.4.1.1.66.4";
constexpr std::string_view label_map_storage = "1.2.840.10008.5.1.4.1.1.66.7";
constexpr DicomTag plane_position_slide_sequence = dicom_tag(0x0048021A);
constexpr DicomTag image_orientation_slide = dicom_tag(0x00480102);
constexpr std::int64_t frame_count_max = 1'000'000;

std::unexpected<Error> corrupt(std::string what, std::string where = {}) {
  return fail(ErrorCode::Corrupt, std::move(what), std::move(where),
              "export it anew with the program that made it");
}

std::string frame_name(std::size_t index) { return "frame " + std::to_string(index + 1); }

Result<SegForm> form_of(const DicomDataset& dataset) {
  const std::string_view type = dataset.ascii(tags::segmentation_type);
  if (type == "BINARY") return SegForm::Binary;
  if (type == "LABELMAP") return SegForm::LabelMap;
  if (type == "FRACTIONAL") {
    const bool is_occupancy = dataset.ascii(tags::segmentation_fractional_type) == "OCCUPANCY";
    return is_occupancy ? SegForm::Occupancy : SegForm::Probability;
  }
  return fail(ErrorCode::Unsupported, "its segmentation type is not one that is known",
              "(0062,0001)", "export it as BINARY, FRACTIONAL or LABELMAP");
}

Status refuse_slides(const DicomDataset& dataset) {
  const auto has_slide_position = [](const DicomDataset* group) {
    return group != nullptr && group->has(plane_position_slide_sequence);
  };
  const bool is_tiled =
      dataset.ascii(tags::dimension_organization_type).starts_with("TILED") ||
      dataset.has(image_orientation_slide) ||
      has_slide_position(dataset.item(tags::per_frame_functional_groups_sequence));
  if (!is_tiled) return {};
  return fail(ErrorCode::Unsupported, "this is a segmentation of a slide's tiles", "(0020,9311)",
              "only segmentations of slices in the patient are read");
}

SegAlgorithm algorithm_of(const DicomDataset& item) {
  const std::string_view type = item.ascii(tags::segment_algorithm_type);
  if (type == "AUTOMATIC") return SegAlgorithm::Automatic;
  return type == "SEMIAUTOMATIC" ? SegAlgorithm::Semiautomatic : SegAlgorithm::Manual;
}

ReadSegment segment_of(const DicomDataset& item) {
  ReadSegment segment;
  segment.number = static_cast<int>(item.integer(tags::segment_number).value_or(-1));
  SegSegment& facts = segment.facts;
  facts.label = item.text(tags::segment_label);
  facts.description = item.text(tags::segment_description);
  facts.category =
      first_code(item, tags::segmented_property_category_code_sequence).value_or(CodedConcept{});
  facts.type =
      first_code(item, tags::segmented_property_type_code_sequence).value_or(CodedConcept{});
  facts.anatomic_region = first_code(item, tags::anatomic_region_sequence);
  facts.algorithm = algorithm_of(item);
  facts.algorithm_name = item.text(tags::segment_algorithm_name);
  facts.tracking_id = item.text(tags::tracking_id);
  facts.tracking_uid = item.ascii(tags::tracking_uid);
  const auto lab = item.integers(tags::recommended_display_cie_lab_value);
  if (lab.size() == 3) {
    segment.has_colour = true;
    facts.colour =
        rgb_of_dicom_cielab({static_cast<std::uint16_t>(lab[0]), static_cast<std::uint16_t>(lab[1]),
                             static_cast<std::uint16_t>(lab[2])});
  }
  return segment;
}

Status read_segments(const DicomDataset& dataset, DicomSegmentation& seg) {
  std::set<int> numbers;
  for (const DicomDataset& item : dataset.items(tags::segment_sequence)) {
    ReadSegment segment = segment_of(item);
    const bool is_label_map = seg.form == SegForm::LabelMap;
    if (segment.number < (is_label_map ? 0 : 1) || segment.number > 0xFFFF ||
        !numbers.insert(segment.number).second) {
      return corrupt("a segment's number is missing, out of range or another's too", "(0062,0004)");
    }
    const bool is_background =
        is_label_map &&
        (segment.number == seg.background_value ||
         (segment.facts.type.system == "DCM" && segment.facts.type.code == "125040"));
    if (is_background) {
      seg.background_value = segment.number;
    } else {
      seg.segments.push_back(std::move(segment));
    }
  }
  if (seg.segments.empty()) return corrupt("it describes no segment", "(0062,0002)");
  return {};
}

// A functional group's macro: of the frame, else the one that all frames share.
const DicomDataset* macro_of(const DicomDataset* frame, const DicomDataset* shared, DicomTag tag) {
  const DicomDataset* found = frame != nullptr ? frame->item(tag) : nullptr;
  return found != nullptr || shared == nullptr ? found : shared->item(tag);
}

struct Plane {
  std::array<double, 6> orientation{};
  std::array<double, 2> spacing{};
};

Result<Plane> plane_of(const DicomDataset* group, const DicomDataset* shared,
                       DicomSegmentation& seg, std::size_t index) {
  const DicomDataset* orientation = macro_of(group, shared, tags::plane_orientation_sequence);
  const DicomDataset* measures = macro_of(group, shared, tags::pixel_measures_sequence);
  if (orientation == nullptr || measures == nullptr) {
    return corrupt("a frame says neither its direction nor its spacing", frame_name(index));
  }
  const auto cosines = orientation->numbers(tags::image_orientation_patient);
  const auto spacing = measures->numbers(tags::pixel_spacing);
  if (cosines.size() != 6 || spacing.size() != 2 || spacing[0] <= 0 || spacing[1] <= 0) {
    return corrupt("a frame's direction or spacing is no such", frame_name(index));
  }
  Plane plane;
  std::ranges::copy(cosines, plane.orientation.begin());
  std::ranges::copy(spacing, plane.spacing.begin());
  const Vector3 row{cosines[0], cosines[1], cosines[2]};
  const Vector3 column{cosines[3], cosines[4], cosines[5]};
  if (std::abs(length(row) - 1) > 1e-3 || std::abs(length(column) - 1) > 1e-3 ||
      std::abs(dot(row, column)) > 1e-3) {
    return corrupt("a frame's rows and columns are not at right angles", frame_name(index));
  }
  const auto thickness = measures->number(tags::slice_thickness);
  if (thickness && *thickness > 0) seg.slice_thickness_mm = *thickness;
  const auto between = measures->number(tags::spacing_between_slices);
  if (between && *between > 0) seg.slice_spacing_mm = between;
  return plane;
}

Result<ReadSegFrame> frame_of(const DicomDataset* group, const DicomDataset* shared,
                              const DicomSegmentation& seg, std::size_t index) {
  ReadSegFrame frame;
  const DicomDataset* place = macro_of(group, shared, tags::plane_position_sequence);
  const auto position =
      place != nullptr ? place->numbers(tags::image_position_patient) : std::vector<double>{};
  if (position.size() != 3) return corrupt("a frame does not say its place", frame_name(index));
  frame.position = {position[0], position[1], position[2]};
  if (seg.form != SegForm::LabelMap) {
    const DicomDataset* named = macro_of(group, shared, tags::segment_identification_sequence);
    const auto number =
        named != nullptr ? named->integer(tags::referenced_segment_number) : std::nullopt;
    const bool is_described = number && std::ranges::any_of(seg.segments, [&](const auto& segment) {
                                return segment.number == *number;
                              });
    if (!is_described) {
      return corrupt("a frame is of a segment that is not described", frame_name(index));
    }
    frame.segment_number = static_cast<int>(*number);
  }
  const DicomDataset* derivation = macro_of(group, shared, tags::derivation_image_sequence);
  const DicomDataset* source =
      derivation != nullptr ? derivation->item(tags::source_image_sequence) : nullptr;
  if (source != nullptr) {
    frame.source_instance_uid = source->ascii(tags::referenced_sop_instance_uid);
    frame.source_frame_number =
        static_cast<int>(source->integer(tags::referenced_frame_number).value_or(0));
  }
  return frame;
}

Status read_frames(const DicomDataset& dataset, DicomSegmentation& seg) {
  const auto count = dataset.integer(tags::number_of_frames).value_or(0);
  const auto groups = dataset.items(tags::per_frame_functional_groups_sequence);
  if (count < 1 || count > frame_count_max) {
    return corrupt("its count of frames is out of range", "(0028,0008)");
  }
  if (groups.size() != static_cast<std::size_t>(count)) {
    return corrupt("it does not describe each of its frames", "(5200,9230)");
  }
  const DicomDataset* shared = dataset.item(tags::shared_functional_groups_sequence);
  seg.frames.reserve(groups.size());
  for (std::size_t f = 0; f < groups.size(); ++f) {
    const Plane plane = CSL_TRY(plane_of(&groups[f], shared, seg, f));
    if (f == 0) {
      seg.orientation = plane.orientation;
      seg.spacing_mm = plane.spacing;
    }
    for (std::size_t i = 0; i < 6; ++i) {
      if (std::abs(plane.orientation[i] - seg.orientation[i]) > 1e-4) {
        return fail(ErrorCode::Unsupported, "its frames lie in different directions", frame_name(f),
                    "export each direction as an object of its own");
      }
    }
    seg.frames.push_back(CSL_TRY(frame_of(&groups[f], shared, seg, f)));
  }
  return {};
}

void read_references(const DicomDataset& dataset, DicomSegmentation& seg) {
  std::set<std::string> known;
  const auto add = [&](std::string uid) {
    if (!uid.empty() && known.insert(uid).second) {
      seg.source_instance_uids.push_back(std::move(uid));
    }
  };
  for (const DicomDataset& series : dataset.items(tags::referenced_series_sequence)) {
    if (seg.source_series_instance_uid.empty()) {
      seg.source_series_instance_uid = series.ascii(tags::series_instance_uid);
    }
    for (const DicomDataset& instance : series.items(tags::referenced_instance_sequence)) {
      add(std::string(instance.ascii(tags::referenced_sop_instance_uid)));
    }
  }
  for (const ReadSegFrame& frame : seg.frames) add(frame.source_instance_uid);
}

Status read_pixel_facts(const DicomDataset& dataset, DicomSegmentation& seg) {
  const auto number = [&](DicomTag tag) { return dataset.integer(tag).value_or(0); };
  const std::int64_t rows = number(tags::rows);
  const std::int64_t columns = number(tags::columns);
  if (rows < 1 || rows > 0xFFFF || columns < 1 || columns > 0xFFFF) {
    return corrupt("its rows or columns are out of range", "(0028,0010)");
  }
  seg.rows = static_cast<std::uint32_t>(rows);
  seg.columns = static_cast<std::uint32_t>(columns);
  seg.bits_allocated = static_cast<int>(number(tags::bits_allocated));
  const bool fits = seg.form == SegForm::Binary ? seg.bits_allocated == 1
                    : seg.form == SegForm::LabelMap
                        ? seg.bits_allocated == 8 || seg.bits_allocated == 16
                        : seg.bits_allocated == 8;
  if (!fits) return corrupt("its bits a pixel are not those of its type", "(0028,0100)");
  const auto maximum = dataset.integer(tags::maximum_fractional_value).value_or(255);
  if (maximum < 1 || maximum > 255) {
    return corrupt("its greatest fraction is out of range", "(0062,000E)");
  }
  seg.maximum_fractional_value = static_cast<int>(maximum);
  seg.background_value = static_cast<int>(dataset.integer(tags::pixel_padding_value).value_or(0));
  return {};
}

}  // namespace

Result<DicomSegmentation> read_dicom_seg(const DicomFile& file) {
  const DicomDataset& dataset = file.dataset;
  const std::string_view sop_class = dataset.ascii(tags::sop_class_uid);
  if (sop_class != segmentation_storage && sop_class != label_map_storage) {
    return fail(ErrorCode::Unsupported, "this is no DICOM segmentation", "(0008,0016)",
                "give a Segmentation or Label Map Segmentation object");
  }
  CSL_TRY(refuse_slides(dataset));
  DicomSegmentation seg;
  seg.form = CSL_TRY(form_of(dataset));
  seg.sop_instance_uid = dataset.ascii(tags::sop_instance_uid);
  seg.series_instance_uid = dataset.ascii(tags::series_instance_uid);
  seg.study_instance_uid = dataset.ascii(tags::study_instance_uid);
  seg.frame_of_reference_uid = dataset.ascii(tags::frame_of_reference_uid);
  seg.manufacturer = dataset.text(tags::manufacturer);
  seg.model = dataset.text(tags::manufacturer_model_name);
  seg.software_version = dataset.text(tags::software_versions);
  seg.content_creator = dataset.text(tags::content_creator_name);
  seg.series_description = dataset.text(tags::series_description);
  CSL_TRY(read_pixel_facts(dataset, seg));
  CSL_TRY(read_segments(dataset, seg));
  CSL_TRY(read_frames(dataset, seg));
  read_references(dataset, seg);
  return seg;
}

}  // namespace consilium
