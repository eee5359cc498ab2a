// The character sets of DICOM text: PS3.3 C.12.1.1.2 (tables C.12-2 to C.12-5) and PS3.5 6.1,
// single sets, ISO 2022 code extensions, and the multi-byte sets UTF-8, GB18030 and GBK.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace consilium {

enum class CharsetTerm : std::uint8_t {
  Ascii,       // ISO_IR 6 and the default repertoire
  Latin1,      // ISO_IR 100
  Latin2,      // ISO_IR 101
  Latin3,      // ISO_IR 109
  Latin4,      // ISO_IR 110
  Cyrillic,    // ISO_IR 144
  Arabic,      // ISO_IR 127
  Greek,       // ISO_IR 126
  Hebrew,      // ISO_IR 138
  Latin5,      // ISO_IR 148
  Latin9,      // ISO_IR 203
  Thai,        // ISO_IR 166
  Japanese13,  // ISO_IR 13: JIS X 0201, katakana and romaji
  Kanji,       // ISO 2022 IR 87: JIS X 0208
  KanjiMore,   // ISO 2022 IR 159: JIS X 0212
  Korean,      // ISO 2022 IR 149: KS X 1001
  Chinese,     // ISO 2022 IR 58: GB 2312
  Utf8,        // ISO_IR 192
  Gb18030,
  Gbk,
};

// What (0008,0005) Specific Character Set says: the first set, and those that an escape may call.
struct DicomCharset {
  std::array<CharsetTerm, 8> terms{};  // the first `term_count` count
  std::uint8_t term_count = 1;
  bool has_unknown_term = false;  // the value named a set that we do not know

  friend bool operator==(const DicomCharset&, const DicomCharset&) = default;
};

// `value` is the raw value, parted by backslashes. Common misspellings are taken ("ISO-IR 100",
// "ISO 2022 IR 6\ISO 2022 IR 87", "ISO_IR_192", "UTF-8", "latin1").
[[nodiscard]] DicomCharset parse_dicom_charset(std::string_view value);

// Text to UTF-8. `delimiters` are the bytes at which code extensions fall back to the first set
// (PS3.5 6.1.2.5.3): "\\^=" for PN, "\\" and control characters for the rest, which are always
// included. A byte that its set does not know becomes U+FFFD. When the first set is the default
// repertoire but bytes above 127 occur, they are read as UTF-8 if they are that, else as Latin-1,
// as the devices that write so mean it.
// Cost: ASCII is copied; the rest goes through ICU.
[[nodiscard]] std::string decode_dicom_text(std::string_view bytes, const DicomCharset& charset,
                                            std::string_view delimiters = "\\");

}  // namespace consilium
