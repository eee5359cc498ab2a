#include <cstddef>
#include <cstdint>

#include "format/text_jsonl/text_jsonl.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  if (const auto texts = read_doccano(bytes)) static_cast<void>(write_doccano(*texts));
  if (const auto texts = read_prodigy(bytes)) static_cast<void>(write_prodigy(*texts));
  if (const auto texts = read_spacy(bytes)) static_cast<void>(write_spacy(*texts));
  return 0;
}
