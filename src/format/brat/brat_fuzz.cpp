#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/brat/brat.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  static const CanonicalText text =
      CanonicalText::from_utf8("br\xC3\xB6st and ov\r\ncancers \xF0\x9F\xA7\xA0").value();
  static_cast<void>(read_brat({reinterpret_cast<const char*>(data), size}, text));
  return 0;
}
