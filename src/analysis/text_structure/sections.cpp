#include <algorithm>
#include <array>
#include <cstring>

#include "analysis/text_structure/text_structure.hpp"
#include "base/check.hpp"

namespace consilium {
namespace {

constexpr std::size_t header_bytes_max = 60;

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_line_end(char c) { return c == '\n' || c == '\r'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

struct HeaderPlace {
  std::size_t begin = 0;
  bool at_line_begin = false;
};

// Back from a colon to where its header may begin: the line's begin, or behind a sentence end or
// two blanks within the line. Headers are short: none further than `header_bytes_max` back.
HeaderPlace header_before(std::string_view text, std::size_t colon) {
  const std::size_t floor = colon > header_bytes_max ? colon - header_bytes_max : 0;
  std::size_t at = colon;
  while (at > floor) {
    const char before = text[at - 1];
    if (is_line_end(before)) break;
    const bool gap = is_blank(before) && at >= 2 && at < colon && !is_blank(text[at]) &&
                     (is_blank(text[at - 2]) || text[at - 2] == '.' || text[at - 2] == ';');
    if (gap) break;
    --at;
  }
  // "  HISTORY": blanks at the line's begin do not take that begin away.
  std::size_t line = at;
  while (line > 0 && is_blank(text[line - 1])) --line;
  HeaderPlace place{at, line == 0 || is_line_end(text[line - 1])};
  while (place.begin < colon && is_blank(text[place.begin])) ++place.begin;
  return place;
}

// At least three capitals, no small letter, nothing a header does not hold.
bool is_capital_header(std::string_view header) {
  std::size_t capitals = 0;
  for (const char c : header) {
    if (is_lower(c)) return false;
    if (is_upper(c)) ++capitals;
    const bool allowed = is_upper(c) || (c >= '0' && c <= '9') ||
                         std::string_view(" \t/&-().'#").find(c) != std::string_view::npos;
    if (!allowed) return false;
  }
  return capitals >= 3 && is_upper(header.front());
}

// Headers that are plain words too need the colon's or the capitals' word for it.
bool is_title_line(std::string_view line) { return !line.empty() && is_upper(line.front()); }

class SectionFinder {
 public:
  SectionFinder(std::string_view text, std::vector<TextSection>& out) : text_(text), out_(out) {}

  void run() {
    out_.clear();
    out_.push_back({SectionKind::None, 0, 0, 0});
    for (std::size_t line = 0; line < text_.size();) {
      const void* found = std::memchr(text_.data() + line, '\n', text_.size() - line);
      const std::size_t end =
          found == nullptr
              ? text_.size()
              : static_cast<std::size_t>(static_cast<const char*>(found) - text_.data());
      read_line(line, end);
      line = end + 1;
    }
    out_.back().end_byte = static_cast<std::uint32_t>(text_.size());
    if (out_.size() > 1 && out_.front().end_byte == 0) out_.erase(out_.begin());
  }

 private:
  void read_line(std::size_t begin, std::size_t end) {
    bool any_colon = false;
    for (std::size_t at = begin; at < end;) {
      const void* found = std::memchr(text_.data() + at, ':', end - at);
      if (found == nullptr) break;
      const auto colon = static_cast<std::size_t>(static_cast<const char*>(found) - text_.data());
      any_colon = true;
      read_colon(colon, end);
      at = colon + 1;
    }
    if (!any_colon && end - begin <= header_bytes_max) read_bare_line(begin, end);
  }

  void read_colon(std::size_t colon, std::size_t line_end) {
    const HeaderPlace place = header_before(text_, colon);
    if (place.begin >= colon || place.begin < out_.back().body_byte) return;
    const std::string_view header = text_.substr(place.begin, colon - place.begin);
    const SectionKind kind = section_kind_of_header(header);
    const bool capital = is_capital_header(header);
    const bool alone = blank_until(colon + 1, line_end);
    const bool known =
        kind != SectionKind::Other && (capital || (place.at_line_begin && is_title_line(header)) ||
                                       (place.at_line_begin && alone));
    const bool unknown = kind == SectionKind::Other && capital && place.at_line_begin;
    if (known || unknown) add(kind, place.begin, colon + 1);
  }

  void read_bare_line(std::size_t begin, std::size_t end) {
    while (begin < end && is_blank(text_[begin])) ++begin;
    while (end > begin && (is_blank(text_[end - 1]) || text_[end - 1] == '\r')) --end;
    const std::string_view line = text_.substr(begin, end - begin);
    if (!is_title_line(line)) return;
    const SectionKind kind = section_kind_of_header(line);
    if (kind != SectionKind::Other) add(kind, begin, end);
  }

  [[nodiscard]] bool blank_until(std::size_t at, std::size_t end) const {
    return std::ranges::all_of(text_.substr(at, end - at),
                               [](char c) { return is_blank(c) || c == '\r'; });
  }

  void add(SectionKind kind, std::size_t begin, std::size_t body) {
    out_.back().end_byte = static_cast<std::uint32_t>(begin);
    out_.push_back({kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(body), 0});
  }

  std::string_view text_;
  std::vector<TextSection>& out_;
};

}  // namespace

void find_sections(std::string_view valid_utf8, std::vector<TextSection>& out) {
  CSL_CHECK(valid_utf8.size() <= structured_text_bytes_max);
  SectionFinder(valid_utf8, out).run();
}

}  // namespace consilium
