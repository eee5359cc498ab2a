// Made image series as CT or MR Image Storage objects (PS3.3 A.3, A.4), one file a slice. For
// phantoms and the like: every object says that it is synthetic, in comments and in how it was
// derived. (0008,001C) Synthetic Data would say it too, but verifiers older than it call an object
// that has it wrong.
#pragma once

#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "domain/image/geometry.hpp"
#include "domain/image/pixel.hpp"
#include "format/dicom_write/patient_study.hpp"

namespace consilium {

struct CtAcquisition {
  double kvp = 120;
  double exposure_mas = 110;
  double tube_current_ma = 220;
  std::string convolution_kernel = "MADE-SHARP";
};
struct MrAcquisition {
  double repetition_time_ms = 500;
  double echo_time_ms = 12;
  double flip_angle_degrees = 90;
  double field_strength_tesla = 1.5;
};

struct MadeImageSeries {
  DicomPatientStudy patient_study;
  std::variant<CtAcquisition, MrAcquisition> acquisition;
  std::string series_instance_uid;
  std::string frame_of_reference_uid;
  int series_number = 1;
  std::string series_description;
  std::string body_part_examined;  // a defined term of PS3.16 annex L: "CHEST", "HEAD"
  std::string image_comments;
  Grid grid;  // one slice a file, in the order of k; steps along rows and columns at right angles
  double slice_thickness_mm = 1;
  // Stored value -> Hounsfield units. Of CT only.
  double rescale_slope = 1;
  double rescale_intercept = 0;
  std::optional<std::int16_t> padding;
  std::vector<Window> windows;
};

struct NamedBytes {
  std::string name;  // "IM0001.dcm"
  Bytes bytes;
};

// The SOP Instance UID of slice k: follows from the series' UID.
[[nodiscard]] std::string sop_instance_uid(const MadeImageSeries& series, std::uint32_t slice);
[[nodiscard]] std::string_view sop_class_uid(const MadeImageSeries& series);

// Slice k with its stored values, columns x rows, the first row first.
// Errors: InvalidInput when the count of samples is not the grid's or the slice not in it.
// Cost: about 0.3 ms for 512 x 512.
[[nodiscard]] Result<NamedBytes> write_image_slice(const MadeImageSeries& series,
                                                   std::uint32_t slice,
                                                   std::span<const std::int16_t> stored);

}  // namespace consilium
