#include "format/obo/obo.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace consilium;
  const auto source = view_source(bytes_of({reinterpret_cast<const char*>(data), size}));
  (void)read_obo({.name = "file", .bytes = source.get()}, {});
  return 0;
}
