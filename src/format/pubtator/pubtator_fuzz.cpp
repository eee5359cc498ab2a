#include <cstddef>
#include <cstdint>

#include "format/pubtator/pubtator.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  const auto texts = read_pubtator({reinterpret_cast<const char*>(data), size});
  if (texts) static_cast<void>(write_pubtator(*texts));
  return 0;
}
