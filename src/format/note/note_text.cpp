#include "format/note/note_text.hpp"

#include <fmt/format.h>
#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::size_t note_size_max = std::size_t{64} << 20U;
constexpr std::size_t detected_size_max = std::size_t{256} << 10U;
// ICU's confidence is 0 to 100; below this it found next to nothing to go by.
constexpr int confidence_min = 10;

using Converter = std::unique_ptr<UConverter, decltype(&ucnv_close)>;
using Detector = std::unique_ptr<UCharsetDetector, decltype(&ucsdet_close)>;

struct ByteOrderMark {
  std::string_view bytes;
  std::string_view encoding;
};
// UTF-32LE before UTF-16LE, whose mark it begins with.
constexpr std::array<ByteOrderMark, 5> byte_order_marks = {{{"\xEF\xBB\xBF", "UTF-8"},
                                                            {{"\xFF\xFE\0\0", 4}, "UTF-32LE"},
                                                            {{"\0\0\xFE\xFF", 4}, "UTF-32BE"},
                                                            {"\xFF\xFE", "UTF-16LE"},
                                                            {"\xFE\xFF", "UTF-16BE"}}};

Result<DecodedText> decode_marked(std::string_view text, const ByteOrderMark& mark) {
  const std::string_view rest = text.substr(mark.bytes.size());
  if (mark.encoding == "UTF-8") {
    if (!is_utf8(rest)) {
      return fail(ErrorCode::Corrupt, "the file begins with the mark of UTF-8, and is not UTF-8",
                  {}, "open it in an editor, check its text and save it as UTF-8");
    }
    return DecodedText{std::string(rest), "UTF-8", {}};
  }
  return DecodedText{
      CSL_TRY(decode_text_as(bytes_of(rest), mark.encoding)), std::string(mark.encoding), {}};
}

// Plain text hardly ever has NUL; UTF-16 without its mark has one in nearly every second byte, and
// in ASCII letters still passes as UTF-8.
bool looks_like_utf16(std::string_view text) {
  if (text.size() < 8) return false;
  const auto nul_count = static_cast<std::size_t>(std::ranges::count(text, '\0'));
  return nul_count * 3 > text.size();
}

std::optional<DecodedText> decode_detected(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const Detector detector(ucsdet_open(&status), &ucsdet_close);
  const std::string_view sample = text.substr(0, detected_size_max);
  ucsdet_setText(detector.get(), sample.data(), static_cast<std::int32_t>(sample.size()), &status);
  std::int32_t count = 0;
  const UCharsetMatch** matches = ucsdet_detectAll(detector.get(), &count, &status);
  if (U_FAILURE(status) != 0) return std::nullopt;
  for (std::int32_t i = 0; i < count; ++i) {
    UErrorCode problem = U_ZERO_ERROR;
    const std::string name = ucsdet_getName(matches[i], &problem);
    const int confidence = ucsdet_getConfidence(matches[i], &problem);
    if (U_FAILURE(problem) != 0 || confidence < confidence_min) continue;
    auto decoded = decode_text_as(bytes_of(text), name);
    if (!decoded) continue;
    return DecodedText{
        std::move(*decoded),
        name,
        {fmt::format("the text is not UTF-8; it was read as {} (detected, {} of 100 sure): check "
                     "its accented letters",
                     name, confidence)}};
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> decode_text_as(ByteView bytes, std::string_view encoding) {
  UErrorCode status = U_ZERO_ERROR;
  const Converter converter(ucnv_open(std::string(encoding).c_str(), &status), &ucnv_close);
  if (U_FAILURE(status) != 0) {
    return fail(ErrorCode::Unsupported, "there is no text encoding of that name", {},
                "use a name such as UTF-8, windows-1252 or ISO-8859-15");
  }
  // Stops at the first error instead of putting replacement characters into a patient's text.
  ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  const std::string_view text = text_of(bytes);
  const char* source = text.data();
  const char* const source_end = text.data() + text.size();
  std::string out;
  std::array<char16_t, 4096> units{};
  char32_t lead = 0;
  for (bool more = true; more;) {
    char16_t* target = units.data();
    status = U_ZERO_ERROR;
    ucnv_toUnicode(converter.get(), &target, units.data() + units.size(), &source, source_end,
                   nullptr, 1, &status);
    more = status == U_BUFFER_OVERFLOW_ERROR;
    if (U_FAILURE(status) != 0 && !more) {
      return fail(ErrorCode::Corrupt, "the text breaks its encoding",
                  fmt::format("byte {}", source - text.data()),
                  "export it again, as UTF-8 if you can choose");
    }
    for (const char16_t* unit = units.data(); unit != target; ++unit) {
      if (*unit >= 0xD800 && *unit < 0xDC00) {
        lead = *unit;
      } else if (*unit >= 0xDC00 && *unit < 0xE000) {
        append_utf8(out, 0x10000 + ((lead - 0xD800) << 10U) + (*unit - 0xDC00U));
      } else {
        append_utf8(out, *unit);
      }
    }
  }
  return out;
}

Result<DecodedText> decode_note_text(ByteView bytes) {
  if (bytes.size() > note_size_max) {
    return fail(ErrorCode::TooLarge, "the note is larger than 64 MiB", {},
                "import many notes as JSON lines or CSV");
  }
  const std::string_view text = text_of(bytes);
  for (const ByteOrderMark& mark : byte_order_marks) {
    if (!text.starts_with(mark.bytes)) continue;
    auto decoded = decode_marked(text, mark);
    // FF FE 00 00 may be UTF-16LE that begins with NUL.
    if (!decoded && mark.encoding == "UTF-32LE") continue;
    return decoded;
  }
  if (is_utf8(text)) {
    DecodedText decoded{std::string(text), "UTF-8", {}};
    if (looks_like_utf16(text)) {
      decoded.remarks.emplace_back(
          "a third of the bytes or more are NUL: if this is UTF-16, save it with a byte order "
          "mark");
    }
    return decoded;
  }
  auto detected = decode_detected(text);
  if (!detected) {
    return fail(ErrorCode::Unsupported, "no text encoding fits this file", {},
                "check that it is text, and save it as UTF-8");
  }
  return std::move(*detected);
}

}  // namespace consilium
