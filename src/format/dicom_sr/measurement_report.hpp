// Imaging Measurement Reports: TID 1500 of PS3.16 in a Comprehensive 3D SR (PS3.3 A.35.13), with
// measurement groups of three kinds: of a planar region (TID 1410), of a segment or a surface round
// a volume (TID 1411), and of whole images (TID 1501). Lengths and pairs of lengths are
// measurements inferred from the line they were taken on (TID 300, 320); answers are coded
// evaluations or texts.
//
// Places are in our pixels (centres at integers); SR counts from the corner of the first pixel, and
// the half pixel is added and taken off here. Places in the patient (SCOORD3D) are millimetres of a
// frame of reference, in LPS as ours; the file holds them as 32-bit floats.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "domain/image/geometry.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom_write/derived_object.hpp"

namespace consilium {

enum class SrGraphic { Point, Multipoint, Polyline, Circle, Ellipse };

struct SrRegion {
  ImageReference image;
  SrGraphic graphic = SrGraphic::Polyline;
  std::vector<ImagePoint> points;  // a closed polyline ends where it begins
  friend bool operator==(const SrRegion&, const SrRegion&) = default;
};

enum class SrSpaceGraphic { Point, Multipoint, Polyline, Polygon, Ellipse, Ellipsoid };

// PS3.3 C.18.9.1.2. A polygon ends where it begins.
struct SrSpaceRegion {
  std::string frame_of_reference_uid;
  SrSpaceGraphic graphic = SrSpaceGraphic::Polygon;
  std::vector<PatientPoint> points;
  friend bool operator==(const SrSpaceRegion&, const SrSpaceRegion&) = default;
};

// A volume by its surface: one ellipsoid or point, or two or more polygons or ellipses.
struct SrVolumeSurface {
  std::vector<SrSpaceRegion> parts;
  std::string source_series_uid;
  friend bool operator==(const SrVolumeSurface&, const SrVolumeSurface&) = default;
};

struct SrMeasurement {
  CodedConcept name;  // (SCT 410668003, "Length")
  double value = 0;
  CodedConcept unit;                                      // UCUM
  std::optional<CodedConcept> derivation = std::nullopt;  // (SCT 373098007, "Mean")
  std::optional<SrRegion> inferred_from = std::nullopt;
  std::optional<SrSpaceRegion> inferred_from_space = std::nullopt;
  friend bool operator==(const SrMeasurement&, const SrMeasurement&) = default;
};

struct SrEvaluation {
  CodedConcept name;
  std::variant<CodedConcept, std::string> value;
  friend bool operator==(const SrEvaluation&, const SrEvaluation&) = default;
};

struct SrSegmentReference {
  std::string sop_class_uid;  // of the segmentation
  std::string sop_instance_uid;
  int segment_number = 1;
  std::string source_series_uid;
  friend bool operator==(const SrSegmentReference&, const SrSegmentReference&) = default;
};

// Whole images that a group is about; none is the whole study.
struct SrWholeImages {
  std::vector<ImageReference> images;
  friend bool operator==(const SrWholeImages&, const SrWholeImages&) = default;
};

struct SrGroup {
  std::string tracking_id;
  std::string tracking_uid;
  std::optional<CodedConcept> category = std::nullopt;
  std::optional<CodedConcept> finding = std::nullopt;
  std::optional<CodedConcept> site = std::nullopt;
  std::variant<SrWholeImages, SrRegion, SrSegmentReference, SrSpaceRegion, SrVolumeSurface> place =
      SrWholeImages{};
  std::vector<SrMeasurement> measurements = {};
  std::vector<SrEvaluation> evaluations = {};
  friend bool operator==(const SrGroup&, const SrGroup&) = default;
};

// Who observed: a person (the content creator), or a device: an algorithm.
struct SrDevice {
  std::string uid;
  std::string name;
  std::string manufacturer = {};
  std::string model = {};
  friend bool operator==(const SrDevice&, const SrDevice&) = default;
};

// What lies in one series of the study: images and segmentations that the report refers to.
struct SrEvidence {
  std::string series_instance_uid;
  std::vector<ImageReference> instances;
};

struct MeasurementReport : DerivedObject {
  std::optional<SrDevice> device;  // none: the content creator observed
  std::vector<SrEvidence> evidence;
  std::vector<SrGroup> groups;
  std::vector<SrEvaluation> evaluations;  // of the study as a whole
};

// Errors: InvalidInput when a code lacks its meaning, a region its points, a measurement is not
// finite, an image is not among the evidence, or there is nothing to report. Cost: O(size).
[[nodiscard]] Result<Bytes> write_measurement_report(const MeasurementReport& report);

struct ReadMeasurementReport {
  std::string sop_instance_uid;
  std::string study_instance_uid;
  std::string manufacturer;
  std::string model;
  std::string software_version;
  std::string person;  // empty: a device observed
  std::optional<SrDevice> device;
  std::vector<std::string> source_instance_uids;  // of the evidence, each once
  std::vector<SrGroup> groups;
  std::vector<SrEvaluation> evaluations;
  std::vector<std::string> notes;  // what stands in it and is not taken over
};

// Reads TID 1500 of any writer, in whichever SR class. Errors: Unsupported when the document is of
// another template; Corrupt when a measurement or region is no such. Cost: O(items).
[[nodiscard]] Result<ReadMeasurementReport> read_measurement_report(const DicomFile& file);

}  // namespace consilium
