// Volumes and label volumes as files: where a format becomes one more line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "transport/cli_panel/label_volume.hpp"

namespace consilium::cli {

struct LoadedVolume {
  NiftiVolume place;  // dims and affine; no samples
  Lattice lattice;
  std::variant<std::vector<std::uint8_t>, std::vector<std::int16_t>, std::vector<std::uint16_t>,
               std::vector<float>>
      samples;  // x fastest; value = slope x sample + intercept
  double slope = 1;
  double intercept = 0;
};

// A NIfTI, NRRD, MetaImage or DICOM file, or a folder with the DICOM files of one series (in
// folders below too). Compressed DICOM frames go through confined workers, `threads` of them.
// Errors: those of opening and reading; InvalidInput when a folder holds several series, or the
// series is no single volume; Unsupported for colour and for a tilted gantry.
[[nodiscard]] Result<LoadedVolume> load_volume(const std::filesystem::path& path,
                                               std::uint32_t threads);
// The DICOM part of load_volume.
[[nodiscard]] Result<LoadedVolume> load_dicom(const std::vector<std::filesystem::path>& files,
                                              const std::filesystem::path& path,
                                              std::uint32_t threads);

struct LoadedLabels {
  NiftiVolume place;  // dims, affine and the labels' names; no samples
  Lattice lattice;
  std::vector<std::uint8_t> labels;  // x fastest
};

// A label volume in NIfTI, NRRD or MetaImage. Errors: those of reading; InvalidInput when a label
// is above 255.
[[nodiscard]] Result<LoadedLabels> load_labels(const std::filesystem::path& file);

// Whether a label volume can be written under this name. Errors: Unsupported.
[[nodiscard]] Status check_label_format(const std::filesystem::path& file);
// On the grid of `place`, with its label names. Errors: as check_label_format; those of
// write_nifti.
[[nodiscard]] Result<Bytes> label_bytes(const std::filesystem::path& file, const NiftiVolume& place,
                                        const std::vector<std::uint8_t>& labels);

}  // namespace consilium::cli
