#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "domain/image/contour.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom_rt/rt_structure.hpp"
#include "format/dicom_rt/rt_tags.hpp"
#include "format/dicom_write/part10.hpp"

namespace consilium {
namespace {

constexpr std::string_view structure_set_storage = "1.2.840.10008.5.1.4.1.1.481.3";
// Retired, and what the attribute still wants (PS3.3 C.8.8.5.2).
constexpr std::string_view study_management = "1.2.840.10008.3.1.2.3.1";

ImageReference reference_of(const SegSourceSlice& slice) {
  return {slice.sop_class_uid, slice.sop_instance_uid, slice.frame_number};
}

DicomDataset contour_item(const Ring& ring, std::uint32_t slice, std::size_t number,
                          const SegDescription& d, const Affine& affine) {
  std::vector<double> data;
  data.reserve(ring.size() * 3);
  for (const ImagePoint& point : ring) {
    const PatientPoint place = affine.apply(point.x, point.y, slice);
    data.insert(data.end(), {place.x_mm, place.y_mm, place.z_mm});
  }
  DicomDataset item;
  item.put_items(rt_tags::contour_image_sequence,
                 {reference_item(reference_of(d.source_slices[slice]))});
  item.put_text(rt_tags::contour_geometric_type, Vr::Cs, "CLOSED_PLANAR");
  put_integer(item, rt_tags::number_of_contour_points, Vr::Is,
              static_cast<std::int64_t>(ring.size()));
  put_integer(item, rt_tags::contour_number, Vr::Is, static_cast<std::int64_t>(number));
  item.put_numbers(rt_tags::contour_data, Vr::Ds, data);
  return item;
}

// The contours of every segment, slice by slice.
std::vector<std::vector<DicomDataset>> contours_of(const SegDescription& d,
                                                   std::span<const MaskLayer> layers,
                                                   std::span<const SegSegment> segments) {
  std::map<std::pair<std::size_t, std::uint16_t>, std::size_t> segment_at;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    segment_at[{segments[s].layer_index, segments[s].layer_value}] = s;
  }
  std::vector<std::vector<DicomDataset>> contours(segments.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Grid& grid = layers[l].grid;
    for (std::uint32_t k = 0; k < grid.dims[2]; ++k) {
      const std::vector<std::uint16_t> plane = slice_values(layers[l], k);
      for (const SliceLabel& label : labels_on(plane, grid.dims[0])) {
        const auto found = segment_at.find({l, label.value});
        if (found == segment_at.end()) continue;
        auto& items = contours[found->second];
        for (const Ring& ring : with_keyholes(rings_of(plane, grid.dims[0], label))) {
          items.push_back(contour_item(ring, k, items.size() + 1, d, grid.affine));
        }
      }
    }
  }
  return contours;
}

void put_frame_of_reference(DicomDataset& dataset, const SegDescription& d, const Grid& grid) {
  std::vector<ImageReference> images;
  for (const SegSourceSlice& slice : d.source_slices) images.push_back(reference_of(slice));
  DicomDataset series;
  series.put_text(tags::series_instance_uid, Vr::Ui, d.source_series_instance_uid);
  series.put_items(rt_tags::contour_image_sequence, instance_items(images));
  DicomDataset study;
  study.put_text(tags::referenced_sop_class_uid, Vr::Ui, study_management);
  study.put_text(tags::referenced_sop_instance_uid, Vr::Ui, d.patient_study.study_instance_uid);
  study.put_items(rt_tags::rt_referenced_series_sequence, {series});
  DicomDataset frame;
  frame.put_text(tags::frame_of_reference_uid, Vr::Ui, grid.frame_of_reference_uid);
  frame.put_items(rt_tags::rt_referenced_study_sequence, {study});
  dataset.put_items(rt_tags::referenced_frame_of_reference_sequence, {frame});
}

std::string_view algorithm_term(SegAlgorithm algorithm) {
  switch (algorithm) {
    case SegAlgorithm::Manual:
      return "MANUAL";
    case SegAlgorithm::Semiautomatic:
      return "SEMIAUTOMATIC";
    case SegAlgorithm::Automatic:
      return "AUTOMATIC";
  }
  return "";
}

DicomDataset roi_item(const SegSegment& segment, std::int64_t number, const Grid& grid) {
  DicomDataset roi;
  put_integer(roi, rt_tags::roi_number, Vr::Is, number);
  roi.put_text(rt_tags::referenced_frame_of_reference_uid, Vr::Ui, grid.frame_of_reference_uid);
  roi.put_text(rt_tags::roi_name, Vr::Lo, short_text(segment.label));
  if (!segment.description.empty()) {
    roi.put_text(rt_tags::roi_description, Vr::St, short_text(segment.description, 1024));
  }
  roi.put_text(rt_tags::roi_generation_algorithm, Vr::Cs, algorithm_term(segment.algorithm));
  if (segment.algorithm != SegAlgorithm::Manual) {
    roi.put_text(rt_tags::roi_generation_description, Vr::Lo, short_text(segment.algorithm_name));
  }
  return roi;
}

DicomDataset observation_item(const SegSegment& segment, std::int64_t number,
                              const SegDescription& d) {
  DicomDataset item;
  put_integer(item, rt_tags::observation_number, Vr::Is, number);
  put_integer(item, rt_tags::referenced_roi_number, Vr::Is, number);
  DicomDataset type = code_item(segment.type);
  type.put_items(tags::segmented_property_category_code_sequence, {code_item(segment.category)});
  item.put_items(rt_tags::rt_roi_identification_code_sequence, {std::move(type)});
  item.put_text(rt_tags::rt_roi_interpreted_type, Vr::Cs, "");
  item.put_text(rt_tags::roi_interpreter, Vr::Pn, person_name(d.content_creator));
  if (!segment.tracking_uid.empty()) {
    item.put_text(tags::tracking_id, Vr::Ut, segment.tracking_id);
    item.put_text(tags::tracking_uid, Vr::Ui, segment.tracking_uid);
  }
  return item;
}

void put_rois(DicomDataset& dataset, const SegDescription& d, const Grid& grid,
              std::span<const SegSegment> segments,
              std::vector<std::vector<DicomDataset>> contours) {
  std::vector<DicomDataset> rois;
  std::vector<DicomDataset> shapes;
  std::vector<DicomDataset> observations;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const auto number = static_cast<std::int64_t>(s) + 1;
    rois.push_back(roi_item(segments[s], number, grid));
    observations.push_back(observation_item(segments[s], number, d));
    DicomDataset shape;
    const RgbColour& c = segments[s].colour;
    shape.put_integers(rt_tags::roi_display_color, Vr::Is,
                       std::array<std::int64_t, 3>{c.red, c.green, c.blue});
    // "Looked for and not found" is an ROI without contours.
    if (!contours[s].empty()) {
      shape.put_items(rt_tags::contour_sequence, std::move(contours[s]));
    }
    put_integer(shape, rt_tags::referenced_roi_number, Vr::Is, number);
    shapes.push_back(std::move(shape));
  }
  dataset.put_items(rt_tags::structure_set_roi_sequence, std::move(rois));
  dataset.put_items(rt_tags::roi_contour_sequence, std::move(shapes));
  dataset.put_items(rt_tags::rt_roi_observations_sequence, std::move(observations));
}

}  // namespace

