#include <cstddef>
#include <cstdint>
#include <span>

#include "analysis/text_classifier/text_classifier.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(consilium::TextClassifier::parse(std::as_bytes(std::span(data, size))));
  return 0;
}
