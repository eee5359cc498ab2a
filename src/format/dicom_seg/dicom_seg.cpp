#include "format/dicom_seg/dicom_seg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_seg/seg_frames.hpp"
#include "format/dicom_write/part10.hpp"
#include "format/dicom_write/uid.hpp"

namespace consilium {
namespace {

using detail::SegFrame;
using detail::SegPixels;

constexpr std::string_view segmentation_storage = "1.2.840.10008.5.1.4.1.1.66.4";
constexpr std::string_view label_map_storage = "1.2.840.10008.5.1.4.1.1.66.7";
constexpr DicomTag spatial_locations_preserved = dicom_tag(0x0028135A);
constexpr DicomTag dimension_description_label = dicom_tag(0x00209421);

Status refuse(std::string what) { return fail(ErrorCode::InvalidInput, std::move(what)); }

Status check_grid(const SegDescription& description, const Grid& grid) {
  if (grid.dims[0] > 0xFFFF || grid.dims[1] > 0xFFFF) {
    return fail(ErrorCode::TooLarge, "a DICOM frame has at most 65,535 rows and columns");
  }
  if (description.source_slices.size() != grid.dims[2]) {
    return refuse("the source images are not one for each slice of the grid");
  }
  const Vector3 along_row = grid.affine.axis_mm(0);
  const Vector3 down_column = grid.affine.axis_mm(1);
  const double scale = length(along_row) * length(down_column);
  if (!(scale > 0) || std::abs(dot(along_row, down_column)) > 1e-4 * scale) {
    return refuse("the rows and columns of the grid are not at right angles");
  }
  if (description.device_serial_number.empty()) return refuse("the device has no serial number");
  return {};
}

Status check_segments(std::span<const SegSegment> segments) {
  if (segments.empty()) return refuse("a segmentation without segments");
  if (segments.size() > 0xFFFE) {
    return fail(ErrorCode::TooLarge, "a segmentation has at most 65,534 segments");
  }
  for (const SegSegment& segment : segments) {
    if (segment.category.code.empty() || segment.type.code.empty() ||
        segment.category.display.empty() || segment.type.display.empty()) {
      return refuse("a segment has no coded category and type");
    }
    if (segment.algorithm != SegAlgorithm::Manual && segment.algorithm_name.empty()) {
      return refuse("the algorithm of a segment has no name");
    }
  }
  return {};
}

Status check_layers(std::span<const MaskLayer> layers, std::span<const SegSegment> segments) {
  for (const MaskLayer& layer : layers) {
    if (layer.grid != layers.front().grid) {
      return refuse("the layers of a segmentation lie on different grids");
    }
  }
  std::set<std::pair<std::size_t, std::uint16_t>> places;
  for (const SegSegment& segment : segments) {
    if (segment.layer_index >= layers.size() || segment.layer_value == 0) {
      return refuse("a segment names a layer or value that is not there");
    }
    if (!places.emplace(segment.layer_index, segment.layer_value).second) {
      return refuse("two segments name the same voxels");
    }
  }
  return {};
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

void put_references(DicomDataset& dataset, const SegDescription& d,
                    std::span<const SegFrame> frames) {
  std::vector<bool> used(d.source_slices.size());
  for (const SegFrame& frame : frames) used[frame.slice] = true;
  std::vector<ImageReference> images;
  for (std::size_t k = 0; k < used.size(); ++k) {
    const SegSourceSlice& source = d.source_slices[k];
    if (used[k]) images.push_back({source.sop_class_uid, source.sop_instance_uid, 0});
  }
  DicomDataset series;
  series.put_text(tags::series_instance_uid, Vr::Ui, d.source_series_instance_uid);
  series.put_items(tags::referenced_instance_sequence, instance_items(images));
  dataset.put_items(tags::referenced_series_sequence, {series});
}

DicomDataset segment_item(const SegSegment& segment, std::size_t index) {
  DicomDataset item;
  put_integer(item, tags::segment_number, Vr::Us, static_cast<std::int64_t>(index) + 1);
  item.put_text(tags::segment_label, Vr::Lo, short_text(segment.label));
  if (!segment.description.empty()) {
    item.put_text(tags::segment_description, Vr::St, short_text(segment.description, 1024));
  }
  item.put_items(tags::segmented_property_category_code_sequence, {code_item(segment.category)});
  item.put_items(tags::segmented_property_type_code_sequence, {code_item(segment.type)});
  if (segment.anatomic_region) {
    item.put_items(tags::anatomic_region_sequence, {code_item(*segment.anatomic_region)});
  }
  item.put_text(tags::segment_algorithm_type, Vr::Cs, algorithm_term(segment.algorithm));
  if (segment.algorithm != SegAlgorithm::Manual) {
    item.put_text(tags::segment_algorithm_name, Vr::Lo, short_text(segment.algorithm_name));
  }
  if (!segment.tracking_uid.empty()) {
    item.put_text(tags::tracking_id, Vr::Ut, segment.tracking_id);
    item.put_text(tags::tracking_uid, Vr::Ui, segment.tracking_uid);
  }
  const std::array<std::uint16_t, 3> lab = dicom_cielab(segment.colour);
  item.put_integers(tags::recommended_display_cie_lab_value, Vr::Us,
                    std::array<std::int64_t, 3>{lab[0], lab[1], lab[2]});
  return item;
}

// PS3.3 C.8.20.2: pixels that are of no segment have a segment of their own in a label map.
DicomDataset background_item() {
  const CodedConcept background{"DCM", "125040", "", "Background"};
  DicomDataset item =
      segment_item({.label = "Background", .category = background, .type = background}, 0);
  put_integer(item, tags::segment_number, Vr::Us, 0);
  return item;
}

void put_segmentation(DicomDataset& dataset, const SegDescription& d, const Grid& grid,
                      std::span<const SegSegment> segments, const SegPixels& pixels) {
  const DicomDateTime created = dicom_date_time(d.created_at);
  dataset.put_text(tags::image_type, Vr::Cs, "DERIVED\\PRIMARY");
  dataset.put_text(tags::content_date, Vr::Da, created.date);
  dataset.put_text(tags::content_time, Vr::Tm, created.time);
  dataset.put_text(tags::content_label, Vr::Cs, "SEGMENTATION");
  dataset.put_text(tags::content_description, Vr::Lo, short_text("protocol " + protocol_text(d)));
  dataset.put_text(tags::content_creator_name, Vr::Pn, person_name(d.content_creator));
  put_integer(dataset, tags::samples_per_pixel, Vr::Us, 1);
  dataset.put_text(tags::photometric_interpretation, Vr::Cs, "MONOCHROME2");
  put_integer(dataset, tags::rows, Vr::Us, grid.dims[1]);
  put_integer(dataset, tags::columns, Vr::Us, grid.dims[0]);
  put_integer(dataset, tags::bits_allocated, Vr::Us, pixels.bits_allocated);
  put_integer(dataset, tags::bits_stored, Vr::Us, pixels.bits_allocated);
  put_integer(dataset, tags::high_bit, Vr::Us, pixels.bits_allocated - 1);
  put_integer(dataset, tags::pixel_representation, Vr::Us, 0);
  dataset.put_text(tags::burned_in_annotation, Vr::Cs, "NO");
  dataset.put_text(tags::lossy_image_compression, Vr::Cs, "00");
  std::vector<DicomDataset> items;
  switch (d.form) {
    case SegForm::Binary:
      dataset.put_text(tags::segmentation_type, Vr::Cs, "BINARY");
      break;
    case SegForm::LabelMap:
      dataset.put_text(tags::segmentation_type, Vr::Cs, "LABELMAP");
      put_integer(dataset, tags::pixel_padding_value, Vr::Us, 0);
      items.push_back(background_item());
      break;
    case SegForm::Probability:
    case SegForm::Occupancy:
      dataset.put_text(tags::segmentation_type, Vr::Cs, "FRACTIONAL");
      dataset.put_text(tags::segmentation_fractional_type, Vr::Cs,
                       d.form == SegForm::Probability ? "PROBABILITY" : "OCCUPANCY");
      put_integer(dataset, tags::maximum_fractional_value, Vr::Us, 255);
      break;
  }
  for (std::size_t s = 0; s < segments.size(); ++s) items.push_back(segment_item(segments[s], s));
  dataset.put_items(tags::segment_sequence, std::move(items));
}

void put_dimensions(DicomDataset& dataset, const SegDescription& d) {
  const std::string organization = uid_from_name(d.sop_instance_uid + " dimensions");
  DicomDataset named;
  named.put_text(tags::dimension_organization_uid, Vr::Ui, organization);
  dataset.put_items(tags::dimension_organization_sequence, {named});
  const auto dimension = [&](DicomTag pointer, DicomTag group, std::string_view label) {
    DicomDataset item;
    item.put_text(tags::dimension_organization_uid, Vr::Ui, organization);
    put_integer(item, tags::dimension_index_pointer, Vr::At, pointer.number());
    put_integer(item, tags::functional_group_pointer, Vr::At, group.number());
    item.put_text(dimension_description_label, Vr::Lo, label);
    return item;
  };
  std::vector<DicomDataset> dimensions;
  if (d.form != SegForm::LabelMap) {
    dimensions.push_back(dimension(tags::referenced_segment_number,
                                   tags::segment_identification_sequence,
                                   "ReferencedSegmentNumber"));
  }
  dimensions.push_back(dimension(tags::image_position_patient, tags::plane_position_sequence,
                                 "ImagePositionPatient"));
  dataset.put_items(tags::dimension_index_sequence, std::move(dimensions));
}

DicomDataset shared_groups(const Grid& grid, double slice_thickness_mm) {
  const Vector3 along_row = grid.affine.axis_mm(0);
  const Vector3 down_column = grid.affine.axis_mm(1);
  const double column_spacing = length(along_row);
  const double row_spacing = length(down_column);
  std::array<double, 6> cosines{};
  for (std::size_t i = 0; i < 3; ++i) {
    cosines[i] = along_row[i] / column_spacing;
    cosines[i + 3] = down_column[i] / row_spacing;
  }
  DicomDataset orientation;
  orientation.put_numbers(tags::image_orientation_patient, Vr::Ds, cosines);
  DicomDataset measures;
  measures.put_numbers(tags::pixel_spacing, Vr::Ds, std::array{row_spacing, column_spacing});
  put_number(measures, tags::slice_thickness, Vr::Ds, slice_thickness_mm);
  const Vector3 normal = cross(along_row, down_column);
  const double spacing = std::abs(dot(grid.affine.axis_mm(2), normal)) / length(normal);
  put_number(measures, tags::spacing_between_slices, Vr::Ds,
             spacing > 0 ? spacing : slice_thickness_mm);
  DicomDataset shared;
  shared.put_items(tags::plane_orientation_sequence, {orientation});
  shared.put_items(tags::pixel_measures_sequence, {measures});
  return shared;
}

DicomDataset derivation_item(const SegSourceSlice& source) {
  DicomDataset image =
      reference_item({source.sop_class_uid, source.sop_instance_uid, source.frame_number});
  image.put_text(spatial_locations_preserved, Vr::Cs, "YES");
  image.put_items(
      tags::purpose_of_reference_code_sequence,
      {consilium::code_item("DCM", "121322", "Source image for image processing operation")});
  DicomDataset derivation;
  derivation.put_items(tags::source_image_sequence, {image});
  derivation.put_items(tags::derivation_code_sequence,
                       {consilium::code_item("DCM", "113076", "Segmentation")});
  return derivation;
}

std::vector<DicomDataset> per_frame_groups(const SegDescription& d, const Grid& grid,
                                           std::span<const SegFrame> frames) {
  // A place's dimension index is its rank among the places that have frames.
  std::vector<std::int64_t> rank(grid.dims[2]);
  for (const SegFrame& frame : frames) rank[frame.slice] = 1;
  std::int64_t used_count = 0;
  for (std::int64_t& place : rank) {
    if (place != 0) place = ++used_count;
  }
  const bool is_label_map = d.form == SegForm::LabelMap;
  std::vector<DicomDataset> groups;
  for (const SegFrame& frame : frames) {
    const SegSourceSlice& source = d.source_slices[frame.slice];
    const PatientPoint position = source.position.value_or(grid.affine.apply(0, 0, frame.slice));
    const auto number = static_cast<std::int64_t>(frame.segment_index) + 1;
    DicomDataset content;
    if (is_label_map) {
      content.put_integers(tags::dimension_index_values, Vr::Ul, std::array{rank[frame.slice]});
    } else {
      content.put_integers(tags::dimension_index_values, Vr::Ul,
                           std::array{number, rank[frame.slice]});
    }
    DicomDataset plane;
    plane.put_numbers(tags::image_position_patient, Vr::Ds,
                      std::array{position.x_mm, position.y_mm, position.z_mm});
    DicomDataset group;
    group.put_items(tags::derivation_image_sequence, {derivation_item(source)});
    group.put_items(tags::frame_content_sequence, {content});
    group.put_items(tags::plane_position_sequence, {plane});
    if (!is_label_map) {
      DicomDataset segment;
      put_integer(segment, tags::referenced_segment_number, Vr::Us, number);
      group.put_items(tags::segment_identification_sequence, {segment});
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

Result<Bytes> assemble(const SegDescription& d, const Grid& grid,
                       std::span<const SegSegment> segments, SegPixels pixels,
                       std::string_view overlap) {
  if (pixels.frames.empty()) {
    return fail(ErrorCode::InvalidInput, "no segment has a voxel", {},
                "export an empty reading as a classification");
  }
  DicomDataset dataset;
  put_derived_object(dataset, d,
                     d.form == SegForm::LabelMap ? label_map_storage : segmentation_storage, "SEG",
                     "Segmentation by " + protocol_text(d));
  dataset.put_text(tags::frame_of_reference_uid, Vr::Ui, grid.frame_of_reference_uid);
  dataset.put_text(tags::position_reference_indicator, Vr::Lo, "");
  put_references(dataset, d, pixels.frames);
  put_segmentation(dataset, d, grid, segments, pixels);
  dataset.put_text(tags::segments_overlap, Vr::Cs, overlap);
  put_dimensions(dataset, d);
  put_integer(dataset, tags::number_of_frames, Vr::Is,
              static_cast<std::int64_t>(pixels.frames.size()));
  dataset.put_items(tags::shared_functional_groups_sequence,
                    {shared_groups(grid, d.slice_thickness_mm)});
  dataset.put_items(tags::per_frame_functional_groups_sequence,
                    per_frame_groups(d, grid, pixels.frames));
  dataset.put({.tag = tags::pixel_data,
               .vr = pixels.bits_allocated == 16 ? Vr::Ow : Vr::Ob,
               .value = DicomValue::owning(std::move(pixels.bytes)),
               .items = {}});
  return write_part10(dataset);
}

}  // namespace

Status check_segmentation(const SegDescription& description, std::span<const MaskLayer> layers,
                          std::span<const SegSegment> segments) {
  CSL_TRY(check_segments(segments));
  if (layers.empty()) return refuse("a segmentation without layers");
  CSL_TRY(check_grid(description, layers.front().grid));
  return check_layers(layers, segments);
}

Result<Bytes> write_dicom_seg(const SegDescription& description, std::span<const MaskLayer> layers,
                              std::span<const SegSegment> segments) {
  CSL_TRY(check_segmentation(description, layers, segments));
  const Grid& grid = layers.front().grid;
  switch (description.form) {
    case SegForm::Binary: {
      // Voxels of one exclusive layer cannot overlap; of several layers nobody has looked.
      const bool is_exclusive =
          layers.size() == 1 && std::holds_alternative<ExclusiveBricks>(layers.front().bricks);
      return assemble(description, grid, segments, detail::binary_pixels(layers, segments),
                      is_exclusive ? "NO" : "UNDEFINED");
    }
    case SegForm::LabelMap:
      return assemble(description, grid, segments,
                      CSL_TRY(detail::label_map_pixels(layers, segments)), "NO");
    case SegForm::Probability:
    case SegForm::Occupancy:
      break;
  }
  return fail(ErrorCode::InvalidInput, "layers hold no fractions");
}

Result<Bytes> write_fractional_seg(const SegDescription& description, const Grid& grid,
                                   std::span<const std::vector<std::uint8_t>> fractions,
                                   std::span<const SegSegment> segments) {
  CSL_TRY(check_segments(segments));
  CSL_TRY(check_grid(description, grid));
  const bool is_fractional =
      description.form == SegForm::Probability || description.form == SegForm::Occupancy;
  const bool fit = fractions.size() == segments.size() &&
                   std::ranges::all_of(fractions, [&](const auto& volume) {
                     return volume.size() == voxel_count(grid);
                   });
  if (!is_fractional || !fit) {
    return fail(ErrorCode::InvalidInput, "the fractions are not one volume for each segment");
  }
  return assemble(description, grid, segments, detail::fraction_pixels(grid, fractions),
                  "UNDEFINED");
}

}  // namespace consilium
