#include "format/icd10cm/icd10cm.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace consilium;
  const auto source = view_source(bytes_of({reinterpret_cast<const char*>(data), size}));
  (void)read_icd10cm_order({.name = "order", .bytes = source.get()}, "1");
  (void)read_icd10cm_tabular({.name = "tabular", .bytes = source.get()}, "");
  return 0;
}
