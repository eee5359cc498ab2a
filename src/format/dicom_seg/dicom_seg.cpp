#include "format/dicom_seg/dicom_seg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_write/part10.hpp"
#include "format/dicom_write/uid.hpp"

namespace consilium {
namespace {

constexpr std::string_view segmentation_storage = "1.2.840.10008.5.1.4.1.1.66.4";
constexpr DicomTag contributing_equipment_sequence = dicom_tag(0x0018A001);
constexpr DicomTag contribution_date_time = dicom_tag(0x0018A002);
constexpr DicomTag contribution_description = dicom_tag(0x0018A003);
constexpr DicomTag spatial_locations_preserved = dicom_tag(0x0028135A);
constexpr DicomTag dimension_description_label = dicom_tag(0x00209421);

struct Frame {
  std::size_t segment_index = 0;
  std::uint32_t slice = 0;
};

// Calls `visit(k, j, i, word)` for each run of 32 voxels along x that is not empty in the segment:
// bit n of `word` is voxel (i + n, j, k). Voxels past the grid's edge are never set.
template <class Visit>
void for_runs(const MaskLayer& layer, std::uint16_t value, const Visit& visit) {
  const std::array<std::uint32_t, 3> counts = brick_dims(layer.grid);
  const auto each_brick = [&](const auto& bricks, const auto& word_at) {
    for (const auto& [index, voxels] : bricks) {
      const std::uint32_t i = index % counts[0] * brick_edge;
      const std::uint32_t j = index / counts[0] % counts[1] * brick_edge;
      const std::uint32_t k = index / counts[0] / counts[1] * brick_edge;
      for (std::uint32_t run = 0; run < brick_edge * brick_edge; ++run) {
        const std::uint32_t word = word_at(voxels, run);
        if (word != 0) visit(k + run / brick_edge, j + run % brick_edge, i, word);
      }
    }
  };
  if (const auto* labels = std::get_if<ExclusiveBricks>(&layer.bricks)) {
    each_brick(*labels, [value](const std::vector<std::uint16_t>& voxels, std::uint32_t run) {
      std::uint32_t word = 0;
      for (std::uint32_t n = 0; n < brick_edge; ++n) {
        word |= static_cast<std::uint32_t>(voxels[run * brick_edge + n] == value) << n;
      }
      return word;
    });
    return;
  }
  each_brick(std::get<BinaryBricks>(layer.bricks),
             [](const std::vector<std::uint8_t>& bits, std::uint32_t run) {
               std::uint32_t word = 0;
               for (std::uint32_t n = 0; n < 4; ++n) {
                 word |= std::uint32_t{bits[run * 4 + n]} << (8 * n);
               }
               return word;
             });
}

// Frames in the order of segments, then slices.
std::vector<Frame> frames_of(std::span<const MaskLayer> layers,
                             std::span<const SegSegment> segments) {
  std::vector<Frame> frames;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const MaskLayer& layer = layers[segments[s].layer_index];
    std::vector<bool> used(layer.grid.dims[2]);
    for_runs(layer, segments[s].layer_value,
             [&](std::uint32_t k, std::uint32_t, std::uint32_t, std::uint32_t) { used[k] = true; });
    for (std::uint32_t k = 0; k < layer.grid.dims[2]; ++k) {
      if (used[k]) frames.push_back({s, k});
    }
  }
  return frames;
}

// PS3.5 8.1.1: one bit a pixel, the least significant first, frames one after the other without any
// padding between them.
Bytes packed_bits(std::span<const MaskLayer> layers, std::span<const SegSegment> segments,
                  std::span<const Frame> frames) {
  const Grid& grid = layers.front().grid;
  const std::uint64_t frame_bits = std::uint64_t{grid.dims[0]} * grid.dims[1];
  const std::uint64_t byte_count = (frame_bits * frames.size() + 7) / 8;
  Bytes bits(byte_count + byte_count % 2);
  std::size_t first_frame = 0;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    std::vector<std::uint64_t> frame_of_slice(grid.dims[2]);
    std::size_t f = first_frame;
    for (; f < frames.size() && frames[f].segment_index == s; ++f) {
      frame_of_slice[frames[f].slice] = f;
    }
    first_frame = f;
    for_runs(layers[segments[s].layer_index], segments[s].layer_value,
             [&](std::uint32_t k, std::uint32_t j, std::uint32_t i, std::uint32_t word) {
               const std::uint64_t at =
                   frame_of_slice[k] * frame_bits + std::uint64_t{j} * grid.dims[0] + i;
               std::uint64_t shifted = std::uint64_t{word} << (at % 8);
               for (std::uint64_t byte = at / 8; shifted != 0; ++byte, shifted >>= 8U) {
                 bits[byte] |= static_cast<std::byte>(shifted & 0xFFU);
               }
             });
  }
  return bits;
}

DicomDataset code_item(const CodedConcept& concept_code) {
  return consilium::code_item(concept_code.system, concept_code.code, concept_code.display,
                              concept_code.version);
}

