#include "analysis/leak_check/needles.hpp"

#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <algorithm>

namespace consilium {
namespace {

constexpr std::size_t size_min_ever = 4;

unsigned char lower(char c) {
  return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}
unsigned char lower(std::byte b) { return lower(static_cast<char>(b)); }

// Of ASCII: other bytes may be a letter of some set, or a marker of a codestream.
bool is_letter_or_digit(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

std::uint16_t start_of(unsigned char first, unsigned char second) {
  return static_cast<std::uint16_t>((first << 8U) | second);
}

// Nothing when the charset does not know all of the text.
std::string converted(const icu::UnicodeString& text, const char* charset) {
  UErrorCode problem = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(charset, &problem);
  if (U_FAILURE(problem)) return {};
  ucnv_setFromUCallBack(converter, UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &problem);
  std::string out(static_cast<std::size_t>(text.length()) * 8 + 16, '\0');
  const std::int32_t size =
      ucnv_fromUChars(converter, out.data(), static_cast<std::int32_t>(out.size()),
                      text.getBuffer(), text.length(), &problem);
  ucnv_close(converter);
  out.resize(U_FAILURE(problem) ? 0 : static_cast<std::size_t>(size));
  return out;
}

}  // namespace

void Needles::add_form(std::string bytes, const std::string& what, const char* form,
                       std::size_t unit, bool is_alone) {
  std::ranges::transform(bytes, bytes.begin(), [](char c) { return static_cast<char>(lower(c)); });
  if (bytes.size() < size_min_ever || !seen_.emplace(bytes, needles_.size()).second) return;
  const std::uint16_t start =
      start_of(static_cast<unsigned char>(bytes[0]), static_cast<unsigned char>(bytes[1]));
  starts_.set(start);
  by_start_[start].push_back(needles_.size());
  needles_.push_back(
      {.bytes = std::move(bytes), .what = what, .form = form, .unit = unit, .is_alone = is_alone});
}

bool Needles::add(std::string_view utf8, const std::string& what, bool is_alone) {
  if (utf8.size() < size_min_ever) return false;
  ++count_;
  add_form(std::string(utf8), what, "UTF-8", 1, is_alone);
  const auto text = icu::UnicodeString::fromUTF8(
      icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
  add_form(converted(text, "UTF-16LE"), what, "UTF-16", 2, is_alone);
  add_form(converted(text, "UTF-16BE"), what, "UTF-16", 2, is_alone);
  for (const char* charset : {"ISO-8859-1", "ISO-2022-JP-2", "ISO-2022-KR", "GB18030"}) {
    add_form(converted(text, charset), what, charset, 1, is_alone);
  }
  return true;
}

void Needles::add_raw(std::string_view bytes, const std::string& what) {
  add_form(std::string(bytes), what, "the source's own bytes", 1, true);
}

const Needle* Needles::find(ByteView bytes, std::size_t size_min, std::size_t& at) const {
  for (at = 0; at + 1 < bytes.size(); ++at) {
    const std::uint16_t start = start_of(lower(bytes[at]), lower(bytes[at + 1]));
    if (!starts_.test(start)) continue;
    for (const std::size_t index : by_start_.at(start)) {
      const Needle& needle = needles_[index];
      if (needle.bytes.size() < size_min || needle.bytes.size() > bytes.size() - at) continue;
      const bool is_same = std::equal(
          needle.bytes.begin(), needle.bytes.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
          [](char a, std::byte b) { return static_cast<unsigned char>(a) == lower(b); });
      if (!is_same) continue;
      const std::size_t end = at + needle.bytes.size();
      // A neighbour of UTF-16 is a whole unit; its plain byte lies at one of both ends.
      const bool has_before =
          at >= needle.unit && (is_letter_or_digit(lower(bytes[at - 1])) ||
                                (needle.unit == 2 && is_letter_or_digit(lower(bytes[at - 2]))));
      const bool has_after = end < bytes.size() && (is_letter_or_digit(lower(bytes[end])) ||
                                                    (needle.unit == 2 && end + 1 < bytes.size() &&
                                                     is_letter_or_digit(lower(bytes[end + 1]))));
      if (needle.is_alone && (has_before || has_after)) continue;
      return &needle;
    }
  }
  return nullptr;
}

}  // namespace consilium
