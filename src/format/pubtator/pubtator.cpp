#include "format/pubtator/pubtator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/utf8.hpp"

namespace consilium {
namespace {

struct MentionLine {
  std::uint64_t line_number = 0;
  std::vector<std::string_view> columns;
};

struct Block {
  std::string_view id;
  std::optional<std::string_view> title;
  std::optional<std::string_view> abstract;
  std::vector<MentionLine> lines;
  std::vector<TextProblem> problems;
};

class Reader {
 public:
  Result<std::vector<LabelledText>> read(std::string_view bytes) {
    TextLines lines(bytes);
    std::string_view line;
    while (lines.next(line)) {
      if (line.empty()) {
        CSL_TRY(end_block());
      } else {
        CSL_TRY(take(line, lines.number()));
      }
    }
    CSL_TRY(end_block());
    return std::move(texts_);
  }

 private:
  Status take(std::string_view line, std::uint64_t number) {
    const auto bars = parted(line, '|', 3);
    const bool is_text =
        bars.size() == 3 && (bars[1] == "t" || bars[1] == "a") && !bars[0].contains('\t');
    if (is_text && bars[1] == "t" && block_.title) CSL_TRY(end_block());  // no blank line between
    if (is_text) {
      block_.id = bars[0];
      (bars[1] == "t" ? block_.title : block_.abstract) = bars[2];
    } else if (line.contains('\t')) {
      block_.lines.push_back({number, parted(line, '\t', 16)});
    } else {
      block_.problems.push_back({number, "the line is neither text nor a mention"});
    }
    return {};
  }

  Status end_block() {
    Block block = std::exchange(block_, {});
    if (!block.title && !block.abstract) {
      if (!block.lines.empty() && !texts_.empty()) {
        add_problem(texts_.back(), "mentions stand without their text",
                    block.lines.front().line_number);
      }
      return {};
    }
    LabelledText text;
    text.id = block.id;
    text.problems = std::move(block.problems);
    std::string utf8(block.title.value_or(std::string_view{}));
    const std::uint64_t title_size = code_point_count(utf8);
    if (block.abstract) {
      utf8 += '\n';
      utf8 += *block.abstract;
    }
    text.text = CSL_TRY(CanonicalText::from_utf8(std::move(utf8)));
    text.sections.push_back({0, title_size});
    if (block.abstract) text.sections.push_back({title_size + 1, text.text.code_point_count()});
    add_lines(text, block);
    complete(text);
    texts_.push_back(std::move(text));
    return {};
  }

  static void add_lines(LabelledText& text, const Block& block) {
    std::vector<StatedSpan> stated;
    for (const MentionLine& line : block.lines) {
      if (line.columns.size() < 5) continue;
      const auto begin = whole_number(line.columns[1]);
      const auto end = whole_number(line.columns[2]);
      if (begin && end) stated.push_back({*begin, *end, line.columns[3]});
    }
    const OffsetUnit unit = unit_of(text.text, stated, OffsetUnit::CodePoint);
    if (unit != OffsetUnit::CodePoint) {
      add_problem(text, unit == OffsetUnit::Utf8 ? "offsets count bytes; they were turned"
                                                 : "offsets count UTF-16 units; they were turned");
    }
    std::map<std::string_view, std::string> first_of_concept;
    for (const MentionLine& line : block.lines) {
      if (line.columns.size() >= 5) add_mention(text, line, unit, first_of_concept);
    }
    for (const MentionLine& line : block.lines) {
      if (line.columns.size() < 5) add_relation(text, line, first_of_concept);
    }
  }

  static void add_mention(LabelledText& text, const MentionLine& line, OffsetUnit unit,
                          std::map<std::string_view, std::string>& first_of_concept) {
    const auto& columns = line.columns;
    const auto begin = whole_number(columns[1]);
    const auto end = whole_number(columns[2]);
    const auto span = begin && end ? to_code_points(text.text, *begin, *end, unit) : std::nullopt;
    if (columns[0] != text.id) return add_problem(text, "the id is another's", line.line_number);
    if (!span || span->begin == span->end) {
      return add_problem(text, "a range is empty, reversed or leads past the text",
                         line.line_number);
    }
    TextMention mention{.id = fmt::format("T{}", text.mentions.size() + 1),
                        .type = std::string(columns[4]),
                        .ranges = {*span}};
    if (text.text.slice(*span) != columns[3]) {
      add_problem(text, "the text is not what the file says", line.line_number);
    }
    if (columns.size() > 5) {
      for (const std::string_view code : parted(columns[5], '|')) {
        if (code.empty() || code == "-1" || code == "-") continue;
        mention.concepts.push_back(concept_of(code));
        first_of_concept.emplace(code, mention.id);
      }
    }
    text.mentions.push_back(std::move(mention));
  }

