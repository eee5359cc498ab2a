#include "format/uima/webanno_two.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/utf8.hpp"
#include "format/uima/cas.hpp"
#include "format/uima/webanno_table.hpp"

namespace consilium::cas {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : lines_(bytes) {}

  Result<LabelledText> read() {
    std::string_view line;
    while (lines_.next(line)) {
      if (line.starts_with(" # ")) {
        take_header(line.substr(1));
      } else if (line.starts_with("#text=")) {
        begin_sentence(line.substr(6));
      } else if (!line.empty() && !line.starts_with('#')) {
        CSL_TRY(take_token(line));
      }
    }
    if (document_.sentences.empty()) {
      return fail(ErrorCode::InvalidInput, "the table has no text", {},
                  "give WebAnno TSV 2, with a line #text= before each sentence");
    }
    for (const Arrow& arrow : arrows_) tie(arrow);
    for (Annotation& one : annotations_) {
      const bool is_relation = relation_types_.contains(one.type);
      if (!is_relation || one.source) document_.annotations.push_back(std::move(one));
    }
    document_.text = CSL_TRY(CanonicalText::from_utf8(std::move(utf8_)));
    return labelled_of(std::move(document_));
  }

 private:
  void take_header(std::string_view line) {
    for (const std::string_view part : parted(line, '#')) {
      const auto fields = parted(part, '|');
      Layer layer{.type = std::string(trimmed(fields[0]))};
      if (layer.type.empty()) continue;
      const std::size_t index = table_.layers.size();
      for (std::size_t i = 1; i < fields.size(); ++i) {
        const std::string_view field = trimmed(fields[i]);
        if (field.starts_with("AttachTo=")) {
          layer.kind = LayerKind::Relation;
          layer.base = field.substr(9);
          table_.columns.push_back({index, ColumnKind::Source, {}});
        } else {
          table_.columns.push_back({index, ColumnKind::Feature, std::string(field)});
        }
      }
      if (fields.size() == 1) table_.columns.push_back({index, ColumnKind::Placeholder, {}});
      if (layer.kind == LayerKind::Relation) relation_types_.emplace(layer.type, true);
      table_.layers.push_back(std::move(layer));
    }
  }

  void begin_sentence(std::string_view text) {
    if (!utf8_.empty()) {
      utf8_ += '\n';
      ++count_;
    }
    at_byte_ = utf8_.size();
    at_ = count_;
    utf8_ += text;
    count_ += code_point_count(text);
    document_.sentences.push_back({at_, count_});
  }

  Status take_token(std::string_view line) {
    const auto fields = parted(line, '\t');
    const std::string_view word = fields.size() > 1 ? fields[1] : std::string_view{};
    const std::size_t found = word.empty() ? std::string::npos : utf8_.find(word, at_byte_);
    if (found == std::string::npos || fields.size() < table_.columns.size() + 2) {
      return fail(ErrorCode::Corrupt, "a token is not in its sentence's text",
                  fmt::format("line {}", lines_.number()), "export the file again");
    }
    at_ += code_point_count(std::string_view(utf8_).substr(at_byte_, found - at_byte_));
    const TextSpan span{at_, at_ + code_point_count(word)};
    at_ = span.end;
    at_byte_ = found + word.size();
    document_.tokens.push_back(span);
    const std::string unit(fields[0]);
    spans_.emplace(unit, span);
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const std::string_view cell = fields[i + 2];
      if (cell == "_" || cell == "O" || cell.empty()) continue;
      const auto parts = parts_of_cell(cell, '|');
      for (std::size_t k = 0; k < parts.size(); ++k) {
        take_value(table_.columns[i], unit, span, k, parts[k]);
      }
    }
    last_unit_ = unit;
    return {};
  }

  static std::string key_of(std::string_view unit, std::size_t layer, std::size_t index) {
    return fmt::format("{} {} {}", unit, layer, index);
  }

  void take_value(const Column& column, const std::string& unit, TextSpan span, std::size_t index,
                  std::string_view value) {
    const std::string key = key_of(unit, column.layer, index);
    const bool goes_on = value.starts_with("I-");
    if (goes_on && !by_unit_.contains(key)) {
      const auto before = by_unit_.find(key_of(last_unit_, column.layer, index));
      if (before != by_unit_.end()) by_unit_.emplace(key, before->second);
    }
    const auto [known, is_new] = by_unit_.try_emplace(key, annotations_.size());
    if (is_new) {
      annotations_.push_back(
          {.id = annotations_.size() + 1, .type = table_.layers[column.layer].type, .span = span});
    }
    Annotation& annotation = annotations_[known->second];
    annotation.span.end = std::max(annotation.span.end, span.end);
    if (column.kind == ColumnKind::Source) {
      arrows_.push_back({known->second, column.layer, unit, std::string(value)});
      return;
    }
    if (column.kind != ColumnKind::Feature || goes_on) return;
    if (value.starts_with("B-")) value.remove_prefix(2);
    if (value != "*" && !value.empty()) {
      annotation.features.push_back({column.feature, unescaped_value(value)});
    }
  }

  struct Arrow {
    std::size_t relation = 0;
    std::size_t layer = 0;
    std::string unit;
    std::string source;
  };

  std::optional<std::uint64_t> end_at(const std::string& unit, const std::string& base) {
    for (std::size_t layer = 0; layer < table_.layers.size(); ++layer) {
      const auto found = by_unit_.find(key_of(unit, layer, 0));
      if (table_.layers[layer].type == base && found != by_unit_.end()) {
        return annotations_[found->second].id;
      }
    }
    const auto span = spans_.find(unit);
    if (span == spans_.end()) return std::nullopt;
    const auto [known, is_new] = on_tokens_.try_emplace(unit, annotations_.size());
    if (is_new) {
      annotations_.push_back(
          {.id = annotations_.size() + 1, .type = std::string(base), .span = span->second});
    }
    return annotations_[known->second].id;
  }

  void tie(const Arrow& arrow) {
    const std::string base = table_.layers[arrow.layer].base;
    const auto source = end_at(arrow.source, base);
    const auto target = end_at(arrow.unit, base);
    if (!source || !target) {
      document_.problems.push_back({0, "a relation points to no token"});
      return;
    }
    annotations_[arrow.relation].source = source;
    annotations_[arrow.relation].target = target;
  }

  TextLines lines_;
  Table table_;
  std::map<std::string, bool> relation_types_;
  std::string utf8_;
  std::uint64_t count_ = 0;  // code points of it
  std::size_t at_byte_ = 0;  // where the next token is looked for
  std::uint64_t at_ = 0;     // the same in code points
  std::map<std::string, TextSpan> spans_;
  std::string last_unit_;
  std::vector<Annotation> annotations_;
  std::map<std::string, std::size_t> by_unit_;
  std::map<std::string, std::size_t> on_tokens_;
  std::vector<Arrow> arrows_;
  Document document_;
};

}  // namespace

Result<LabelledText> read_webanno_two(std::string_view bytes) { return Reader(bytes).read(); }

}  // namespace consilium::cas
