#include "domain/image/dicom_charset.hpp"

#include <unicode/ucnv.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <vector>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr char escape = '\x1b';
constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

struct TermRow {
  std::string_view name;  // letters and digits only, upper case, without the "ISO" words
  CharsetTerm term;
};

constexpr TermRow term_rows[] = {
    {"", CharsetTerm::Ascii},          {"6", CharsetTerm::Ascii},
    {"100", CharsetTerm::Latin1},      {"101", CharsetTerm::Latin2},
    {"109", CharsetTerm::Latin3},      {"110", CharsetTerm::Latin4},
    {"144", CharsetTerm::Cyrillic},    {"127", CharsetTerm::Arabic},
    {"126", CharsetTerm::Greek},       {"138", CharsetTerm::Hebrew},
    {"148", CharsetTerm::Latin5},      {"203", CharsetTerm::Latin9},
    {"166", CharsetTerm::Thai},        {"13", CharsetTerm::Japanese13},
    {"87", CharsetTerm::Kanji},        {"159", CharsetTerm::KanjiMore},
    {"149", CharsetTerm::Korean},      {"58", CharsetTerm::Chinese},
    {"192", CharsetTerm::Utf8},        {"UTF8", CharsetTerm::Utf8},
    {"GB18030", CharsetTerm::Gb18030}, {"GBK", CharsetTerm::Gbk},
    {"GB2312", CharsetTerm::Gbk},      {"LATIN1", CharsetTerm::Latin1},
    {"88591", CharsetTerm::Latin1},    {"ASCII", CharsetTerm::Ascii},
    {"USASCII", CharsetTerm::Ascii},
};

std::optional<CharsetTerm> parse_term(std::string_view text) {
  std::string name;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  for (const std::string_view word : {"ISO", "2022", "IR"}) {
    if (name.starts_with(word)) name.erase(0, word.size());
  }
  for (const TermRow& row : term_rows) {
    if (row.name == name) return row.term;
  }
  return std::nullopt;
}

// What an escape calls into the left (0 to 127) or right (128 to 255) half: PS3.3 tables C.12-3, 4.
struct EscapeRow {
  std::string_view sequence;  // after ESC
  CharsetTerm term;
  bool is_right_half;
};

constexpr EscapeRow escape_rows[] = {
    {"(B", CharsetTerm::Ascii, false},      {"(J", CharsetTerm::Japanese13, false},
    {")I", CharsetTerm::Japanese13, true},  {"-A", CharsetTerm::Latin1, true},
    {"-B", CharsetTerm::Latin2, true},      {"-C", CharsetTerm::Latin3, true},
    {"-D", CharsetTerm::Latin4, true},      {"-L", CharsetTerm::Cyrillic, true},
    {"-G", CharsetTerm::Arabic, true},      {"-F", CharsetTerm::Greek, true},
    {"-H", CharsetTerm::Hebrew, true},      {"-M", CharsetTerm::Latin5, true},
    {"-b", CharsetTerm::Latin9, true},      {"-T", CharsetTerm::Thai, true},
    {"$B", CharsetTerm::Kanji, false},      {"$@", CharsetTerm::Kanji, false},
    {"$(D", CharsetTerm::KanjiMore, false}, {"$)C", CharsetTerm::Korean, true},
    {"$)A", CharsetTerm::Chinese, true},
};

const char* converter_name(CharsetTerm term) {
  switch (term) {
    case CharsetTerm::Ascii:
    case CharsetTerm::Japanese13:
    case CharsetTerm::Latin1:
      return "ISO-8859-1";
    case CharsetTerm::Latin2:
      return "ISO-8859-2";
    case CharsetTerm::Latin3:
      return "ISO-8859-3";
    case CharsetTerm::Latin4:
      return "ISO-8859-4";
    case CharsetTerm::Cyrillic:
      return "ISO-8859-5";
    case CharsetTerm::Arabic:
      return "ISO-8859-6";
    case CharsetTerm::Greek:
      return "ISO-8859-7";
    case CharsetTerm::Hebrew:
      return "ISO-8859-8";
    case CharsetTerm::Latin5:
      return "ISO-8859-9";
    case CharsetTerm::Latin9:
      return "ISO-8859-15";
    case CharsetTerm::Thai:
      return "TIS-620";
    case CharsetTerm::Kanji:
    case CharsetTerm::KanjiMore:
      return "EUC-JP";
    case CharsetTerm::Korean:
      return "EUC-KR";
    case CharsetTerm::Chinese:
      return "GB2312";
    case CharsetTerm::Utf8:
      return "UTF-8";
    case CharsetTerm::Gb18030:
      return "GB18030";
    case CharsetTerm::Gbk:
      return "GBK";
  }
  return "ISO-8859-1";
}

void append_converted(std::string& out, std::string_view bytes, CharsetTerm term) {
  struct Close {
    void operator()(UConverter* converter) const { ucnv_close(converter); }
  };
  UErrorCode problem = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, Close> converter(ucnv_open(converter_name(term), &problem));
  if (U_FAILURE(problem) != 0) {
    out += replacement;
    return;
  }
  std::vector<UChar> units(bytes.size() * 2 + 2);
  const std::int32_t count =
      ucnv_toUChars(converter.get(), units.data(), static_cast<std::int32_t>(units.size()),
                    bytes.data(), static_cast<std::int32_t>(bytes.size()), &problem);
  if (U_FAILURE(problem) != 0) {
    out += replacement;
    return;
  }
  for (std::int32_t i = 0; i < count; ++i) {
    UChar32 point = units[static_cast<std::size_t>(i)];
    if (U16_IS_LEAD(point) && i + 1 < count &&
        U16_IS_TRAIL(units[static_cast<std::size_t>(i) + 1])) {
      point = U16_GET_SUPPLEMENTARY(point, units[static_cast<std::size_t>(i) + 1]);
      ++i;
    }
    append_utf8(out, U_IS_SURROGATE(point) ? char32_t{0xFFFD} : static_cast<char32_t>(point));
  }
}

