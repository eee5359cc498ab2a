#include "format/fhir_terminology/fhir_terminology.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  (void)consilium::read_fhir_terminology({reinterpret_cast<const char*>(data), size});
  return 0;
}
