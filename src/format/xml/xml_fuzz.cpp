#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/xml/xml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(consilium::read_xml({reinterpret_cast<const char*>(data), size}));
  return 0;
}
