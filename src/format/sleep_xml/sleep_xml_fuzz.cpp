// Any bytes as labels of a night.
#include <cstddef>
#include <cstdint>

#include "format/sleep_xml/sleep_xml.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(read_sleep_xml(std::as_bytes(std::span(data, size)), RecordHeader{}));
  return 0;
}
