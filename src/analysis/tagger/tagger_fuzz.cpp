#include <cstddef>
#include <cstdint>
#include <span>

#include "analysis/tagger/tagger.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(consilium::Tagger::parse(std::as_bytes(std::span(data, size))));
  return 0;
}
