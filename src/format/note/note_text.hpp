// The text of a note file: which encoding, and the text as UTF-8 with nothing but the byte order
// mark dropped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

struct DecodedText {
  std::string utf8;
  std::string encoding;              // "UTF-8", "UTF-16LE", "windows-1252"
  std::vector<std::string> remarks;  // what a person should know: a guessed encoding
};

// In this order: a byte order mark decides (UTF-8, UTF-16, UTF-32, each strict); else strict UTF-8;
// else ICU's detector, its best candidate that converts without a single error, named in a remark.
// NUL and other control characters are kept.
// Errors: Corrupt when the bytes break the encoding that their byte order mark names; Unsupported
// when no encoding fits (the file is likely not text); TooLarge over 64 MiB.
// Cost: O(bytes); detection looks at the first 256 KiB.
[[nodiscard]] Result<DecodedText> decode_note_text(ByteView bytes);

// From a named encoding, strictly. Errors: Unsupported when ICU has none of that name; Corrupt when
// the bytes break it.
[[nodiscard]] Result<std::string> decode_text_as(ByteView bytes, std::string_view encoding);

}  // namespace consilium
