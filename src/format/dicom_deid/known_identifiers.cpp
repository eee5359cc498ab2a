#include "format/dicom_deid/known_identifiers.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <utility>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::size_t size_min = 3;
constexpr std::size_t phrase_words_max = 8;
constexpr std::size_t number_size_max = 3;

std::string folded(std::string_view utf8) {
  UErrorCode problem = U_ZERO_ERROR;
  static const icu::Normalizer2* form = icu::Normalizer2::getNFKCCasefoldInstance(problem);
  if (U_FAILURE(problem) || form == nullptr) return std::string(utf8);
  const auto text = icu::UnicodeString::fromUTF8(
      icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
  std::string out;
  form->normalize(text, problem).toUTF8String(out);
  return U_FAILURE(problem) ? std::string(utf8) : out;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

const std::unordered_set<std::string_view>& clean_words() {
  static const std::unordered_set<std::string_view> words = [] {
    std::unordered_set<std::string_view> read;
    std::string_view rest = detail::embedded_clean_words();
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find_first_of(" \n"), rest.size());
      if (end > 0) read.insert(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return read;
  }();
  return words;
}

bool is_year(std::string_view digits) {
  return digits.size() == 4 &&
         (digits.starts_with("18") || digits.starts_with("19") || digits.starts_with("20"));
}

// "1950-01-31", "31.1.50", "1/31/1950": three numbers with the same separator, of which the first
// or the last may be a year. "5.1.7" is a version. Eight digits that begin with 18, 19 or 20 are a
// date of DICOM.
bool is_date_of_three(std::string_view text, std::size_t first_begin, std::size_t first_end,
                      std::size_t second_begin, std::size_t second_end, std::size_t third_begin,
                      std::size_t third_end) {
  const std::string_view between = text.substr(first_end, second_begin - first_end);
  if (between.size() != 1 || !std::string_view("-./").contains(between.front()) ||
      between != text.substr(second_end, third_begin - second_end)) {
    return false;
  }
  const std::string_view first = text.substr(first_begin, first_end - first_begin);
  const std::string_view last = text.substr(third_begin, third_end - third_begin);
  return is_year(first) || is_year(last) || (first.size() <= 2 && last.size() == 2);
}

bool is_compact_date(std::string_view word) {
  return word.size() >= 8 && is_digits(word.substr(0, 8)) &&
         (word.starts_with("18") || word.starts_with("19") || word.starts_with("20"));
}

// Each stretch without a blank that holds "@", "://" or begins with "www.".
void mark_addresses(std::string_view text, std::vector<bool>& out) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n\\", begin), text.size());
    const std::string_view piece = text.substr(begin, end - begin);
    if (piece.contains('@') || piece.contains("://") || piece.starts_with("www.")) {
      std::fill(out.begin() + static_cast<std::ptrdiff_t>(begin),
                out.begin() + static_cast<std::ptrdiff_t>(end), true);
    }
    begin = end + 1;
  }
}

// The bytes that are not marked, each marked stretch as one blank, no blank at the ends.
std::string without(std::string_view text, const std::vector<bool>& marked) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!marked[i]) {
      out += text[i];
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  const std::size_t begin = out.find_first_not_of(' ');
  return begin == std::string::npos ? "" : out.substr(begin);
}

}  // namespace

std::vector<KnownIdentifiers::Word> KnownIdentifiers::words_of(std::string_view utf8) {
  std::vector<Word> words;
  bool is_inside = false;
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t begin = at;
    const auto c = static_cast<UChar32>(next_code_point(utf8, at));
    // A mark belongs to the letter before it.
    const bool is_part = u_isalnum(c) != 0 || (is_inside && (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0);
    if (is_part && !is_inside) words.push_back({.begin = begin, .end = at, .folded = {}});
    if (is_part) words.back().end = at;
    is_inside = is_part;
  }
  for (Word& word : words) word.folded = folded(utf8.substr(word.begin, word.end - word.begin));
  return words;
}

void KnownIdentifiers::add_name(std::string_view utf8) {
  if (!is_utf8(utf8)) return;
  for (Word& word : words_of(utf8)) {
    // Two characters of an ideographic script are six bytes.
    if (word.folded.size() >= size_min && !is_digits(word.folded)) {
      names_.insert(std::move(word.folded));
    }
  }
}

void KnownIdentifiers::add_phrase(std::string_view utf8) {
  if (!is_utf8(utf8)) return;
  std::string joined;
  for (const Word& word : words_of(utf8)) joined += word.folded;
  if (joined.size() >= size_min) phrases_.insert(std::move(joined));
}

void KnownIdentifiers::mark(std::string_view text, const std::vector<Word>& words,
                            std::vector<bool>& out) const {
  const auto cut = [&](std::size_t first, std::size_t last) {
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(words[first].begin),
              out.begin() + static_cast<std::ptrdiff_t>(words[last].end), true);
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (names_.contains(words[i].folded) || is_compact_date(words[i].folded)) cut(i, i);
    std::string joined;
    for (std::size_t j = i; j < std::min(words.size(), i + phrase_words_max); ++j) {
      joined += words[j].folded;
      if (phrases_.contains(joined)) cut(i, j);
    }
    if (i + 2 < words.size() && is_digits(words[i].folded) && is_digits(words[i + 1].folded) &&
        is_digits(words[i + 2].folded) &&
        is_date_of_three(text, words[i].begin, words[i].end, words[i + 1].begin, words[i + 1].end,
                         words[i + 2].begin, words[i + 2].end)) {
      cut(i, i + 2);
    }
  }
  mark_addresses(text, out);
}

std::string KnownIdentifiers::scrubbed(std::string_view utf8) const {
  if (!is_utf8(utf8)) return {};
  std::vector<bool> marked(utf8.size());
  mark(utf8, words_of(utf8), marked);
  if (std::ranges::find(marked, true) == marked.end()) return std::string(utf8);
  return without(utf8, marked);
}

std::string KnownIdentifiers::cleaned(std::string_view utf8) const {
  if (!is_utf8(utf8)) return {};
  const std::vector<Word> words = words_of(utf8);
  std::vector<bool> marked(utf8.size());
  mark(utf8, words, marked);
  std::string out;
  for (const Word& word : words) {
    const bool is_number = is_digits(word.folded) && word.folded.size() <= number_size_max;
    if (marked[word.begin] || (!is_number && !clean_words().contains(word.folded))) continue;
    if (!out.empty()) out += ' ';
    out += utf8.substr(word.begin, word.end - word.begin);
  }
  return out;
}

}  // namespace consilium
