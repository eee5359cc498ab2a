// WebAnno TSV 3.0 to 3.3, read: a table of units (tokens, and parts of them) with a column for each
// feature of each layer.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/utf8.hpp"
#include "format/uima/cas.hpp"
#include "format/uima/uima.hpp"
#include "format/uima/webanno_table.hpp"
#include "format/uima/webanno_two.hpp"

namespace consilium {
namespace {

using cas::Annotation;
using cas::Column;
using cas::ColumnKind;
using cas::Layer;
using cas::LayerKind;

constexpr std::uint64_t gap_max = 1U << 20U;

// UTF-16 units, until the whole text is there.
struct Place {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::uint64_t utf16_size(std::string_view utf8) {
  std::uint64_t size = 0;
  for (std::size_t at = 0; at < utf8.size();) {
    size += next_code_point(utf8, at) >= 0x10000 ? 2U : 1U;
  }
  return size;
}

struct Marked {
  std::string_view value;
  std::string_view mark;  // within the brackets at its end
};
Marked marked(std::string_view cell) {
  if (!cell.ends_with(']') || cell.ends_with("\\]")) return {cell, {}};
  const std::size_t open = cell.rfind('[');
  if (open == std::string_view::npos) return {cell, {}};
  const std::string_view before = cell.substr(0, open);
  const std::size_t last = before.find_last_not_of('\\');
  const std::size_t marks = before.size() - (last == std::string_view::npos ? 0 : last + 1);
  if (marks % 2 == 1) return {cell, {}};  // "\[" is a bracket of the value
  return {cell.substr(0, open), cell.substr(open + 1, cell.size() - open - 2)};
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : lines_(bytes) {}

  Result<LabelledText> read() {
    std::string_view line;
    bool in_header = true;
    while (lines_.next(line)) {
      if (in_header && line.starts_with("#T_")) {
        CSL_TRY(take_layer(line));
      } else if (line.starts_with("#Text=") || line.starts_with("#Sentence.id=")) {
        in_header = false;
        if (line.starts_with("#Text=")) take_text(line.substr(6));
      } else if (line.empty() || (in_header && line.starts_with('#'))) {
        is_open_ = false;
      } else {
        CSL_TRY(take_unit(line));
      }
    }
    return finish();
  }

 private:
  std::unexpected<Error> broken(std::string_view what) const {
    return fail(ErrorCode::Corrupt, std::string(what), fmt::format("line {}", lines_.number()),
                "export the file again");
  }

  Status take_layer(std::string_view line) {
    if (line.size() <= 6 || line[5] != '=') return broken("a layer is declared in part");
    Layer layer;
    if (line.starts_with("#T_CH=")) layer.kind = LayerKind::Chain;
    if (line.starts_with("#T_RL=")) layer.kind = LayerKind::Relation;
    const auto fields = parted(line.substr(6), '|');
    layer.type = fields[0];
    const std::size_t index = table_.layers.size();
    for (std::size_t i = 1; i < fields.size(); ++i) {
      const std::string_view field = fields[i];
      Column column{.layer = index, .feature = std::string(field)};
      if (field.empty()) {
        column.kind = ColumnKind::Placeholder;
      } else if (field.starts_with("ROLE_")) {
        column.kind = ColumnKind::SlotRole;
      } else if (field.starts_with("BT_")) {
        column.kind = ColumnKind::Source;
        layer.base = field.substr(3);
      } else if (i > 1 && table_.columns.back().kind == ColumnKind::SlotRole) {
        column.kind = ColumnKind::SlotTarget;
      }
      table_.columns.push_back(std::move(column));
    }
    if (fields.size() == 1) table_.columns.push_back({index, ColumnKind::Placeholder, {}});
    table_.layers.push_back(std::move(layer));
    return {};
  }

  void take_text(std::string_view text) {
    if (is_open_) {
      pending_ += '\n';
    } else {
      pending_.clear();
      has_pending_ = true;
    }
    is_open_ = true;
    pending_ += cas::unescaped_text(text);
  }

  // The sentence's text stands where its first token does.
  Status place_sentence(std::uint64_t begin) {
    has_pending_ = false;
    is_open_ = false;
    if (begin < utf16_count_) return broken("a sentence begins within the one before it");
    if (begin - utf16_count_ > gap_max) return broken("a gap of over a million characters");
    for (bool is_first = true; utf16_count_ < begin; is_first = false) {
      utf8_ += is_first && !sentences_.empty() ? '\n' : ' ';
      ++utf16_count_;
    }
    const std::uint64_t end = utf16_count_ + utf16_size(pending_);
    sentences_.push_back({utf16_count_, end});
    utf8_ += pending_;
    utf16_count_ = end;
    return {};
  }

  Status take_unit(std::string_view line) {
    const auto fields = parted(line, '\t');
    const auto offsets =
        fields.size() < 3 ? std::vector<std::string_view>{} : parted(fields[1], '-');
    const auto begin = offsets.size() == 2 ? whole_number(offsets[0]) : std::nullopt;
    const auto end = offsets.size() == 2 ? whole_number(offsets[1]) : std::nullopt;
    if (!begin || !end || *begin > *end) return broken("a line is no token");
    if (fields.size() < table_.columns.size() + 3) return broken("a line has too few columns");
    const std::string unit(fields[0]);
    if (!unit.contains('.')) {
      if (has_pending_) CSL_TRY(place_sentence(*begin));
      tokens_.push_back({*begin, *end});
    }
    if (!units_.emplace(unit, Place{*begin, *end}).second) return broken("a token comes twice");
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const std::string_view cell = fields[i + 3];
      if (cell == "_") continue;
      const auto parts = cas::parts_of_cell(cell, '|');
      for (std::size_t k = 0; k < parts.size(); ++k) {
        CSL_TRY(take_value(table_.columns[i], unit, {*begin, *end}, k, parts[k]));
      }
    }
    return {};
  }

