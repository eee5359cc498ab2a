// RT Structure Sets (PS3.3 A.19, C.8.8.5 and C.8.8.6): masks as closed contours on the slices, and
// contours of any planning system back as masks.
//
// Written: the outlines of domain/image/contour.hpp (half a pixel outside the last centres that are
// in), one CLOSED_PLANAR contour for each connected part, holes as keyholes, so that readers that
// unite contours and readers that take the exclusive or see the same pixels. Implicit VR, because a
// contour's text may be longer than explicit VR can say.
// Read: all closed contours of an ROI on a slice together, even-odd, in whatever order and type
// (CLOSED_PLANAR, CLOSEDPLANAR_XOR); a pixel is in when its centre is.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/image/mask.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom_seg/dicom_seg.hpp"

namespace consilium {

// Takes what write_dicom_seg takes; `form` is not looked at. ROI numbers are 1, 2, ... in the
// segments' order; a segment's type goes into RT ROI Identification Code.
// Errors: as write_dicom_seg. Cost: O(voxels of the slices that are not empty).
[[nodiscard]] Result<Bytes> write_rt_structures(const SegDescription& description,
                                                std::span<const MaskLayer> layers,
                                                std::span<const SegSegment> segments);

enum class RtContourKind { Closed, Open, Point };

struct RtContour {
  RtContourKind kind = RtContourKind::Closed;
  std::vector<PatientPoint> points;
  std::string source_instance_uid;  // may be empty
};

struct RtRoi {
  int number = 0;
  std::string name = {};
  std::string description = {};
  std::string generation_algorithm = {};  // "AUTOMATIC", "SEMIAUTOMATIC", "MANUAL" or ""
  std::string interpreted_type = {};      // "GTV", "ORGAN", ... or ""
  std::optional<CodedConcept> type = std::nullopt;
  std::optional<CodedConcept> category = std::nullopt;
  std::optional<RgbColour> colour = std::nullopt;
  std::vector<RtContour> contours = {};
};

struct RtStructureSet {
  std::string sop_instance_uid;
  std::string study_instance_uid;
  std::string frame_of_reference_uid;
  std::string source_series_instance_uid;
  std::vector<std::string> source_instance_uids;  // each once
  std::string label;
  std::string manufacturer;
  std::string model;
  std::string software_version;
  std::vector<RtRoi> rois;
};

// Errors: Unsupported when the object is no structure set; Corrupt when a contour's numbers are no
// points; TooLarge past 20,000,000 points. Cost: O(points).
[[nodiscard]] Result<RtStructureSet> read_rt_structures(const DicomFile& file);

struct LaidRois {
  std::vector<MaskLayer> layers;   // a binary one for each ROI that has closed contours
  std::vector<std::size_t> rois;   // which ROI each layer is
  std::vector<std::string> notes;  // what could not be laid, ROI by number
};

// Contours matched to the slices of `grid`, oblique ones too; a plane may lie up to a fifth of a
// slice's step off. A contour that lies across the slices, between two of them or outside of them
// is left out and noted. Errors: InvalidInput when no contour at all lies on the grid.
// Cost: O(points x rows they span + pixels filled).
[[nodiscard]] Result<LaidRois> lay_rois(const RtStructureSet& set, const Grid& grid);

}  // namespace consilium
