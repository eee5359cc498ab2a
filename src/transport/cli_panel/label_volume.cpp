#include "transport/cli_panel/label_volume.hpp"

#include <fmt/format.h>

#include <cmath>

#include "format/metaimage/metaimage.hpp"
#include "format/nrrd/nrrd.hpp"
#include "format/volume/scalar_volume.hpp"
#include "transport/cli_panel/answer.hpp"

namespace consilium::cli {
namespace {

constexpr std::uint64_t volume_bytes_max = 1ULL << 33U;

NiftiVolume as_nifti(ScalarVolume volume) {
  return {.dims = volume.dims,
          .affine = volume.affine,
          .sample_type = volume.sample_type,
          .samples = std::move(volume.samples)};
}

Result<NiftiVolume> volume_of(ByteView bytes, const std::filesystem::path& folder) {
  const auto open = [&](std::string_view name) {
    return read_input(folder / name, volume_bytes_max);
  };
  if (looks_like_nrrd(bytes)) {
    NrrdVolume read = CSL_TRY(read_nrrd(bytes, {.opener = open, .size_max = volume_bytes_max}));
    NiftiVolume volume = as_nifti(std::move(read.volume));
    for (const NrrdSegment& segment : read.segments) {
      volume.labels.push_back({.value = segment.label_value, .name = segment.name});
    }
    return volume;
  }
  if (looks_like_metaimage(bytes)) {
    return as_nifti(CSL_TRY(read_metaimage(bytes, {.opener = open, .size_max = volume_bytes_max})));
  }
  return read_nifti(bytes, volume_bytes_max);
}

Result<LabelVolume> label_volume_of(NiftiVolume volume) {
  LabelVolume out;
  out.volume = std::move(volume);
  out.labels = CSL_TRY(labels_of_samples(out.volume.sample_type, out.volume.samples,
                                         out.volume.slope, out.volume.intercept));
  out.volume.samples = {};
  out.lattice = CSL_TRY(lattice_of(
      {.dims = out.volume.dims, .affine = out.volume.affine, .frame_of_reference_uid = {}}));
  return out;
}

// How far apart the same voxel's places are.
double distance_mm(const LabelVolume& first, const LabelVolume& second, double i, double j,
                   double k) {
  const PatientPoint a = first.volume.affine.apply(i, j, k);
  const PatientPoint b = second.volume.affine.apply(i, j, k);
  return std::hypot(a.x_mm - b.x_mm, a.y_mm - b.y_mm, a.z_mm - b.z_mm);
}

}  // namespace

Result<NiftiVolume> read_volume_file(const std::filesystem::path& file) {
  const Bytes bytes = CSL_TRY(read_input(file, volume_bytes_max));
  return in_file(volume_of(bytes, file.parent_path()), file);
}

Result<LabelVolume> read_label_volume(const std::filesystem::path& file) {
  return in_file(label_volume_of(CSL_TRY(read_volume_file(file))), file);
}

Status check_same_grid(const LabelVolume& first, const std::filesystem::path& file,
                       const LabelVolume& second, const std::filesystem::path& second_file) {
  const auto& a = first.volume.dims;
  const auto& b = second.volume.dims;
  if (a != b) {
    return fail(ErrorCode::InvalidInput, "the volumes have different shapes",
                fmt::format("{} has {} x {} x {} voxels, {} {} x {} x {}", file.string(), a[0],
                            a[1], a[2], second_file.string(), b[0], b[1], b[2]),
                "resample one to the other's grid");
  }
  const auto& p = first.lattice.spacing_mm;
  const auto& q = second.lattice.spacing_mm;
  double farthest = 0;
  for (unsigned corner = 0; corner < 8; ++corner) {
    const auto at = [&](unsigned axis) {
      return (corner >> axis & 1U) != 0 ? static_cast<double>(a[axis]) - 1 : 0.0;
    };
    farthest = std::max(farthest, distance_mm(first, second, at(0), at(1), at(2)));
  }
  constexpr double slack_mm = 0.01;  // affines are kept in 32-bit floats
  if (farthest <= slack_mm) return {};
  return fail(ErrorCode::InvalidInput, "the volumes' voxels do not lie in the same places",
              fmt::format("{} has {:g} x {:g} x {:g} mm, {} {:g} x {:g} x {:g} mm; a corner lies "
                          "{:.3g} mm off",
                          file.string(), p[0], p[1], p[2], second_file.string(), q[0], q[1], q[2],
                          farthest),
              "resample one to the other's grid");
}

}  // namespace consilium::cli
