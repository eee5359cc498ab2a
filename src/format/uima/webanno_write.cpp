// WebAnno TSV 3.3, written. Units are tokens and, where an annotation begins or ends within one,
// parts of it.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "format/uima/cas.hpp"
#include "format/uima/uima.hpp"
#include "format/uima/webanno_table.hpp"

namespace consilium {
namespace {

using cas::Annotation;
using cas::Column;
using cas::ColumnKind;

bool are_sound(const std::vector<TextSpan>& spans, std::uint64_t size) {
  std::uint64_t at = 0;
  for (const TextSpan& span : spans) {
    if (span.begin < at || span.begin >= span.end || span.end > size) return false;
    at = span.end;
  }
  return true;
}

// Tokens that do not overlap, and blanks where an annotation begins or ends among them.
std::vector<TextSpan> tokens_for(const cas::Document& document) {
  const std::uint64_t size = document.text.code_point_count();
  std::vector<TextSpan> words = document.tokens;
  if (words.empty() || !are_sound(words, size)) words = plain_tokens(document.text);
  std::set<std::uint64_t> touched;  // characters at an annotation's edge
  for (const Annotation& one : document.annotations) {
    if (one.span.begin < one.span.end) {
      touched.insert({one.span.begin, one.span.end - 1});
    } else if (size > 0) {
      touched.insert(std::min(one.span.begin, size - 1));
    }
  }
  std::vector<TextSpan> tokens;
  std::uint64_t at = 0;
  const auto fill_to = [&](std::uint64_t end) {
    const auto next = touched.lower_bound(at);
    if (at < end && next != touched.end() && *next < end) tokens.push_back({at, end});
  };
  for (const TextSpan& word : words) {
    // The text that comes before the first token is not written but as blanks.
    const bool is_first = at == 0 && tokens.empty() && word.begin > 0;
    const std::string_view lead =
        is_first ? document.text.slice({0, word.begin}).value_or("") : std::string_view{};
    if (is_first && lead.find_first_not_of(' ') != std::string_view::npos) {
      tokens.push_back({0, word.begin});
    } else {
      fill_to(word.begin);
    }
    tokens.push_back(word);
    at = word.end;
  }
  fill_to(size);
  if (tokens.empty()) tokens.push_back({0, size});
  return tokens;
}

struct Unit {
  std::string id;
  TextSpan span;
  std::vector<std::size_t> annotations;  // in the order of the document
};

class Writer {
 public:
  explicit Writer(const cas::Document& document) : document_(document) {}

  std::string write() {
    make_units();
    declare_layers();
    number_links();
    number_annotations();
    std::string out = "#FORMAT=WebAnno TSV 3.3\n" + header_ + "\n";
    for (std::size_t i = 0; i < sentences_.size(); ++i) {
      out += "\n";
      const std::string_view text = document_.text.slice(sentences_[i].text).value_or("");
      for (const std::string_view line : parted(text, '\n', text.size() + 1)) {
        out += "#Text=" + cas::escaped_text(line) + "\n";
      }
      for (std::size_t u = sentences_[i].first_unit; u < sentences_[i].end_unit; ++u) {
        write_unit(units_[u], out);
      }
    }
    return out;
  }

 private:
  struct Sentence {
    TextSpan text;
    std::size_t first_unit = 0;
    std::size_t end_unit = 0;
  };

  // A sentence begins with a token. Only one line end may stand between two, as readers put one.
  std::vector<std::pair<std::size_t, std::size_t>> grouped(
      const std::vector<TextSpan>& tokens) const {
    std::vector<TextSpan> sentences = document_.sentences;
    if (sentences.empty() || !are_sound(sentences, document_.text.code_point_count())) {
      sentences = plain_sentences(document_.text);
    }
    std::vector<std::pair<std::size_t, std::size_t>> groups;
    std::size_t next = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      bool begins = i == 0;
      while (next < sentences.size() && sentences[next].begin <= tokens[i].begin) {
        begins = true;
        ++next;
      }
      if (begins) groups.emplace_back(i, i);
      groups.back().second = i + 1;
    }
    return groups;
  }

