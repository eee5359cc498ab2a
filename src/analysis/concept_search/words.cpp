#include "analysis/concept_search/words.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "base/utf8.hpp"

namespace consilium {
namespace {

void part(std::string& out) {
  if (!out.empty() && out.back() != ' ') out.push_back(' ');
}

void fold_ascii(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c >= 'a' && c <= 'z') {
      out.push_back(c);
    } else if (c >= 'A' && c <= 'Z') {
      out.push_back(static_cast<char>(c - 'A' + 'a'));
    } else if (c >= '0' && c <= '9') {
      out.push_back(c);
    } else {
      part(out);
    }
  }
}

void fold_unicode(std::string_view text, std::string& out) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* decompose = icu::Normalizer2::getNFKDInstance(status);
  icu::UnicodeString written = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  written.foldCase();
  const icu::UnicodeString apart =
      U_SUCCESS(status) ? decompose->normalize(written, status) : written;
  const icu::UnicodeString& folded = U_SUCCESS(status) ? apart : written;
  for (std::int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    if (u_getCombiningClass(c) != 0 || u_charType(c) == U_NON_SPACING_MARK) continue;
    if (c > 0x7F && u_hasBinaryProperty(c, UCHAR_IDEOGRAPHIC) != 0) {
      part(out);
      append_utf8(out, static_cast<char32_t>(c));
      part(out);
    } else if (u_isalnum(c) != 0) {
      append_utf8(out, static_cast<char32_t>(u_tolower(c)));
    } else {
      part(out);
    }
  }
}

}  // namespace

void fold_words(std::string_view text, std::string& out) {
  out.clear();
  const bool ascii =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) {
    fold_ascii(text, out);
  } else {
    fold_unicode(text, out);
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string scratch;
  each_word(text, scratch, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

}  // namespace consilium
