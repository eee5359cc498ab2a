// Volumes as the commands read them: NIfTI, NRRD and MetaImage files, told apart by content.
#pragma once

#include <filesystem>
#include <vector>

#include "analysis/distance/lattice.hpp"
#include "base/result.hpp"
#include "format/nifti/nifti.hpp"

namespace consilium::cli {

// Space in LPS whatever the format. A data file that a detached header names is looked for beside
// it. Errors: those of reading; NotFound.
[[nodiscard]] Result<NiftiVolume> read_volume_file(const std::filesystem::path& file);

struct LabelVolume {
  NiftiVolume volume;                 // without its samples
  std::vector<std::uint16_t> labels;  // x fastest
  Lattice lattice;
};

// Errors: those of reading; InvalidInput when a voxel is not a whole number from 0 to 65,535;
// Unsupported when the axes are not at right angles.
[[nodiscard]] Result<LabelVolume> read_label_volume(const std::filesystem::path& file);

// Errors: InvalidInput when the dimensions differ, or a corner voxel lies more than a hundredth of
// a millimetre elsewhere in the patient: voxels are then not the same places.
[[nodiscard]] Status check_same_grid(const LabelVolume& first, const std::filesystem::path& file,
                                     const LabelVolume& second,
                                     const std::filesystem::path& second_file);

}  // namespace consilium::cli
