#include <cstddef>
#include <cstdint>

#include "format/label_studio/label_studio.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  const auto texts = read_label_studio({reinterpret_cast<const char*>(data), size});
  if (texts) static_cast<void>(write_label_studio(*texts));
  return 0;
}
