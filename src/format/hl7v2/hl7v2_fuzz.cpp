#include <cstddef>
#include <cstdint>

#include "format/hl7v2/hl7v2.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(consilium::read_hl7v2({reinterpret_cast<const char*>(data), size}));
  return 0;
}
