#include "format/loinc/loinc.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace consilium;
  const auto source = view_source(bytes_of({reinterpret_cast<const char*>(data), size}));
  const TerminologyFile file{.name = "file", .bytes = source.get()};
  (void)read_loinc(file, file, "1");
  return 0;
}
