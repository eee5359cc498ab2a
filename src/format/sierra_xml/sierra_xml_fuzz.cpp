// Any bytes as Sierra XML.
#include "format/sierra_xml/sierra_xml.hpp"
#include "tests/read_some.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto recording = open_sierra(view_source(std::as_bytes(std::span(data, size))));
  if (recording) test::read_some(*recording->samples);
  return 0;
}
