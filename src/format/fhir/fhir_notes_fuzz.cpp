#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/fhir/fhir_notes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(consilium::read_fhir_notes({reinterpret_cast<const char*>(data), size}));
  return 0;
}
