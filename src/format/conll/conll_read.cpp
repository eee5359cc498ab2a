#include <algorithm>
#include <optional>
#include <utility>

#include "base/utf8.hpp"
#include "format/conll/conll.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t gap_max = 1U << 20U;

struct Row {
  std::uint64_t line_number = 0;
  std::string_view token;
  std::string_view tag;
  std::optional<TextSpan> place;
  bool begins_sentence = false;
};

// Columns are parted by tabs if the line has any, else by runs of blanks.
std::vector<std::string_view> columns_of(std::string_view line) {
  if (line.contains('\t')) return parted(line, '\t', 64);
  std::vector<std::string_view> columns;
  for (const std::string_view part : parted(line, ' ', 64)) {
    if (!part.empty()) columns.push_back(part);
  }
  return columns;
}

struct Tag {
  char prefix = 'O';
  std::string_view type;
};
Tag tag_of(std::string_view text) {
  if (text.size() > 2 && text[1] == '-' && std::string_view("BIEMLSU").contains(text[0])) {
    return {text[0], text.substr(2)};
  }
  if (text == "B" || text == "I") return {text[0], {}};
  return {};
}

class Reader {
 public:
  Result<std::vector<LabelledText>> read(std::string_view bytes) {
    TextLines lines(bytes);
    std::string_view line;
    while (lines.next(line)) {
      if (line.find_first_not_of(" \t") == std::string_view::npos) {
        begins_sentence_ = true;
      } else if (line.starts_with("-DOCSTART-")) {
        CSL_TRY(end_document());
      } else if (line.starts_with("# doc_id = ")) {
        CSL_TRY(end_document());
        id_ = line.substr(11);
      } else {
        take(line, lines.number());
      }
    }
    CSL_TRY(end_document());
    return std::move(texts_);
  }

 private:
  void take(std::string_view line, std::uint64_t number) {
    const auto columns = columns_of(line);
    if (columns.size() < 2 || columns[0].empty()) {
      problems_.push_back({number, "the line has no token and tag"});
      return;
    }
    Row row{number, columns.front(), columns.back(), {}, std::exchange(begins_sentence_, false)};
    if (columns.size() >= 4) {
      const auto begin = whole_number(columns[1]);
      const auto end = whole_number(columns[2]);
      if (begin && end && *begin < *end) row.place = TextSpan{*begin, *end};
    }
    other_column_count_ += columns.size() - (row.place ? 4 : 2);
    rows_.push_back(row);
  }

  Status end_document() {
    if (!rows_.empty()) CSL_TRY(add_document());
    rows_.clear();
    problems_.clear();
    id_.clear();
    begins_sentence_ = true;
    other_column_count_ = 0;
    return {};
  }

  // Whether all rows have places that fit their tokens and go forward.
  bool has_places() {
    std::uint64_t at = 0;
    bool any = false;
    for (const Row& row : rows_) {
      any = any || row.place;
      const bool fits = row.place && row.place->begin >= at &&
                        row.place->end - row.place->begin == code_point_count(row.token);
      if (!fits) {
        if (any) problems_.push_back({row.line_number, "offsets do not fit the token"});
        return false;
      }
      at = row.place->end;
    }
    return true;
  }

  Status add_document() {
    LabelledText text;
    text.id = id_;
    const bool placed = has_places();
    std::string utf8;
    std::uint64_t at = 0;
    for (const Row& row : rows_) {
      const bool breaks = row.begins_sentence && !utf8.empty();
      const std::uint64_t begin = placed ? row.place->begin : at + (utf8.empty() ? 0 : 1);
      if (begin - at > gap_max) {
        return fail(ErrorCode::TooLarge, "offsets leave a gap of over a million characters",
                    "line " + std::to_string(row.line_number), "export the file again");
      }
      if (begin > at) {
        utf8.append(1, breaks ? '\n' : ' ');
        utf8.append(begin - at - 1, ' ');
      }
      utf8 += row.token;
      at = begin + code_point_count(row.token);
      if (row.begins_sentence || text.sentences.empty()) text.sentences.push_back({begin, at});
      text.sentences.back().end = at;
      text.tokens.push_back({begin, at});
      add_tag(text, tag_of(row.tag), text.tokens.back(), row);
    }
    text.text = CSL_TRY(CanonicalText::from_utf8(std::move(utf8)));
    text.problems = std::move(problems_);
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(other_column_count_, 1); ++i) {
      add_problem(text, "columns between token and tag are not read");
    }
    open_ = false;
    complete(text);
    texts_.push_back(std::move(text));
    return {};
  }

  void add_tag(LabelledText& text, Tag tag, TextSpan token, const Row& row) {
    if (tag.prefix == 'O') {
      if (row.tag != "O") {
        problems_.push_back({row.line_number, "the tag is of no known scheme"});
      }
      open_ = false;
      return;
    }
    const bool begins = tag.prefix == 'B' || tag.prefix == 'S' || tag.prefix == 'U';
    const bool ends = std::string_view("ELSU").contains(tag.prefix);
    if (!begins && open_ && text.mentions.back().type == tag.type) {
      text.mentions.back().ranges.back().end = token.end;
    } else {
      text.mentions.push_back({.type = std::string(tag.type), .ranges = {token}});
    }
    open_ = !ends;
  }

  std::vector<LabelledText> texts_;
  std::vector<Row> rows_;
  std::vector<TextProblem> problems_;
  std::string id_;
  bool begins_sentence_ = true;
  bool open_ = false;  // the last mention may go on
  std::uint64_t other_column_count_ = 0;
};

}  // namespace

Result<std::vector<LabelledText>> read_conll(std::string_view bytes) {
  CSL_TRY(check_utf8(bytes));
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return Reader().read(bytes);
}

}  // namespace consilium
