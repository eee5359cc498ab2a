// DICOM Segmentation objects from mask layers (PS3.3 A.51, C.8.20; label maps: Supplement 243): one
// frame for each segment and slice that is not empty (in a label map for each slice), with its
// place, its segment and the source image it was drawn on, so that any viewer that reads SEG puts
// it back where it was.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/image/mask.hpp"
#include "domain/label/coded_concept.hpp"
#include "format/dicom_seg/cielab.hpp"
#include "format/dicom_write/derived_object.hpp"

namespace consilium {

enum class SegForm {
  Binary,
  LabelMap,     // Label Map Segmentation Storage; its segments do not overlap
  Probability,  // FRACTIONAL: how sure it is that the voxel is of the segment
  Occupancy,    // FRACTIONAL: how much of the voxel is
};

enum class SegAlgorithm { Manual, Semiautomatic, Automatic };

struct SegSegment {
  std::string label;             // "nodule 1"; at most 64 characters are written
  std::string description = {};  // may be empty
  CodedConcept category;         // CID 7150: "Morphologically Altered Structure" (SCT 49755003)
  CodedConcept type;             // CID 7151: "Nodule" (SCT 27925004)
  std::optional<CodedConcept> anatomic_region = std::nullopt;
  SegAlgorithm algorithm = SegAlgorithm::Manual;
  std::string algorithm_name = {};  // required unless manual: "grow from seeds 1.2"
  std::string tracking_id = {};
  std::string tracking_uid = {};
  RgbColour colour = {};
  // Which voxels: those of layers[layer_index] with this value (1 in a binary layer).
  std::size_t layer_index = 0;
  std::uint16_t layer_value = 1;
};

// The image that slice k of the grid came from.
struct SegSourceSlice {
  std::string sop_class_uid;
  std::string sop_instance_uid;
  int frame_number = 0;  // from 1 in a multi-frame object; 0 in one of a single frame
  // As the source states it; else the grid's. They differ only by rounding.
  std::optional<PatientPoint> position = std::nullopt;
};

struct SegDescription : DerivedObject {
  SegForm form = SegForm::Binary;
  std::string source_series_instance_uid;
  std::vector<SegSourceSlice> source_slices;  // one for each slice of the grid
  double slice_thickness_mm = 1;
};

// What every object made of segments asks for; see write_dicom_seg.
[[nodiscard]] Status check_segmentation(const SegDescription& description,
                                        std::span<const MaskLayer> layers,
                                        std::span<const SegSegment> segments);

// `layers` lie on one grid; `segments` are numbered 1, 2, ... in their order. Segments without any
// voxel are listed with no frame: "looked for and not found" is an answer too.
// Errors: InvalidInput when the layers' grids differ, when the source slices are not one a slice,
// when an algorithm's name or the description of a code is missing, when two segments name the same
// voxels, when all segments are empty (the standard asks for at least one frame), when segments of
// a label map overlap, or when the grid's axes are not at right angles in plane; TooLarge past
// 65,535 rows or columns. Cost: two passes over the bricks, whatever the count of segments.
[[nodiscard]] Result<Bytes> write_dicom_seg(const SegDescription& description,
                                            std::span<const MaskLayer> layers,
                                            std::span<const SegSegment> segments);

// FRACTIONAL: `fractions` is one dense volume for each segment, x fastest, 255 being 1. The
// segments' layers are not looked at. Errors: as above, and when the volumes do not fit.
[[nodiscard]] Result<Bytes> write_fractional_seg(
    const SegDescription& description, const Grid& grid,
    std::span<const std::vector<std::uint8_t>> fractions, std::span<const SegSegment> segments);

}  // namespace consilium
