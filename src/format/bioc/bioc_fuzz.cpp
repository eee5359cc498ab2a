#include <cstddef>
#include <cstdint>

#include "format/bioc/bioc.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto texts = bytes.starts_with('<') ? read_bioc_xml(bytes) : read_bioc_json(bytes);
  if (texts) {
    static_cast<void>(write_bioc_xml(*texts));
    static_cast<void>(write_bioc_json(*texts));
  }
  return 0;
}
