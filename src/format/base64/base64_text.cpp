#include "format/base64/base64_text.hpp"

namespace consilium {

Result<Bytes> from_base64_text(std::string_view text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto corrupt = [](std::size_t at) {
    return fail(ErrorCode::Corrupt, "the data is not base64", "character " + std::to_string(at),
                "export the document again");
  };
  Bytes out;
  out.reserve(text.size() / 4 * 3);
  unsigned group = 0;
  int characters = 0;
  int padding = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    const bool pad = c == '=';
    const std::size_t value = pad ? 0 : alphabet.find(c);
    if (value == std::string_view::npos || (padding > 0 && !pad)) return corrupt(at);
    if (pad && (characters < 2 || ++padding > 2)) return corrupt(at);
    group = (group << 6U) | static_cast<unsigned>(value);
    if (++characters < 4) continue;
    const unsigned unused = padding == 0 ? 0 : padding == 1 ? 0xFFU : 0xFFFFU;
    if ((group & unused) != 0) return corrupt(at);
    for (int i = 0; i < 3 - padding; ++i) {
      out.push_back(
          static_cast<std::byte>((group >> (16U - 8U * static_cast<unsigned>(i))) & 0xFFU));
    }
    group = 0;
    characters = 0;
    if (padding > 0) {
      // Only white space may follow.
      if (text.find_first_not_of(" \t\r\n", at + 1) != std::string_view::npos) {
        return corrupt(at + 1);
      }
      break;
    }
  }
  if (characters != 0) return corrupt(text.size());
  return out;
}

}  // namespace consilium
