#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "analysis/text_structure/character_class.hpp"
#include "analysis/text_structure/text_structure.hpp"
#include "base/check.hpp"

namespace consilium {
namespace {

using text_structure::CharacterClass;

// A point behind these never ends a sentence.
constexpr std::array<std::string_view, 24> bound_abbreviations{
    "al",  "ca", "cf",  "dr",   "drs", "eg",   "fig",  "figs", "ft",  "gen", "ie", "messrs",
    "mme", "mr", "mrs", "mses", "ms",  "mssr", "prof", "rev",  "sgt", "st",  "vs", "viz"};
// Behind these it does when a capital follows.
constexpr std::array<std::string_view, 46> loose_abbreviations{
    "abd",  "abs", "approx", "appt", "avg",  "bilat", "cm",   "cont", "dept", "diff", "disp", "dx",
    "est",  "etc", "ext",    "hosp", "hr",   "hrs",   "hx",   "inc",  "incl", "inf",  "inj",  "jr",
    "lab",  "lat", "max",    "med",  "meds", "min",   "mins", "mod",  "neg",  "occ",  "path", "pos",
    "poss", "prn", "pt",     "pts",  "resp", "rx",    "sr",   "sup",  "temp", "tx"};
// Words that begin sentences, for points that may also belong to a name or "U.S.".
constexpr std::array<std::string_view, 40> sentence_starters{
    "A",     "After",   "All",  "An",     "At",    "Because", "Both", "But",  "During", "Each",
    "Given", "He",      "Her",  "His",    "I",     "If",      "In",   "It",   "No",     "Of",
    "On",    "Patient", "Pt",   "Recent", "She",   "Since",   "Some", "The",  "Then",   "There",
    "These", "They",    "This", "To",     "Under", "Upon",    "We",   "Were", "When",   "With"};

template <std::size_t n>
bool holds(const std::array<std::string_view, n>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Lines no longer than this were broken by a program at its margin; 0 when lines are paragraphs.
constexpr std::size_t margin_bytes_min = 50;
constexpr std::size_t margin_bytes_max = 140;

std::size_t margin_of(std::string_view text) {
  std::size_t longest = 0;
  for (std::size_t line = 0; line < text.size();) {
    const void* found = std::memchr(text.data() + line, '\n', text.size() - line);
    const std::size_t end =
        found == nullptr ? text.size()
                         : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    longest = std::max(longest, end - line);
    if (longest > margin_bytes_max) return 0;
    line = end + 1;
  }
  return longest >= margin_bytes_min ? longest : 0;
}

class SentenceSplitter {
 public:
  SentenceSplitter(std::string_view text, std::span<const Token> tokens,
                   std::vector<TokenRange>& out)
      : text_(text), tokens_(tokens), out_(out), margin_(margin_of(text)) {}

  void run() {
    out_.clear();
    for (std::uint32_t i = 0; i + 1 < tokens_.size(); ++i) {
      if (!ends_at(i)) continue;
      out_.push_back({begin_, i + 1});
      begin_ = i + 1;
    }
    if (begin_ < tokens_.size()) {
      out_.push_back({begin_, static_cast<std::uint32_t>(tokens_.size())});
    }
  }

 private:
  [[nodiscard]] std::string_view word(std::size_t i) const {
    return text_.substr(tokens_[i].begin_byte, tokens_[i].end_byte - tokens_[i].begin_byte);
  }
  [[nodiscard]] char first(std::size_t i) const { return text_[tokens_[i].begin_byte]; }
  [[nodiscard]] bool touches_next(std::size_t i) const {
    return tokens_[i].end_byte == tokens_[i + 1].begin_byte;
  }

  bool ends_at(std::uint32_t i) {
    const std::size_t gap_begin = tokens_[i].end_byte;
    const std::size_t gap_end = tokens_[i + 1].begin_byte;
    std::size_t line_ends = 0;
    for (std::size_t at = gap_begin; at < gap_end; ++at) {
      // CR LF is one line end, a CR alone too.
      const bool line_end =
          text_[at] == '\n' || (text_[at] == '\r' && (at + 1 >= gap_end || text_[at + 1] != '\n'));
      if (line_end) {
        ++line_ends;
        line_begin_ = at + 1;
      }
    }
    if (line_ends == 0) return ends_within_line(i);
    const bool breaks = line_ends >= 2 || line_breaks(i);
    previous_line_begin_ = line_begin_;
    return breaks;
  }

  [[nodiscard]] bool ends_within_line(std::uint32_t i) const {
    if (begins_counted_entry(i)) return true;
    std::uint32_t mark = i;
    const bool closer = std::string_view(")]}\"'").find(first(i)) != std::string_view::npos ||
                        word(i) == "\u201d" || word(i) == "\u2019";
    if (closer && i > begin_ && touches_next(i - 1)) mark = i - 1;
    switch (first(mark)) {
      case '!':
      case '?':
        return !is_mark(i + 1) && !touches_next(i);
      case '.':
        return point_ends(mark, i);
      default:
        break;
    }
    const std::string_view wide = word(i);  // the full stops of Chinese and Japanese
    return wide == "\u3002" || wide == "\uff01" || wide == "\uff1f";
  }

  [[nodiscard]] bool is_mark(std::size_t i) const {
    return std::string_view(".!?)]}\"'").find(first(i)) != std::string_view::npos ||
           word(i) == "\u201d";
  }

  // `point` is the full stop, `last` it or the closing mark behind it.
  [[nodiscard]] bool point_ends(std::uint32_t point, std::uint32_t last) const {
    const std::uint32_t next = last + 1;
    if (is_mark(next) && touches_next(last)) return false;
    const char follower = first(next);
    if (point == begin_) return false;
    const std::string_view before = word(point - 1);
    const bool attached = touches_next(point - 1);
    if (touches_next(last)) {  // "until May.The patient", not "p.o" and not "lab.example"
      return attached && before.size() >= 3 && is_lower(before.back()) && is_upper(follower) &&
             word(next).size() >= 2;
    }
    if (!attached) return true;
    const bool number = is_digit(before.front());
    if (number && point == begin_ + 1) return false;  // "2. Diabetes": the number of a list
    if (before == ".") return is_upper(follower);     // an ellipsis
    const bool letter = before.size() == 1 && (is_lower(before[0]) || is_upper(before[0]));
    if (letter) return ends_behind_letter(point, next);
    const bool capital = is_upper(follower) || !text_structure::is_ascii(follower);
    std::array<char, 8> folded{};
    if (before.size() > folded.size()) return true;
    std::ranges::transform(before, folded.begin(), [](char c) {
      return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    const std::string_view key(folded.data(), before.size());
    if (holds(bound_abbreviations, key)) return false;
    if (holds(loose_abbreviations, key)) return capital;
    if (key == "no" || key == "nos") return !is_digit(follower);
    return true;
  }

  // "b.i.d. He", "U.S. Navy", "John F. Kennedy", "hepatitis C. The".
  [[nodiscard]] bool ends_behind_letter(std::uint32_t point, std::uint32_t next) const {
    const bool capital_follows = is_upper(first(next));
    if (is_lower(first(point - 1))) return capital_follows;
    return capital_follows && holds(sentence_starters, word(next));
  }

  // "1) Gout 2) Asthma": a list that runs on within its line. Not "(see 2) and".
  [[nodiscard]] bool begins_counted_entry(std::uint32_t i) const {
    const std::uint32_t number = i + 1;
    if (number + 2 >= tokens_.size() || first(number + 1) != ')') return false;
    const bool placed =
        !touches_next(i) && touches_next(number) && !touches_next(number + 1) && i >= begin_ + 2;
    if (!placed || !is_digit(first(number)) || word(number).size() > 2) return false;
    return is_digit(first(begin_)) && first(begin_ + 1) == ')';
  }

  [[nodiscard]] bool line_breaks(std::uint32_t i) const {
    const std::uint32_t next = i + 1;
    if (begins_list_entry(next)) return true;
    if (first(i) == ':') return true;
    const bool fits = next_word_fits(i);
    const bool continues = is_lower(first(next)) || first(i) == ',' || first(i) == '-';
    if (first(i) == '.' || is_mark(i)) return ends_within_line(i);
    return fits && !continues;
  }

  // Would the next line's first word have stood on this line? Then someone broke it on purpose.
  [[nodiscard]] bool next_word_fits(std::uint32_t i) const {
    if (margin_ == 0) return true;
    std::size_t end = tokens_[i + 1].end_byte;
    while (end < text_.size() && text_[end] != ' ' && text_[end] != '\n') ++end;
    const std::size_t word_size = end - tokens_[i + 1].begin_byte;
    const std::size_t used = tokens_[i].end_byte - previous_line_begin_;
    return used + 1 + word_size + 2 < margin_;  // 2: margins differ by a trailing blank or so
  }

  [[nodiscard]] bool begins_list_entry(std::uint32_t i) const {
    const std::string_view mark = word(i);
    const bool behind_blank = i + 1 < tokens_.size() && !touches_next(i);
    if (mark == "-" || mark == "*" || mark == "+" || mark == ">" || mark == "#") {
      return behind_blank || mark == "#";
    }
    if (mark == "\u2022" || mark == "\u25cf" || mark == "\u2013" || mark == "\u2014") return true;
    if (i + 2 >= tokens_.size() || !touches_next(i)) return false;
    const bool enumerates = (mark.size() <= 2 && is_digit(mark.front())) ||
                            (mark.size() == 1 && (is_lower(mark[0]) || is_upper(mark[0])));
    const char behind = first(i + 1);
    return enumerates && (behind == '.' || behind == ')') && !touches_next(i + 1);
  }

  std::string_view text_;
  std::span<const Token> tokens_;
  std::vector<TokenRange>& out_;
  std::size_t margin_;
  std::uint32_t begin_ = 0;              // the open sentence's first token
  std::size_t line_begin_ = 0;           // of the line that the last gap led to
  std::size_t previous_line_begin_ = 0;  // of the line that a gap leaves
};

}  // namespace

void split_sentences(std::string_view valid_utf8, std::span<const Token> tokens,
                     std::vector<TokenRange>& out) {
  CSL_CHECK(valid_utf8.size() <= structured_text_bytes_max);
  SentenceSplitter(valid_utf8, tokens, out).run();
}

}  // namespace consilium