Result<Bytes> write_rt_structures(const SegDescription& d, std::span<const MaskLayer> layers,
                                  std::span<const SegSegment> segments) {
  CSL_TRY(check_segmentation(d, layers, segments));
  auto contours = contours_of(d, layers, segments);
  if (std::ranges::all_of(contours, [](const auto& items) { return items.empty(); })) {
    return fail(ErrorCode::InvalidInput, "no segment has a voxel", {},
                "export an empty reading as a classification");
  }
  DicomDataset dataset;
  put_derived_object(dataset, d, structure_set_storage, "RTSTRUCT",
                     "Contours by " + protocol_text(d));
  const Grid& grid = layers.front().grid;
  const DicomDateTime created = dicom_date_time(d.created_at);
  dataset.put_text(tags::operators_name, Vr::Pn, person_name(d.content_creator));
  dataset.put_text(tags::frame_of_reference_uid, Vr::Ui, grid.frame_of_reference_uid);
  dataset.put_text(tags::position_reference_indicator, Vr::Lo, "");
  dataset.put_text(rt_tags::structure_set_label, Vr::Sh, "CONTOURS");
  dataset.put_text(rt_tags::structure_set_name, Vr::Lo, short_text(protocol_text(d)));
  dataset.put_text(rt_tags::structure_set_date, Vr::Da, created.date);
  dataset.put_text(rt_tags::structure_set_time, Vr::Tm, created.time);
  put_frame_of_reference(dataset, d, grid);
  put_rois(dataset, d, grid, segments, std::move(contours));
  dataset.put_text(rt_tags::approval_status, Vr::Cs, "UNAPPROVED");
  return write_part10(dataset, DicomEncoding::ImplicitLittleEndian);
}

}  // namespace consilium