  Status take_value(const Column& column, const std::string& unit, Place place, std::size_t index,
                    std::string_view cell) {
    switch (table_.layers[column.layer].kind) {
      case LayerKind::Span:
        return take_span(column, unit, place, index, cell);
      case LayerKind::Chain:
        return take_chain(column, unit, place, index, cell);
      case LayerKind::Relation:
        return take_relation(column, unit, place, index, cell);
    }
    return {};
  }

  // An annotation is known by its number, or by its unit, layer and place in the stack.
  std::size_t annotation_at(std::size_t layer, const std::string& unit, Place place,
                            std::size_t index, std::optional<std::uint64_t> number) {
    const std::string key = fmt::format("{} {} {}", unit, layer, index);
    if (const auto found = by_unit_.find(key); found != by_unit_.end()) return found->second;
    if (number) {
      if (const auto found = by_number_.find(*number);
          found != by_number_.end() &&
          annotations_[found->second].type == table_.layers[layer].type) {
        Place& whole = places_[found->second];
        whole.begin = std::min(whole.begin, place.begin);
        whole.end = std::max(whole.end, place.end);
        by_unit_.emplace(key, found->second);
        return found->second;
      }
    }
    const std::size_t at = annotations_.size();
    annotations_.push_back({.id = at + 1, .type = table_.layers[layer].type, .span = {}});
    places_.push_back(place);
    by_unit_.emplace(key, at);
    if (number) by_number_.emplace(*number, at);
    return at;
  }

  static void set_feature(Annotation& annotation, const std::string& name, std::string_view value) {
    if (value == "*") return;
    const auto known = std::ranges::find(annotation.features, name, &TextAttribute::name);
    if (known == annotation.features.end()) {
      annotation.features.push_back({name, cas::unescaped_value(value)});
    }
  }

  struct Slot {
    std::size_t host = 0;
    std::vector<std::string> roles = {};
    std::vector<std::string> targets = {};  // "2-3[4]"
  };

  Status take_span(const Column& column, const std::string& unit, Place place, std::size_t index,
                   std::string_view cell) {
    // A target's brackets are of the target.
    const Marked value = column.kind == ColumnKind::SlotTarget ? Marked{cell, {}} : marked(cell);
    const std::size_t at =
        annotation_at(column.layer, unit, place, index, whole_number(value.mark));
    if (column.kind == ColumnKind::Feature) {
      set_feature(annotations_[at], column.feature, value.value);
    } else if (column.kind == ColumnKind::SlotRole && value.value != "_") {
      Slot& slot = slots_.emplace(at, Slot{.host = at}).first->second;
      if (!slot.roles.empty()) return {};
      for (const std::string_view role : cas::parts_of_cell(value.value, ';')) {
        slot.roles.push_back(role == "*" ? std::string() : cas::unescaped_value(role));
      }
    } else if (column.kind == ColumnKind::SlotTarget && value.value != "_") {
      Slot& slot = slots_.emplace(at, Slot{.host = at}).first->second;
      if (!slot.targets.empty()) return {};
      for (const std::string_view target : cas::parts_of_cell(value.value, ';')) {
        slot.targets.emplace_back(target);
      }
    }
    return {};
  }

