// Any bytes as MUSE XML.
#include "format/muse_xml/muse_xml.hpp"
#include "tests/read_some.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto recording = open_muse(view_source(std::as_bytes(std::span(data, size))));
  if (recording) test::read_some(*recording->samples);
  return 0;
}