  void make_units() {
    const std::vector<TextSpan> tokens = tokens_for(document_);
    const auto groups = grouped(tokens);
    std::vector<std::vector<std::size_t>> on_token(tokens.size());
    for (std::size_t a = 0; a < document_.annotations.size(); ++a) {
      for (const std::size_t t : tokens_under(tokens, document_.annotations[a].span)) {
        on_token[t].push_back(a);
      }
    }
    for (std::size_t g = 0; g < groups.size(); ++g) {
      Sentence sentence{.text = {tokens[groups[g].first].begin, 0}, .first_unit = units_.size()};
      for (std::size_t t = groups[g].first; t < groups[g].second; ++t) {
        add_token(fmt::format("{}-{}", g + 1, t - groups[g].first + 1), tokens[t], on_token[t]);
      }
      sentence.end_unit = units_.size();
      sentence.text.end = g + 1 < groups.size() ? end_before(tokens[groups[g + 1].first].begin,
                                                             tokens[groups[g].second - 1].end)
                                                : document_.text.code_point_count();
      sentences_.push_back(sentence);
    }
  }

  std::uint64_t end_before(std::uint64_t next, std::uint64_t last_token_end) const {
    if (next == 0 || last_token_end >= next) return next;
    const auto last = document_.text.slice({next - 1, next});
    return last && *last == "\n" ? next - 1 : next;
  }

  static std::vector<std::size_t> tokens_under(const std::vector<TextSpan>& tokens, TextSpan span) {
    std::vector<std::size_t> under;
    auto at = std::ranges::upper_bound(tokens, span.begin, {}, &TextSpan::end);
    if (span.begin == span.end) {  // a place: within a token, or at its end
      at = std::ranges::lower_bound(tokens, span.begin, {}, &TextSpan::end);
      if (at != tokens.end() && at->begin <= span.begin) {
        under.push_back(static_cast<std::size_t>(at - tokens.begin()));
      }
      return under;
    }
    for (; at != tokens.end() && at->begin < span.end; ++at) {
      under.push_back(static_cast<std::size_t>(at - tokens.begin()));
    }
    return under;
  }

  // A token's unit comes even without annotations; its parts only with some.
  void add_token(const std::string& id, TextSpan token, const std::vector<std::size_t>& on_it) {
    std::vector<std::pair<TextSpan, std::vector<std::size_t>>> parts;
    Unit whole{.id = id, .span = token, .annotations = {}};
    for (const std::size_t a : on_it) {
      const TextSpan span = document_.annotations[a].span;
      const TextSpan part{std::max(span.begin, token.begin), std::min(span.end, token.end)};
      if (part == token) {
        whole.annotations.push_back(a);
        continue;
      }
      const auto known = std::ranges::find(parts, part, [](const auto& one) { return one.first; });
      if (known == parts.end()) {
        parts.push_back({part, {a}});
      } else {
        known->second.push_back(a);
      }
    }
    std::ranges::sort(parts, [](const auto& a, const auto& b) {
      return a.first.begin != b.first.begin ? a.first.begin < b.first.begin
                                            : a.first.end > b.first.end;
    });
    units_.push_back(std::move(whole));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      units_.push_back({.id = fmt::format("{}.{}", id, i + 1),
                        .span = parts[i].first,
                        .annotations = std::move(parts[i].second)});
    }
  }

  // Chains count from 1, and so do their links. A link that no chain has is one of its own.
  void number_links() {
    std::uint64_t chain_number = 0;
    for (const cas::Chain& chain : document_.chains) {
      ++chain_number;
      for (std::size_t i = 0; i < chain.members.size(); ++i) {
        link_numbers_.emplace(chain.members[i], std::pair(chain_number, i + 1));
      }
    }
    for (const Annotation& one : document_.annotations) {
      if (!link_types_.contains(one.type) || link_numbers_.contains(one.id)) continue;
      link_numbers_.emplace(one.id, std::pair(++chain_number, 1));
    }
  }

  // Those that are on several units, or several of a layer on one, are told apart by numbers; so
  // is what slots point to.
  void number_annotations() {
    std::map<std::size_t, int> unit_count;
    std::set<std::size_t> wanted;
    for (const Unit& unit : units_) {
      std::map<std::string_view, std::vector<std::size_t>> by_type;
      for (const std::size_t a : unit.annotations) {
        if (++unit_count[a] > 1) wanted.insert(a);
        by_type[document_.annotations[a].type].push_back(a);
        first_unit_.emplace(document_.annotations[a].id, unit.id);
      }
      for (const auto& [type, stacked] : by_type) {
        if (stacked.size() > 1) wanted.insert(stacked.begin(), stacked.end());
      }
    }
    std::set<std::uint64_t> targets;
    for (const Annotation& one : document_.annotations) {
      for (const cas::Link& link : one.links) targets.insert(link.target);
      if (!one.source) continue;
      // The layer names one base; what else a relation ends at has to be said.
      for (const std::uint64_t end : {*one.source, *one.target}) {
        if (types_.at(end) != bases_.at(one.type)) targets.insert(end);
      }
    }
    std::uint64_t number = 0;
    std::set<std::size_t> numbered;
    for (const Unit& unit : units_) {
      for (const std::size_t a : unit.annotations) {
        const Annotation& one = document_.annotations[a];
        const bool is_wanted = wanted.contains(a) || targets.contains(one.id);
        if (one.source || link_types_.contains(one.type)) continue;
        if (!is_wanted || !numbered.insert(a).second) continue;
        numbers_.emplace(one.id, ++number);
      }
    }
  }

