#include "format/nrrd/nrrd.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto opener = [&](std::string_view) -> Result<Bytes> {
    return Bytes(bytes.begin(), bytes.end());
  };
  const auto volumes = read_nrrd_list(bytes, {.opener = opener, .size_max = 1U << 22U});
  if (volumes) static_cast<void>(mask_of_volume(volumes->front().volume));
  return 0;
}
