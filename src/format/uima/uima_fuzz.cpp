#include <cstddef>
#include <cstdint>

#include "format/uima/uima.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto text = bytes.starts_with('<')   ? read_xmi(bytes)
                    : bytes.starts_with('{') ? read_cas_json(bytes)
                                             : read_webanno_tsv(bytes);
  if (!text) return 0;
  const auto fitted = fit_text(*text, webanno_abilities, OverlapPolicy::Split);
  if (fitted) {
    static_cast<void>(write_webanno_tsv(fitted->text));
    static_cast<void>(write_xmi(fitted->text));
    static_cast<void>(write_cas_json(fitted->text));
  }
  return 0;
}
