#include <cstddef>
#include <cstdint>

#include "format/pubannotation/pubannotation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  const auto texts = read_pubannotation({reinterpret_cast<const char*>(data), size});
  if (texts) static_cast<void>(write_pubannotation(*texts));
  return 0;
}
