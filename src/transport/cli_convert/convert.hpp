// Label maps from one form into another: DICOM SEG, RT structure set, NIfTI, NRRD, MetaImage.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace consilium::cli {

struct Conversion {
  std::filesystem::path in;
  std::filesystem::path out;     // its ending says the form, .dcm together with `to`
  std::filesystem::path images;  // the series that was drawn on, a folder; may be empty
  std::string to;  // "dicom-seg", "dicom-seg-labelmap", "rtstruct", "nifti", "nrrd", "metaimage"
};

struct ConversionReport {
  std::string from;
  std::string to;
  std::size_t segment_count = 0;
  std::uint64_t voxel_count = 0;   // that have a label
  std::vector<std::string> notes;  // what was left out; no patient values
};

// The form is told by content, that of the result by `to` or else by the ending. A structure set,
// and any DICOM result, needs the images; a label map that lies turned or cut against them is
// turned to fit, voxel for voxel, and never resampled.
// Errors: those of reading and writing; InvalidInput when the images are missing or other ones,
// when voxels lie between those of the images, and when segments overlap and the form cannot say
// so. Cost: O(voxels).
[[nodiscard]] Result<ConversionReport> convert_labels(const Conversion& conversion, Timestamp now);

}  // namespace consilium::cli
