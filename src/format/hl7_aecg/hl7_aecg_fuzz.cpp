// Any bytes as an annotated ECG of HL7.
#include "format/hl7_aecg/hl7_aecg.hpp"
#include "tests/read_some.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto recording = open_aecg(view_source(std::as_bytes(std::span(data, size))));
  if (recording) test::read_some(*recording->samples);
  return 0;
}
