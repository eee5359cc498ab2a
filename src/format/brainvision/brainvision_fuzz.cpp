// Any bytes as a BrainVision header, and as the files it names.
#include "format/brainvision/brainvision.hpp"
#include "tests/read_some.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto recording = open_brainvision(
      bytes, "a.vhdr", [&](std::string_view) -> Result<std::shared_ptr<const ByteSource>> {
        return view_source(bytes);
      });
  if (recording) test::read_some(*recording->samples);
  return 0;
}