bool is_high(char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }
bool is_graphic(char c) { return c > 0x20 && c < 0x7F; }
char with_high_bit(char c) { return static_cast<char>(static_cast<unsigned char>(c) | 0x80U); }

bool is_double_byte(CharsetTerm term) {
  return term == CharsetTerm::Kanji || term == CharsetTerm::KanjiMore ||
         term == CharsetTerm::Korean || term == CharsetTerm::Chinese;
}

// Walks text with code extensions (ISO 2022), keeping what the two halves mean at each place.
class ExtendedText {
 public:
  ExtendedText(std::string_view bytes, const DicomCharset& charset, std::string_view delimiters)
      : bytes_(bytes), first_(charset.terms[0]), delimiters_(delimiters) {
    reset();
  }

  std::string decode() {
    while (at_ < bytes_.size()) step();
    flush();
    return std::move(out_);
  }

 private:
  // PS3.5 6.1.2.5.3: at a delimiter the first set is in force again.
  void reset() {
    const bool first_is_left = first_ == CharsetTerm::Kanji || first_ == CharsetTerm::KanjiMore;
    left_ = first_is_left ? CharsetTerm::Ascii : first_;
    right_ = first_is_left ? CharsetTerm::Ascii : first_;
    left_ = left_ == CharsetTerm::Japanese13 ? left_ : CharsetTerm::Ascii;
  }

  void step() {
    const char c = bytes_[at_];
    if (c == escape) {
      take_escape();
    } else if (is_high(c)) {
      take_right(c);
    } else if (is_double_byte(left_) && is_graphic(c)) {
      take_left_pair(c);
    } else {
      flush();
      out_ += c;
      ++at_;
      const bool is_control = c == '\r' || c == '\n' || c == '\f' || c == '\t';
      if (is_control || delimiters_.contains(c)) reset();
    }
  }

  void take_escape() {
    flush();
    const std::string_view rest = bytes_.substr(at_ + 1);
    for (const EscapeRow& row : escape_rows) {
      if (!rest.starts_with(row.sequence)) continue;
      (row.is_right_half ? right_ : left_) = row.term;
      at_ += 1 + row.sequence.size();
      return;
    }
    out_ += replacement;
    ++at_;
  }

  void take_right(char c) {
    if (right_ == CharsetTerm::Japanese13) {
      flush();
      const auto code = static_cast<unsigned char>(c);
      // JIS X 0201: half-width katakana lie in one run.
      append_utf8(out_, code >= 0xA1 && code <= 0xDF ? static_cast<char32_t>(0xFF61 + (code - 0xA1))
                                                     : char32_t{0xFFFD});
      ++at_;
      return;
    }
    pend(right_);
    pending_ += c;
    ++at_;
    if (is_double_byte(right_) && at_ < bytes_.size() && is_high(bytes_[at_])) {
      pending_ += bytes_[at_];
      ++at_;
    }
  }

  void take_left_pair(char c) {
    if (at_ + 1 >= bytes_.size() || !is_graphic(bytes_[at_ + 1])) {
      flush();
      out_ += replacement;
      ++at_;
      return;
    }
    pend(left_);
    if (left_ == CharsetTerm::KanjiMore) pending_ += '\x8f';  // EUC-JP's third plane
    pending_ += with_high_bit(c);
    pending_ += with_high_bit(bytes_[at_ + 1]);
    at_ += 2;
  }

  void pend(CharsetTerm term) {
    if (pending_term_ != term) flush();
    pending_term_ = term;
  }

  void flush() {
    if (!pending_.empty()) append_converted(out_, pending_, pending_term_);
    pending_.clear();
  }

  std::string_view bytes_;
  CharsetTerm first_;
  std::string_view delimiters_;
  std::size_t at_ = 0;
  CharsetTerm left_ = CharsetTerm::Ascii;
  CharsetTerm right_ = CharsetTerm::Ascii;
  std::string pending_;
  CharsetTerm pending_term_ = CharsetTerm::Ascii;
  std::string out_;
};

}  // namespace

DicomCharset parse_dicom_charset(std::string_view value) {
  DicomCharset charset;
  charset.term_count = 0;
  while (charset.term_count < charset.terms.size()) {
    const std::size_t cut = value.find('\\');
    const auto term = parse_term(value.substr(0, cut));
    charset.terms[charset.term_count++] = term.value_or(CharsetTerm::Ascii);
    charset.has_unknown_term = charset.has_unknown_term || !term;
    if (cut == std::string_view::npos) break;
    value.remove_prefix(cut + 1);
  }
  return charset;
}

std::string decode_dicom_text(std::string_view bytes, const DicomCharset& charset,
                              std::string_view delimiters) {
  const bool is_plain =
      std::ranges::none_of(bytes, [](char c) { return is_high(c) || c == escape; });
  if (is_plain) return std::string(bytes);
  const CharsetTerm first = charset.terms[0];
  const bool is_whole =
      first == CharsetTerm::Utf8 || first == CharsetTerm::Gb18030 || first == CharsetTerm::Gbk;
  const bool may_be_utf8 =
      first == CharsetTerm::Utf8 || (first == CharsetTerm::Ascii && charset.term_count == 1);
  if (may_be_utf8 && is_utf8(bytes)) return std::string(bytes);
  if (is_whole) {
    std::string out;
    append_converted(out, bytes, first);
    return out;
  }
  return ExtendedText(bytes, charset, delimiters).decode();
}

}  // namespace consilium
