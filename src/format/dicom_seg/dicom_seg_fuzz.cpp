#include "format/dicom_seg/dicom_seg_read.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto file = read_dicom(bytes, {.inflated_size_bytes_max = 1U << 24U});
  if (!file) return 0;
  const auto seg = read_dicom_seg(*file);
  if (!seg) return 0;
  const auto grid = grid_of_frames(*seg);
  if (!grid || voxel_count(*grid) > 1U << 22U) return 0;
  static_cast<void>(lay_segments(*seg, *file, *grid));
  static_cast<void>(fractions_of(*seg, *file, *grid, seg->segments.front().number));
  return 0;
}