  static void add_relation(LabelledText& text, const MentionLine& line,
                           const std::map<std::string_view, std::string>& first_of_concept) {
    if (line.columns.size() != 4 || line.columns[0] != text.id) {
      return add_problem(text, "the line is neither mention nor relation", line.line_number);
    }
    const auto from = first_of_concept.find(line.columns[2]);
    const auto to = first_of_concept.find(line.columns[3]);
    if (from == first_of_concept.end() || to == first_of_concept.end()) {
      return add_problem(text, "a relation's concept has no mention", line.line_number);
    }
    text.relations.push_back(
        {.type = std::string(line.columns[1]), .from = {"", from->second}, .to = {"", to->second}});
  }

  std::vector<LabelledText> texts_;
  Block block_;
};

// Within a column or line.
std::string plain(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out;
}

class Writer {
 public:
  void add(const LabelledText& text) {
    const std::string id = id_of(text);
    const std::string_view utf8 = text.text.utf8();
    const std::size_t end = utf8.find('\n');
    fmt::format_to(std::back_inserter(file_.bytes), "{}|t|{}\n", id, utf8.substr(0, end));
    if (end != std::string_view::npos) {
      fmt::format_to(std::back_inserter(file_.bytes), "{}|a|{}\n", id, utf8.substr(end + 1));
    }
    note_sections(text);
    std::map<std::string, std::string> concepts;
    for (const TextMention& m : text.mentions) {
      std::string codes;
      for (const TextConcept& c : m.concepts) {
        if (!codes.empty()) codes += '|';
        codes += plain(reference_of(c));
      }
      if (!m.concepts.empty()) concepts[m.id] = plain(reference_of(m.concepts.front()));
      const std::string surface = plain(surface_of(text.text, m.ranges));
      if (surface != surface_of(text.text, m.ranges)) ++losses_["line ends in surfaces"];
      const std::string type = plain(m.type.empty() ? "unnamed" : m.type);
      fmt::format_to(std::back_inserter(file_.bytes), "{}\t{}\t{}\t{}\t{}", id,
                     m.ranges.front().begin, m.ranges.front().end, surface, type);
      if (!codes.empty()) file_.bytes += '\t' + codes;
      file_.bytes += '\n';
    }
    for (const TextRelation& r : text.relations) {
      fmt::format_to(std::back_inserter(file_.bytes), "{}\t{}\t{}\t{}\n", id, plain(r.type),
                     concepts[r.from.target], concepts[r.to.target]);
    }
    file_.bytes += '\n';
  }

  PubtatorFile finish() {
    for (const auto& [kind, count] : losses_) file_.losses.push_back({kind, count});
    return std::move(file_);
  }

 private:
  // The id has no bar and no tab.
  std::string id_of(const LabelledText& text) {
    ++count_;
    std::string id = plain(text.id);
    std::ranges::replace(id, '|', '_');
    return id.empty() ? fmt::format("{}", count_) : id;
  }

  void note_sections(const LabelledText& text) {
    if (text.sections.size() > 2) losses_["sections"] += text.sections.size() - 2;
  }

  PubtatorFile file_;
  std::uint64_t count_ = 0;
  std::map<std::string, std::uint64_t> losses_;
};

}  // namespace

Result<std::vector<LabelledText>> read_pubtator(std::string_view bytes) {
  CSL_TRY(check_utf8(bytes));
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return Reader().read(bytes);
}

PubtatorFile write_pubtator(std::span<const LabelledText> texts) {
  Writer writer;
  for (const LabelledText& text : texts) writer.add(text);
  return writer.finish();
}

}  // namespace consilium