  void declare_layers() {
    for (const Annotation& one : document_.annotations) types_.emplace(one.id, one.type);
    for (const cas::Chain& one : document_.chains) {
      link_types_.insert(cas::link_of_chain(one.type));
    }
    using enum cas::LayerKind;
    for (const cas::LayerKind kind : {Span, Chain, Relation}) {
      for (const Annotation& one : document_.annotations) {
        if (kind_of(one) != kind) continue;
        const bool is_known = std::ranges::any_of(
            table_.layers, [&](const cas::Layer& layer) { return layer.type == one.type; });
        if (!is_known && kind == Chain) declare_chain(one.type);
        if (!is_known && kind != Chain) declare(one.type, kind == Relation);
      }
    }
  }

  cas::LayerKind kind_of(const Annotation& one) const {
    if (one.source) return cas::LayerKind::Relation;
    return link_types_.contains(one.type) ? cas::LayerKind::Chain : cas::LayerKind::Span;
  }

  void declare_chain(const std::string& type) {
    const std::size_t layer = table_.layers.size();
    table_.layers.push_back({cas::LayerKind::Chain, type, {}});
    header_ +=
        fmt::format("#T_CH={}|{}|{}\n", type, cas::link_label_feature, cas::link_relation_feature);
    table_.columns.push_back({layer, ColumnKind::LinkLabel, std::string(cas::link_label_feature)});
    table_.columns.push_back(
        {layer, ColumnKind::LinkNumber, std::string(cas::link_relation_feature)});
  }

  void declare(const std::string& type, bool is_relation) {
    std::set<std::string> features;
    std::string base;
    bool has_slots = false;
    for (const Annotation& one : document_.annotations) {
      if (one.type != type) continue;
      for (const TextAttribute& feature : one.features) features.insert(feature.name);
      has_slots = has_slots || one.has_slots;
      if (one.source && base.empty()) base = types_.at(*one.target);
    }
    bases_.emplace(type, base);
    const std::size_t layer = table_.layers.size();
    table_.layers.push_back(
        {is_relation ? cas::LayerKind::Relation : cas::LayerKind::Span, type, base});
    header_ += fmt::format("#T_{}={}", is_relation ? "RL" : "SP", type);
    const auto add = [&](ColumnKind kind, const std::string& feature, const std::string& written) {
      table_.columns.push_back({layer, kind, feature});
      header_ += "|" + written;
    };
    for (const std::string& feature : features) add(ColumnKind::Feature, feature, feature);
    if (has_slots) {
      add(ColumnKind::SlotRole, {},
          fmt::format("ROLE_{}:{}_{}", type, cas::slots_feature, cas::link_type_of(type)));
      add(ColumnKind::SlotTarget, {}, "uima.tcas.Annotation");
    }
    if (is_relation) add(ColumnKind::Source, {}, "BT_" + base);
    if (!is_relation && features.empty() && !has_slots) add(ColumnKind::Placeholder, {}, "");
    header_ += "\n";
  }

  std::string mark_of(std::uint64_t id) const {
    const auto number = numbers_.find(id);
    return number == numbers_.end() ? std::string{} : fmt::format("[{}]", number->second);
  }

  std::uint64_t number_of(std::uint64_t id) const {
    const auto number = numbers_.find(id);
    return number == numbers_.end() ? 0 : number->second;
  }

  std::string unit_of(std::uint64_t id) const {
    const auto unit = first_unit_.find(id);
    return unit == first_unit_.end() ? std::string{} : unit->second;
  }

  static std::string feature_of(const Column& column, const Annotation& one) {
    const auto found = std::ranges::find(one.features, column.feature, &TextAttribute::name);
    const bool is_set = found != one.features.end() && !found->value.empty();
    return is_set ? cas::escaped_value(found->value) : "*";
  }

