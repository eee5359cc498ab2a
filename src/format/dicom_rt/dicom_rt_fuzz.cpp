#include "format/dicom_rt/rt_structure.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto file = read_dicom(bytes, {.inflated_size_bytes_max = 1U << 24U});
  if (!file) return 0;
  const auto set = read_rt_structures(*file);
  if (!set) return 0;
  const Grid grid{
      {64, 48, 20}, affine_from_axes({-100, -100, -50}, {3, 0, 0}, {0, 3, 0}, {0, 0, 5}), "1"};
  static_cast<void>(lay_rois(*set, grid));
  return 0;
}