  // "pr[1]" in one column and "coref->1-2" in the other: chain 1, its second link.
  Status take_chain(const Column& column, const std::string& unit, Place place, std::size_t index,
                    std::string_view cell) {
    if (column.feature == cas::link_relation_feature) {
      const std::size_t arrow = cell.rfind("->");
      const auto numbers = arrow == std::string_view::npos ? std::vector<std::string_view>{}
                                                           : parted(cell.substr(arrow + 2), '-');
      const auto chain = numbers.size() == 2 ? whole_number(numbers[0]) : std::nullopt;
      const auto link = numbers.size() == 2 ? whole_number(numbers[1]) : std::nullopt;
      if (!chain || !link) return broken("a link of a chain is not numbered");
      const std::size_t at = chain_link(column.layer, unit, place, index, *chain, *link);
      if (cell.substr(0, arrow) != "*") {
        set_feature(annotations_[at], column.feature, cell.substr(0, arrow));
      }
      return {};
    }
    const Marked value = marked(cell);
    const auto key = fmt::format("{} {} {}", unit, column.layer, index);
    if (const auto found = by_unit_.find(key); found != by_unit_.end()) {
      set_feature(annotations_[found->second], column.feature, value.value);
    } else {  // its column comes first
      early_[key].push_back({column.feature, std::string(value.value)});
    }
    return {};
  }

  std::size_t chain_link(std::size_t layer, const std::string& unit, Place place, std::size_t index,
                         std::uint64_t chain, std::uint64_t link) {
    const auto key = fmt::format("{} {} {}", unit, layer, index);
    auto& links = chains_[{layer, chain}];
    if (const auto found = links.find(link); found != links.end()) {
      places_[found->second].end = std::max(places_[found->second].end, place.end);
      by_unit_.emplace(key, found->second);
    } else {
      links.emplace(link, annotation_at(layer, unit, place, index, std::nullopt));
    }
    Annotation& annotation = annotations_[links.at(link)];
    for (const TextAttribute& one : early_[key]) set_feature(annotation, one.name, one.value);
    return links.at(link);
  }

  struct Arrow {
    std::size_t relation = 0;
    std::size_t layer = 0;
    std::string unit;
    std::string source;  // "1-2[3_4]"
    std::uint64_t line_number = 0;
  };

  Status take_relation(const Column& column, const std::string& unit, Place place,
                       std::size_t index, std::string_view cell) {
    const std::size_t at = annotation_at(column.layer, unit, place, index, std::nullopt);
    if (column.kind == ColumnKind::Feature) {
      set_feature(annotations_[at], column.feature, marked(cell).value);
    } else if (column.kind == ColumnKind::Source) {
      arrows_.push_back({at, column.layer, unit, std::string(cell), lines_.number()});
    }
    return {};
  }

  // The annotation at a unit: by its number, else the only one of the layer, else the token itself.
  std::optional<std::uint64_t> end_at(const std::string& unit, std::string_view base,
                                      std::optional<std::uint64_t> number) {
    if (number && *number != 0) {
      const auto found = by_number_.find(*number);
      if (found != by_number_.end()) return annotations_[found->second].id;
    }
    for (std::size_t layer = 0; layer < table_.layers.size(); ++layer) {
      const bool may_be =
          table_.layers[layer].kind != LayerKind::Relation &&
          (base.empty() || base == table_.layers[layer].type || base == "uima.tcas.Annotation");
      const auto found = by_unit_.find(fmt::format("{} {} 0", unit, layer));
      if (may_be && found != by_unit_.end()) return annotations_[found->second].id;
    }
    const auto place = units_.find(unit);
    if (place == units_.end()) return std::nullopt;
    const auto [known, is_new] = on_tokens_.try_emplace(unit, annotations_.size());
    if (is_new) {
      annotations_.push_back(
          {.id = known->second + 1,
           .type = base.empty() ? std::string(cas::token_type) : std::string(base),
           .span = {}});
      places_.push_back(place->second);
    }
    return annotations_[known->second].id;
  }

  void tie_arrow(const Arrow& arrow) {
    const Marked value = marked(arrow.source);
    const auto numbers = parted(value.mark, '_');
    const std::string& base = table_.layers[arrow.layer].base;
    const auto source = end_at(std::string(value.value), base,
                               numbers.size() == 2 ? whole_number(numbers[0]) : std::nullopt);
    const auto target =
        end_at(arrow.unit, base, numbers.size() == 2 ? whole_number(numbers[1]) : std::nullopt);
    if (!source || !target) {
      add_problem("a relation points to no token", arrow.line_number);
      return;
    }
    annotations_[arrow.relation].source = source;
    annotations_[arrow.relation].target = target;
  }

