// Any bytes as a GDF file.
#include "format/gdf/gdf.hpp"
#include "tests/read_some.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto recording = open_gdf(view_source(std::as_bytes(std::span(data, size))));
  if (recording) test::read_some(*recording->samples);
  return 0;
}