Status check(const SegDescription& description, std::span<const MaskLayer> layers,
             std::span<const SegSegment> segments) {
  const auto refuse = [](std::string what) {
    return fail(ErrorCode::InvalidInput, std::move(what));
  };
  if (layers.empty() || segments.empty()) return refuse("a segmentation without segments");
  const Grid& grid = layers.front().grid;
  for (const MaskLayer& layer : layers) {
    if (layer.grid != grid) return refuse("the layers of a segmentation lie on different grids");
  }
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
  for (const SegSegment& segment : segments) {
    if (segment.layer_index >= layers.size() || segment.layer_value == 0) {
      return refuse("a segment names a layer or value that is not there");
    }
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

struct DicomDateTime {
  std::string date;
  std::string time;
};
DicomDateTime dicom_date_time(Timestamp at) {
  const std::string text = to_rfc3339(at);  // 2026-03-11T09:58:01.250Z
  return {text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2),
          text.substr(11, 2) + text.substr(14, 2) + text.substr(17, 2)};
}

void put_series_and_equipment(DicomDataset& dataset, const SegDescription& d) {
  const std::string by_protocol = fmt::format("{} {}", d.protocol_id, d.protocol_version);
  const DicomDateTime created = dicom_date_time(d.created_at);
  dataset.put_text(tags::instance_creation_date, Vr::Da, created.date);
  dataset.put_text(tags::instance_creation_time, Vr::Tm, created.time);
  dataset.put_text(tags::modality, Vr::Cs, "SEG");
  dataset.put_text(tags::series_instance_uid, Vr::Ui, d.series_instance_uid);
  put_integer(dataset, tags::series_number, Vr::Is, d.series_number);
  dataset.put_text(tags::series_description, Vr::Lo, short_text("Segmentation by " + by_protocol));
  dataset.put_text(tags::series_date, Vr::Da, created.date);
  dataset.put_text(tags::series_time, Vr::Tm, created.time);
  dataset.put_text(tags::manufacturer, Vr::Lo, "Consilium");
  dataset.put_text(tags::manufacturer_model_name, Vr::Lo, "Consilium");
  dataset.put_text(tags::device_serial_number, Vr::Lo, short_text(d.device_serial_number));
  dataset.put_text(tags::software_versions, Vr::Lo, short_text(d.software_version));

  DicomDataset equipment;
  equipment.put_items(tags::purpose_of_reference_code_sequence,
                      {consilium::code_item("DCM", "109102", "Processing Equipment")});
  equipment.put_text(tags::manufacturer, Vr::Lo, "Consilium");
  equipment.put_text(tags::manufacturer_model_name, Vr::Lo, "Consilium");
  equipment.put_text(tags::software_versions, Vr::Lo, short_text(d.software_version));
  equipment.put_text(contribution_date_time, Vr::Dt, created.date + created.time + "+0000");
  equipment.put_text(contribution_description, Vr::St,
                     short_text("Labels given under protocol " + by_protocol, 1024));
  dataset.put_items(contributing_equipment_sequence, {equipment});
}

void put_references(DicomDataset& dataset, const SegDescription& d, std::span<const Frame> frames) {
  std::vector<bool> used(d.source_slices.size());
  for (const Frame& frame : frames) used[frame.slice] = true;
  std::vector<DicomDataset> instances;
  std::vector<std::string_view> named;
  for (std::size_t k = 0; k < used.size(); ++k) {
    const SegSourceSlice& source = d.source_slices[k];
    // Frames of one multi-frame object name it once.
    if (!used[k] || std::ranges::find(named, source.sop_instance_uid) != named.end()) continue;
    if (source.frame_number > 0) named.push_back(source.sop_instance_uid);
    DicomDataset instance;
    instance.put_text(tags::referenced_sop_class_uid, Vr::Ui, source.sop_class_uid);
    instance.put_text(tags::referenced_sop_instance_uid, Vr::Ui, source.sop_instance_uid);
    instances.push_back(std::move(instance));
  }
  DicomDataset series;
  series.put_text(tags::series_instance_uid, Vr::Ui, d.source_series_instance_uid);
  series.put_items(tags::referenced_instance_sequence, std::move(instances));
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

void put_segmentation(DicomDataset& dataset, const SegDescription& d,
                      std::span<const MaskLayer> layers, std::span<const SegSegment> segments) {
  const Grid& grid = layers.front().grid;
  const DicomDateTime created = dicom_date_time(d.created_at);
  dataset.put_text(tags::image_type, Vr::Cs, "DERIVED\\PRIMARY");
  dataset.put_text(tags::content_date, Vr::Da, created.date);
  dataset.put_text(tags::content_time, Vr::Tm, created.time);
  put_integer(dataset, tags::instance_number, Vr::Is, d.instance_number);
  dataset.put_text(tags::content_label, Vr::Cs, "SEGMENTATION");
  dataset.put_text(tags::content_description, Vr::Lo,
                   short_text(fmt::format("protocol {} {}", d.protocol_id, d.protocol_version)));
  // A name without any caret is of the form that PS3.5 6.2 retired; a pseudonym is a family name.
  std::string creator = short_text(d.content_creator, 63);
  if (creator.find('^') == std::string::npos) creator.push_back('^');
  dataset.put_text(tags::content_creator_name, Vr::Pn, creator);
  put_integer(dataset, tags::samples_per_pixel, Vr::Us, 1);
  dataset.put_text(tags::photometric_interpretation, Vr::Cs, "MONOCHROME2");
  put_integer(dataset, tags::rows, Vr::Us, grid.dims[1]);
  put_integer(dataset, tags::columns, Vr::Us, grid.dims[0]);
  put_integer(dataset, tags::bits_allocated, Vr::Us, 1);
  put_integer(dataset, tags::bits_stored, Vr::Us, 1);
  put_integer(dataset, tags::high_bit, Vr::Us, 0);
  put_integer(dataset, tags::pixel_representation, Vr::Us, 0);
  dataset.put_text(tags::burned_in_annotation, Vr::Cs, "NO");
  dataset.put_text(tags::lossy_image_compression, Vr::Cs, "00");
  dataset.put_text(tags::segmentation_type, Vr::Cs, "BINARY");
  // Voxels of one exclusive layer cannot overlap; of several layers nobody has looked.
  const bool is_exclusive =
      layers.size() == 1 && std::holds_alternative<ExclusiveBricks>(layers.front().bricks);
  dataset.put_text(tags::segments_overlap, Vr::Cs, is_exclusive ? "NO" : "UNDEFINED");
  std::vector<DicomDataset> items;
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
  dataset.put_items(tags::dimension_index_sequence,
                    {dimension(tags::referenced_segment_number,
                               tags::segment_identification_sequence, "ReferencedSegmentNumber"),
                     dimension(tags::image_position_patient, tags::plane_position_sequence,
                               "ImagePositionPatient")});
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
  DicomDataset image;
  image.put_text(tags::referenced_sop_class_uid, Vr::Ui, source.sop_class_uid);
  image.put_text(tags::referenced_sop_instance_uid, Vr::Ui, source.sop_instance_uid);
  if (source.frame_number > 0) {
    put_integer(image, tags::referenced_frame_number, Vr::Is, source.frame_number);
  }
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
                                           std::span<const Frame> frames) {
  // A place's dimension index is its rank among the places that have frames.
  std::vector<std::int64_t> rank(grid.dims[2]);
  for (const Frame& frame : frames) rank[frame.slice] = 1;
  std::int64_t used_count = 0;
  for (std::int64_t& place : rank) {
    if (place != 0) place = ++used_count;
  }
  std::vector<DicomDataset> groups;
  for (const Frame& frame : frames) {
    const SegSourceSlice& source = d.source_slices[frame.slice];
    const PatientPoint position = source.position.value_or(grid.affine.apply(0, 0, frame.slice));
    const auto number = static_cast<std::int64_t>(frame.segment_index) + 1;
    DicomDataset content;
    content.put_integers(tags::dimension_index_values, Vr::Ul,
                         std::array{number, rank[frame.slice]});
    DicomDataset plane;
    plane.put_numbers(tags::image_position_patient, Vr::Ds,
                      std::array{position.x_mm, position.y_mm, position.z_mm});
    DicomDataset segment;
    put_integer(segment, tags::referenced_segment_number, Vr::Us, number);
    DicomDataset group;
    group.put_items(tags::derivation_image_sequence, {derivation_item(source)});
    group.put_items(tags::frame_content_sequence, {content});
    group.put_items(tags::plane_position_sequence, {plane});
    group.put_items(tags::segment_identification_sequence, {segment});
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace

Result<Bytes> write_dicom_seg(const SegDescription& description, std::span<const MaskLayer> layers,
                              std::span<const SegSegment> segments) {
  CSL_TRY(check(description, layers, segments));
  const Grid& grid = layers.front().grid;
  const std::vector<Frame> frames = frames_of(layers, segments);
  if (frames.empty()) {
    return fail(ErrorCode::InvalidInput, "no segment has a voxel", {},
                "export an empty reading as a classification");
  }
  DicomDataset dataset;
  put_patient_study(dataset, description.patient_study);
  dataset.put_text(tags::sop_class_uid, Vr::Ui, segmentation_storage);
  dataset.put_text(tags::sop_instance_uid, Vr::Ui, description.sop_instance_uid);
  put_series_and_equipment(dataset, description);
  dataset.put_text(tags::frame_of_reference_uid, Vr::Ui, grid.frame_of_reference_uid);
  dataset.put_text(tags::position_reference_indicator, Vr::Lo, "");
  put_references(dataset, description, frames);
  put_segmentation(dataset, description, layers, segments);
  put_dimensions(dataset, description);
  put_integer(dataset, tags::number_of_frames, Vr::Is, static_cast<std::int64_t>(frames.size()));
  dataset.put_items(tags::shared_functional_groups_sequence,
                    {shared_groups(grid, description.slice_thickness_mm)});
  dataset.put_items(tags::per_frame_functional_groups_sequence,
                    per_frame_groups(description, grid, frames));
  dataset.put({.tag = tags::pixel_data,
               .vr = Vr::Ob,
               .value = DicomValue::owning(packed_bits(layers, segments, frames)),
               .items = {}});
  return write_part10(dataset);
}

}  // namespace consilium
