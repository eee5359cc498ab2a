// A label map of any form with its segments, and the series it was drawn on. Internal to this
// module.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "format/dicom_seg/dicom_seg.hpp"

namespace consilium::cli::detail {

// The images of one volume, in the order of its slices.
struct ReferenceSeries {
  Grid grid;
  std::vector<SegSourceSlice> slices;
  std::string series_instance_uid;
  double slice_thickness_mm = 1;
  DicomPatientStudy patient_study;
};

// Every volume among the DICOM images of a folder; what is no image is passed over.
// Errors: NotFound when there is no image.
[[nodiscard]] Result<std::vector<ReferenceSeries>> read_reference_series(
    const std::filesystem::path& folder);

struct LabelFile {
  std::string form;  // "dicom-seg"
  std::vector<MaskLayer> layers;
  std::vector<SegSegment> segments;
  std::vector<std::string> notes;
};

// `series` may be empty. Where it is not, DICOM objects lie on the volume that they refer to, and
// `chosen` says which. Errors: as convert_labels.
[[nodiscard]] Result<LabelFile> read_label_file(const std::filesystem::path& path,
                                                const std::vector<ReferenceSeries>& series,
                                                const ReferenceSeries*& chosen);

// The layers on another grid of the same voxels: axes swapped, turned over, cut or extended.
// Errors: InvalidInput when voxels of one lie between those of the other, or a label lies outside.
[[nodiscard]] Result<std::vector<MaskLayer>> fitted(const std::vector<MaskLayer>& layers,
                                                    const Grid& grid);

[[nodiscard]] Result<Bytes> bytes_of_file(const std::filesystem::path& path);

}  // namespace consilium::cli::detail
