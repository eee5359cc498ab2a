#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "format/conll/conll.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  const auto texts = read_conll({reinterpret_cast<const char*>(data), size});
  if (texts) {
    static_cast<void>(write_conll(*texts, TagScheme::Bilou, ConllColumns::TokenOffsetsTag));
  }
  return 0;
}
