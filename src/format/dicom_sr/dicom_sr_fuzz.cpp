#include "format/dicom_sr/measurement_report.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto file = read_dicom(bytes, {.inflated_size_bytes_max = 1U << 24U});
  if (file) static_cast<void>(read_measurement_report(*file));
  return 0;
}
