// Any bytes as an SCP-ECG file.
#include "format/scp_ecg/scp_ecg.hpp"
#include "tests/read_some.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto recording = open_scp(view_source(bytes));
  if (recording) test::read_some(*recording->samples);
  static_cast<void>(open_scp_reference_beat(view_source(bytes)));
  return 0;
}
