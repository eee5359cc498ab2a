// Any bytes as a DICOM waveform object.
#include "format/dicom_waveform/dicom_waveform.hpp"
#include "tests/read_some.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto recording = open_dicom_waveform(view_source(bytes));
  if (recording) test::read_some(*recording->samples);
  static_cast<void>(open_waveform_groups(view_source(bytes)));
  return 0;
}
