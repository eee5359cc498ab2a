#include "transport/cli_panel/label_volume.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "transport/cli_panel/answer.hpp"

namespace consilium::cli {
namespace {

constexpr std::uint64_t volume_bytes_max = 1ULL << 33U;

// Samples are little endian, and so is every machine that we run on.
template <class Sample>
Result<std::vector<std::uint16_t>> labels_of(const NiftiVolume& volume) {
  std::vector<std::uint16_t> labels(volume.samples.size() / sizeof(Sample));
  for (std::size_t v = 0; v < labels.size(); ++v) {
    Sample sample{};
    std::memcpy(&sample, volume.samples.data() + v * sizeof(Sample), sizeof(Sample));
    const double value = volume.slope * static_cast<double>(sample) + volume.intercept;
    if (!(value >= 0 && value <= 65'535) || value != std::floor(value)) {
      return fail(ErrorCode::InvalidInput,
                  "a voxel is no label: not a whole number from 0 to 65535",
                  fmt::format("voxel {}", v), "give a mask or a label map");
    }
    labels[v] = static_cast<std::uint16_t>(value);
  }
  return labels;
}

Result<std::vector<std::uint16_t>> labels_of_any(const NiftiVolume& volume) {
  switch (volume.sample_type) {
    case SampleType::U8:
      return labels_of<std::uint8_t>(volume);
    case SampleType::I8:
      return labels_of<std::int8_t>(volume);
    case SampleType::U16:
      return labels_of<std::uint16_t>(volume);
    case SampleType::I16:
      return labels_of<std::int16_t>(volume);
    case SampleType::U32:
      return labels_of<std::uint32_t>(volume);
    case SampleType::I32:
      return labels_of<std::int32_t>(volume);
    case SampleType::F32:
      return labels_of<float>(volume);
    case SampleType::F64:
      return labels_of<double>(volume);
  }
  return fail(ErrorCode::Internal, "there is a sample type that nobody reads");
}

Result<LabelVolume> label_volume_of(ByteView bytes) {
  LabelVolume out;
  out.volume = CSL_TRY(read_nifti(bytes));
  out.labels = CSL_TRY(labels_of_any(out.volume));
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

Result<LabelVolume> read_label_volume(const std::filesystem::path& file) {
  const Bytes bytes = CSL_TRY(read_input(file, volume_bytes_max));
  return in_file(label_volume_of(bytes), file);
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
