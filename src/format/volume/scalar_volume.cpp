#include "format/volume/scalar_volume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace consilium {
namespace {

// Samples are little endian, and so is every machine that we run on.
template <class Sample>
Result<std::vector<std::uint16_t>> labels_of(ByteView samples, double slope, double intercept) {
  std::vector<std::uint16_t> labels(samples.size() / sizeof(Sample));
  for (std::size_t v = 0; v < labels.size(); ++v) {
    Sample sample{};
    std::memcpy(&sample, samples.data() + v * sizeof(Sample), sizeof(Sample));
    const double value = slope * static_cast<double>(sample) + intercept;
    if (!(value >= 0 && value <= 65'535) || value != std::floor(value)) {
      return fail(ErrorCode::InvalidInput,
                  "a voxel is no label: not a whole number from 0 to 65535",
                  fmt::format("voxel {}", v), "give a mask or a label map");
    }
    labels[v] = static_cast<std::uint16_t>(value);
  }
  return labels;
}

}  // namespace

Result<std::vector<std::uint16_t>> labels_of_samples(SampleType type, ByteView samples,
                                                     double slope, double intercept) {
  switch (type) {
    case SampleType::U8:
      return labels_of<std::uint8_t>(samples, slope, intercept);
    case SampleType::I8:
      return labels_of<std::int8_t>(samples, slope, intercept);
    case SampleType::U16:
      return labels_of<std::uint16_t>(samples, slope, intercept);
    case SampleType::I16:
      return labels_of<std::int16_t>(samples, slope, intercept);
    case SampleType::U32:
      return labels_of<std::uint32_t>(samples, slope, intercept);
    case SampleType::I32:
      return labels_of<std::int32_t>(samples, slope, intercept);
    case SampleType::F32:
      return labels_of<float>(samples, slope, intercept);
    case SampleType::F64:
      return labels_of<double>(samples, slope, intercept);
  }
  return fail(ErrorCode::Internal, "there is a sample type that nobody reads");
}

Result<MaskLayer> mask_of_volume(const ScalarVolume& volume, std::string frame_of_reference_uid) {
  const std::vector<std::uint16_t> labels =
      CSL_TRY(labels_of_samples(volume.sample_type, volume.samples));
  return exclusive_layer_from_dense({.dims = volume.dims,
                                     .affine = volume.affine,
                                     .frame_of_reference_uid = std::move(frame_of_reference_uid)},
                                    labels);
}

ScalarVolume volume_of_mask(const MaskLayer& layer) {
  const std::vector<std::uint16_t> dense = to_dense(layer);
  const bool fits_a_byte = std::ranges::all_of(dense, [](std::uint16_t v) { return v < 256; });
  ScalarVolume volume{.dims = layer.grid.dims,
                      .affine = layer.grid.affine,
                      .sample_type = fits_a_byte ? SampleType::U8 : SampleType::U16,
                      .samples = Bytes(dense.size() * (fits_a_byte ? 1 : 2))};
  if (fits_a_byte) {
    std::ranges::transform(dense, volume.samples.begin(),
                           [](std::uint16_t v) { return static_cast<std::byte>(v); });
  } else {
    std::memcpy(volume.samples.data(), dense.data(), volume.samples.size());
  }
  return volume;
}

Status check_volume(const ScalarVolume& volume) {
  std::uint64_t count = 1;
  for (const std::uint32_t size : volume.dims) {
    if (size == 0) return fail(ErrorCode::InvalidInput, "a volume without voxels");
    count *= size;
  }
  if (volume.samples.size() != count * size_bytes(volume.sample_type)) {
    return fail(ErrorCode::InvalidInput, "the samples of a volume do not fit its dimensions");
  }
  if (!volume.affine.inverse()) {
    return fail(ErrorCode::InvalidInput, "the axes of a volume lie in one plane");
  }
  return {};
}

void swap_sample_bytes(Bytes& samples, std::size_t sample_bytes) {
  for (std::size_t at = 0; at + sample_bytes <= samples.size(); at += sample_bytes) {
    const auto begin = samples.begin() + static_cast<std::ptrdiff_t>(at);
    std::reverse(begin, begin + static_cast<std::ptrdiff_t>(sample_bytes));
  }
}

}  // namespace consilium