  std::string value_of(const Column& column, const Annotation& one) const {
    switch (column.kind) {
      case ColumnKind::Placeholder:
        return "*" + mark_of(one.id);
      case ColumnKind::Feature:
        return feature_of(column, one) + mark_of(one.id);
      case ColumnKind::LinkLabel:
        return feature_of(column, one) + fmt::format("[{}]", link_numbers_.at(one.id).first);
      case ColumnKind::LinkNumber: {
        const auto [chain, link] = link_numbers_.at(one.id);
        return feature_of(column, one) + fmt::format("->{}-{}", chain, link);
      }
      case ColumnKind::SlotRole: {
        std::string roles;
        for (const cas::Link& link : one.links) {
          roles += (roles.empty() ? "" : ";");
          roles += link.role.empty() ? "*" : cas::escaped_value(link.role);
        }
        return (roles.empty() ? "_" : roles) + mark_of(one.id);
      }
      case ColumnKind::SlotTarget: {
        std::string targets;
        for (const cas::Link& link : one.links) {
          targets += (targets.empty() ? "" : ";") + unit_of(link.target) + mark_of(link.target);
        }
        return targets.empty() ? "_" : targets;
      }
      case ColumnKind::Source: {
        const std::uint64_t source = number_of(*one.source);
        const std::uint64_t target = number_of(*one.target);
        const bool is_numbered = source != 0 || target != 0;
        return unit_of(*one.source) +
               (is_numbered ? fmt::format("[{}_{}]", source, target) : std::string{});
      }
    }
    return "_";
  }

  // A relation stands on the first unit of its target, and only there.
  bool stands_here(const Unit& unit, const Annotation& one) const {
    return !one.source || unit_of(*one.target) == unit.id;
  }

  void write_unit(const Unit& unit, std::string& out) const {
    const auto begin = document_.text.utf16_of_code_point(unit.span.begin).value_or(0);
    const auto end = document_.text.utf16_of_code_point(unit.span.end).value_or(0);
    std::string surface = cas::escaped_text(document_.text.slice(unit.span).value_or(""));
    for (std::size_t at = 0; (at = surface.find('\n', at)) != std::string::npos; at += 2) {
      surface.replace(at, 1, "\\n");
    }
    out += fmt::format("{}\t{}-{}\t{}\t", unit.id, begin, end, surface);
    for (const Column& column : table_.columns) {
      std::string cell;
      for (const std::size_t a : unit.annotations) {
        const Annotation& one = document_.annotations[a];
        if (one.type != table_.layers[column.layer].type || !stands_here(unit, one)) continue;
        cell += (cell.empty() ? "" : "|") + value_of(column, one);
      }
      out += (cell.empty() ? "_" : cell) + "\t";
    }
    out += "\n";
  }

  const cas::Document& document_;
  std::vector<Unit> units_;
  std::vector<Sentence> sentences_;
  std::map<std::uint64_t, std::string> types_;  // of annotations
  std::map<std::string, std::string> bases_;    // of relations' layers
  std::map<std::uint64_t, std::string> first_unit_;
  std::map<std::uint64_t, std::uint64_t> numbers_;
  std::set<std::string> link_types_;  // layers of chains' links
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> link_numbers_;
  cas::Table table_;
  std::string header_;
};

}  // namespace

UimaFile write_webanno_tsv(const LabelledText& text) {
  UimaFile file;
  std::map<std::string, std::uint64_t> losses;
  const cas::Document document = cas::document_of(text, 1, losses);
  std::set<std::string> link_types;
  std::set<std::uint64_t> links;
  for (const cas::Chain& chain : document.chains) {
    link_types.insert(cas::link_of_chain(chain.type));
    links.insert(chain.members.begin(), chain.members.end());
  }
  for (const Annotation& one : document.annotations) {
    const bool is_link = link_types.contains(one.type);
    if (is_link && !links.contains(one.id)) ++losses["links that become chains of their own"];
    for (const TextAttribute& feature : one.features) {
      if (feature.value.empty()) ++losses["empty values"];
      const bool is_chain_feature =
          feature.name == cas::link_label_feature || feature.name == cas::link_relation_feature;
      if (is_link && !is_chain_feature) ++losses["attributes of links"];
    }
  }
  file.bytes = Writer(document).write();
  file.losses = cas::listed(losses);
  return file;
}

}  // namespace consilium
