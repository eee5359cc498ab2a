#include "service/prelabel/object_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "codec/pool.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/frames.hpp"
#include "format/dicom/pixel_description.hpp"
#include "format/dicom_rt/rt_structure.hpp"
#include "format/dicom_seg/dicom_seg_read.hpp"
#include "format/dicom_sr/measurement_report.hpp"
#include "service/prelabel/report_regions.hpp"
#include "service/prelabel/voxel_layers.hpp"

namespace consilium::service {
namespace {

using Volume = std::shared_ptr<const KnownVolume>;

constexpr std::string_view segmentation_storage = "1.2.840.10008.5.1.4.1.1.66.4";
constexpr std::string_view label_map_storage = "1.2.840.10008.5.1.4.1.1.66.7";
constexpr std::string_view structure_set_storage = "1.2.840.10008.5.1.4.1.1.481.3";
constexpr std::string_view report_storages = "1.2.840.10008.5.1.4.1.1.88.";
constexpr std::string_view presentation_storages = "1.2.840.10008.5.1.4.1.1.11.";

ToolName tool_of(const DicomSegmentation& seg, const SegSegment& segment) {
  return {.kind = segment.algorithm == SegAlgorithm::Manual ? RaterKind::Import : RaterKind::Model,
          .name = tool_name(
              seg.manufacturer, seg.model, seg.software_version,
              segment.algorithm == SegAlgorithm::Manual ? std::string() : segment.algorithm_name)};
}

std::string others_note(std::size_t unknown, std::size_t all) {
  return fmt::format("{} of the {} images that it refers to are not in the project", unknown, all);
}

// The volumes that the object may lie on, the likeliest first; never none.
Result<std::vector<Volume>> volumes_for(ImageFinder& images,
                                        const std::vector<std::string>& instance_uids,
                                        const std::string& frame_of_reference,
                                        MissingImages missing, std::vector<std::string>& notes) {
  ImageFinder::Found found = CSL_TRY(images.volumes_with(instance_uids));
  if (found.volumes.empty() && !instance_uids.empty()) {
    return fail(ErrorCode::NotFound,
                instance_uids.size() == 1
                    ? "the image that it refers to is not in the project"
                    : fmt::format("none of the {} images that it refers to is in the project",
                                  instance_uids.size()),
                instance_uids.front(), "import the images first, or together with it");
  }
  if (found.unknown_count > 0 && missing == MissingImages::Refused) {
    return fail(ErrorCode::NotFound, others_note(found.unknown_count, instance_uids.size()), "",
                "import the images first, or together with it");
  }
  if (found.unknown_count > 0) {
    notes.push_back(others_note(found.unknown_count, instance_uids.size()));
  }
  if (found.volumes.empty()) {
    for (const Volume& volume : CSL_TRY(images.all_volumes())) {
      if (images.is_same_uid(frame_of_reference, volume->grid.frame_of_reference_uid)) {
        found.volumes.push_back(volume);
      }
    }
  }
  if (found.volumes.empty()) {
    return fail(ErrorCode::NotFound,
                "it names no image, and no image of the project has its frame of reference",
                frame_of_reference, "import the images first, or together with it");
  }
  return std::move(found.volumes);
}

// Images that state no place in the patient have no frame of reference of their own to compare.
Status check_frame(const ImageFinder& images, const KnownVolume& volume,
                   const std::string& frame_of_reference) {
  if (!volume.has_patient_geometry || frame_of_reference.empty() ||
      images.is_same_uid(frame_of_reference, volume.grid.frame_of_reference_uid)) {
    return {};
  }
  return fail(ErrorCode::InvalidInput,
              "it lies in another frame of reference than the images it refers to",
              frame_of_reference, "register it to the images, and export it anew");
}

// The first volume that the labels lie on; else the error of the likeliest.
template <class Lay>
auto first_that_fits(const ImageFinder& images, const std::vector<Volume>& volumes,
                     const std::string& frame_of_reference, const Lay& lay)
    -> Result<std::pair<Volume, typename std::invoke_result_t<Lay, const Grid&>::value_type>> {
  std::optional<Error> problem;
  for (const Volume& volume : volumes) {
    if (const Status frame = check_frame(images, *volume, frame_of_reference); !frame) {
      if (!problem) problem = frame.error();
      continue;
    }
    auto laid = lay(volume->grid);
    if (laid) return std::pair{volume, std::move(*laid)};
    if (laid.error().code != ErrorCode::InvalidInput) return std::unexpected(laid.error());
    if (!problem) problem = laid.error();
  }
  return std::unexpected(*problem);
}

Result<ReadLabels> read_segmentation(const DicomFile& file, ImageFinder& images, CodecPool* codec,
                                     MissingImages missing) {
  const DicomSegmentation seg = CSL_TRY(read_dicom_seg(file));
  ReadLabels read;
  const auto volumes = CSL_TRY(volumes_for(images, seg.source_instance_uids,
                                           seg.frame_of_reference_uid, missing, read.notes));
  SegFrameDecoder decoder;
  if (const auto described = describe_pixels(file); described && codec != nullptr) {
    decoder = [&file, codec, image = *described](std::uint32_t frame) {
      return codec->ready_frame(file, image, frame);
    };
  }
  auto [volume, laid] =
      CSL_TRY(first_that_fits(images, volumes, seg.frame_of_reference_uid, [&](const Grid& grid) {
        return lay_segments(seg, file, grid, decoder);
      }));
  std::vector<SplitLayer> layers;
  for (const MaskLayer& layer : laid.layers) {
    layers.push_back(
        std::make_shared<const std::map<std::uint16_t, BinaryBricks>>(split_values(layer)));
  }
  LabelSet set{.item = volume->item, .source = seg.sop_instance_uid, .labels = {}};
  for (const ReadSegment& segment : laid.segments) {
    SaidLabel said{.key = "segment " + std::to_string(segment.number),
                   .name = segment.facts.label,
                   .codes = {segment.facts.type},
                   .tool = tool_of(seg, segment.facts),
                   .place = SaidAbsent{}};
    const std::size_t l = segment.facts.layer_index;
    if (l < layers.size() && layers[l]->contains(segment.facts.layer_value)) {
      said.place = SaidVoxels{volume->grid_id, layers[l], segment.facts.layer_value};
    }
    set.labels.push_back(std::move(said));
  }
  read.sets.push_back(std::move(set));
  return read;
}

Result<ReadLabels> read_structures(const DicomFile& file, ImageFinder& images,
                                   MissingImages missing) {
  const RtStructureSet structures = CSL_TRY(read_rt_structures(file));
  ReadLabels read;
  const auto volumes = CSL_TRY(volumes_for(images, structures.source_instance_uids,
                                           structures.frame_of_reference_uid, missing, read.notes));
  auto [volume, laid] =
      CSL_TRY(first_that_fits(images, volumes, structures.frame_of_reference_uid,
                              [&](const Grid& grid) { return lay_rois(structures, grid); }));
  read.notes.insert(read.notes.end(), laid.notes.begin(), laid.notes.end());
  LabelSet set{.item = volume->item, .source = structures.sop_instance_uid, .labels = {}};
  for (std::size_t l = 0; l < laid.layers.size(); ++l) {
    const RtRoi& roi = structures.rois[laid.rois[l]];
    const bool is_drawn_by_hand =
        roi.generation_algorithm.empty() || roi.generation_algorithm == "MANUAL";
    SaidLabel said{
        .key = "ROI " + std::to_string(roi.number),
        .name = roi.name,
        .codes = {},
        .tool = {.kind = is_drawn_by_hand ? RaterKind::Import : RaterKind::Model,
                 .name = tool_name(structures.manufacturer, structures.model,
                                   structures.software_version, "")},
        .place = SaidVoxels{volume->grid_id,
                            std::make_shared<const std::map<std::uint16_t, BinaryBricks>>(
                                split_values(laid.layers[l])),
                            1}};
    if (roi.type) said.codes.push_back(*roi.type);
    set.labels.push_back(std::move(said));
  }
  read.sets.push_back(std::move(set));
  return read;
}

}  // namespace

bool is_label_object(const DicomFile& file) {
  const std::string_view sop_class = file.dataset.ascii(tags::sop_class_uid);
  return sop_class == segmentation_storage || sop_class == label_map_storage ||
         sop_class == structure_set_storage || sop_class.starts_with(report_storages) ||
         sop_class.starts_with(presentation_storages);
}

bool is_only_shown(const DicomFile& file) {
  return file.dataset.ascii(tags::sop_class_uid).starts_with(presentation_storages);
}

bool is_report(const DicomFile& file) {
  return file.dataset.ascii(tags::sop_class_uid).starts_with(report_storages);
}

std::string tool_name(const std::string& manufacturer, const std::string& model,
                      const std::string& version, const std::string& algorithm) {
  std::string name = model.starts_with(manufacturer) ? "" : manufacturer;
  for (const std::string* part : {&model, &version}) {
    if (part->empty()) continue;
    if (!name.empty()) name += ' ';
    name += *part;
  }
  if (!algorithm.empty() && algorithm != name) name += (name.empty() ? "" : ", ") + algorithm;
  if (name.empty()) return "A DICOM object";
  constexpr std::size_t name_size_max = 200;
  return name.substr(0, name_size_max);
}

Result<ReadLabels> read_object_labels(const DicomFile& file, ImageFinder& images, CodecPool* codec,
                                      MissingImages missing) {
  const std::string_view sop_class = file.dataset.ascii(tags::sop_class_uid);
  if (sop_class == structure_set_storage) return read_structures(file, images, missing);
  if (sop_class.starts_with(report_storages)) {
    return labels_of_report(CSL_TRY(read_measurement_report(file)), images, missing);
  }
  return read_segmentation(file, images, codec, missing);
}

}  // namespace consilium::service