  void tie_slot(const Slot& slot) {
    if (slot.roles.size() != slot.targets.size()) {
      add_problem("slots have not as many roles as targets", 0);
    }
    const std::size_t count = std::min(slot.roles.size(), slot.targets.size());
    for (std::size_t i = 0; i < count; ++i) {
      const Marked value = marked(slot.targets[i]);
      const auto target = end_at(std::string(value.value), {}, whole_number(value.mark));
      if (!target) {
        add_problem("a slot points to no token", 0);
        continue;
      }
      annotations_[slot.host].has_slots = true;
      annotations_[slot.host].links.push_back({slot.roles[i], *target});
    }
  }

  void add_problem(std::string what, std::uint64_t line_number) {
    document_.problems.push_back({line_number, std::move(what)});
  }

  Result<LabelledText> finish() {
    if (sentences_.empty()) {
      return fail(ErrorCode::InvalidInput, "the table has no text", {},
                  "give WebAnno TSV 3, with a line #Text= before each sentence");
    }
    for (const Arrow& arrow : arrows_) tie_arrow(arrow);
    for (const auto& [at, slot] : slots_) tie_slot(slot);
    document_.text = CSL_TRY(CanonicalText::from_utf8(std::move(utf8_)));
    const auto turned = [&](const Place& place) {
      return to_code_points(document_.text, place.begin, place.end, OffsetUnit::Utf16);
    };
    const auto add_all = [&](const std::vector<Place>& from, std::vector<TextSpan>& to) {
      for (const Place& place : from) {
        if (const auto span = turned(place)) {
          to.push_back(*span);
        } else {
          add_problem("a range leads past the text", 0);
        }
      }
    };
    add_all(sentences_, document_.sentences);
    add_all(tokens_, document_.tokens);
    for (std::size_t i = 0; i < annotations_.size(); ++i) {
      const auto span = turned(places_[i]);
      const bool is_relation = is_relation_layer(annotations_[i].type);
      if (is_relation && !annotations_[i].source) continue;  // told already
      if (!span) {
        add_problem("a range leads past the text", 0);
        continue;
      }
      annotations_[i].span = *span;
      document_.annotations.push_back(annotations_[i]);
    }
    for (const auto& [key, links] : chains_) {
      cas::Chain chain{
          .type = cas::chain_of_link(table_.layers[key.first].type), .members = {}, .links = {}};
      for (const auto& [number, at] : links) {
        chain.members.push_back(annotations_[at].id);
        const auto found = std::ranges::find(annotations_[at].features, cas::link_relation_feature,
                                             &TextAttribute::name);
        chain.links.push_back(found == annotations_[at].features.end() ? "" : found->value);
      }
      document_.chains.push_back(std::move(chain));
    }
    return cas::labelled_of(std::move(document_));
  }

  bool is_relation_layer(const std::string& type) const {
    return std::ranges::any_of(table_.layers, [&](const Layer& layer) {
      return layer.kind == LayerKind::Relation && layer.type == type;
    });
  }

  TextLines lines_;
  cas::Table table_;
  std::string utf8_;
  std::uint64_t utf16_count_ = 0;
  std::string pending_;
  bool has_pending_ = false;
  bool is_open_ = false;  // the line before was the same sentence's text
  std::vector<Place> sentences_;
  std::vector<Place> tokens_;
  std::map<std::string, Place> units_;
  std::vector<Annotation> annotations_;
  std::vector<Place> places_;  // of the annotations
  std::map<std::string, std::size_t> by_unit_;
  std::map<std::uint64_t, std::size_t> by_number_;
  std::map<std::string, std::size_t> on_tokens_;
  std::map<std::size_t, Slot> slots_;
  std::vector<Arrow> arrows_;
  std::map<std::pair<std::size_t, std::uint64_t>, std::map<std::uint64_t, std::size_t>> chains_;
  std::map<std::string, std::vector<TextAttribute>> early_;
  cas::Document document_;
};

}  // namespace

Result<LabelledText> read_webanno_tsv(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  CSL_TRY(check_utf8(bytes));
  if (bytes.starts_with(" # ")) return cas::read_webanno_two(bytes);
  return Reader(bytes).read();
}

}  // namespace consilium
