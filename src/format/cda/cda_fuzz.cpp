#include <cstddef>
#include <cstdint>

#include "format/cda/cda.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(consilium::read_cda({reinterpret_cast<const char*>(data), size}));
  return 0;
}
