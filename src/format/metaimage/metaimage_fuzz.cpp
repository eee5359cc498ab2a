#include "format/metaimage/metaimage.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto opener = [&](std::string_view) -> Result<Bytes> {
    return Bytes(bytes.begin(), bytes.end());
  };
  const auto volume = read_metaimage(bytes, {.opener = opener, .size_max = 1U << 22U});
  if (volume) static_cast<void>(mask_of_volume(*volume));
  return 0;
}
