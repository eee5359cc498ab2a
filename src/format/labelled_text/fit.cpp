#include "format/labelled_text/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::string_view answer_name = "label";

bool is_kept(char32_t c, TextCharacters characters, bool in_first_line) {
  switch (characters) {
    case TextCharacters::All:
      return true;
    case TextCharacters::Xml:
      return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c != 0xFFFE && c != 0xFFFF);
    case TextCharacters::OneLine:
      return c >= 0x20 || (c == '\n' && in_first_line);
  }
  return true;
}

class Fitter {
 public:
  Fitter(LabelledText text, const TextAbilities& abilities, OverlapPolicy overlaps)
      : text_(std::move(text)), can_(abilities), overlaps_(overlaps) {}

  Result<FittedText> fit() {
    CSL_TRY(fit_characters());
    fit_document();
    fit_mention_parts();
    CSL_TRY(fit_discontinuous());
    CSL_TRY(fit_overlaps());
    fit_links();
    drop_dangling();
    FittedText fitted{std::move(text_), {}};
    for (auto& [kind, count] : losses_) fitted.losses.push_back({kind, count});
    return fitted;
  }

 private:
  void lose(std::string_view kind, std::uint64_t count = 1) {
    if (count > 0) losses_[std::string(kind)] += count;
  }
  template <class Rows>
  void clear_unless(bool can, Rows& rows, std::string_view kind) {
    if (can) return;
    lose(kind, rows.size());
    rows.clear();
  }
  void clear_unless(bool can, std::string& value, std::string_view kind) {
    if (can || value.empty()) return;
    lose(kind);
    value.clear();
  }

  Status fit_characters() {
    if (can_.characters == TextCharacters::All) return {};
    std::string out;
    const std::string_view utf8 = text_.text.utf8();
    bool in_first_line = true;
    std::uint64_t replaced = 0;
    for (std::size_t at = 0; at < utf8.size();) {
      const std::size_t begin = at;
      const char32_t c = next_code_point(utf8, at);
      if (is_kept(c, can_.characters, in_first_line)) {
        out += utf8.substr(begin, at - begin);
      } else {
        out.push_back(' ');  // one for one: places stay
        ++replaced;
      }
      if (c == '\n') in_first_line = false;
    }
    if (replaced == 0) return {};
    lose("characters", replaced);
    text_.text = CSL_TRY(CanonicalText::from_utf8(std::move(out)));
    return {};
  }

  void fit_document() {
    clear_unless(can_.ids, text_.id, "document id");
    clear_unless(can_.sections, text_.sections, "sections");
    clear_unless(can_.sentences, text_.sentences, "sentences");
    clear_unless(can_.tokens, text_.tokens, "tokens");
    clear_unless(can_.answers, text_.answers, "answers about the document");
    for (TextAttribute& answer : text_.answers) {
      if (can_.answer_names || answer.name == answer_name) continue;
      lose("names of answers");
      answer.name = answer_name;
    }
    clear_unless(can_.document_concepts, text_.concepts, "concepts of the document");
    clear_unless(can_.metadata, text_.metadata, "metadata");
    clear_unless(can_.labels_text, text_.mentions, "mentions");
    text_.problems.clear();
  }

  void fit_layer(std::string& layer, std::string& type) {
    if (can_.layers || layer.empty()) return;
    if (type.empty()) {
      type = std::move(layer);
    } else {
      lose("layers");
    }
    layer.clear();
  }

  void fit_concepts(std::vector<TextConcept>& concepts) {
    clear_unless(can_.concepts, concepts, "concepts");
    for (TextConcept& one : concepts)
      clear_unless(can_.concept_names, one.display, "concept names");
  }

  void fit_mention_parts() {
    std::erase_if(text_.mentions, [&](const TextMention& m) {
      const bool is_empty = m.ranges.empty() || m.ranges.front().begin == m.ranges.front().end;
      if (is_empty && !can_.empty_ranges) lose("places between characters");
      return m.ranges.empty() || (is_empty && !can_.empty_ranges);
    });
    for (TextMention& m : text_.mentions) {
      fit_layer(m.layer, m.type);
      clear_unless(can_.attributes, m.attributes, "attributes");
      fit_concepts(m.concepts);
      clear_unless(can_.comments, m.comment, "comments");
      clear_unless(can_.raters, m.rater, "raters");
      clear_unless(can_.times, m.said_at, "times");
      if (!can_.probabilities && m.probability) {
        lose("probabilities");
        m.probability.reset();
      }
    }
  }

  Status refuse(std::string_view what) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("the format cannot say mentions that {}", what), {},
                "choose another format, or let them be split (--overlaps split)");
  }

  Status fit_discontinuous() {
    if (can_.discontinuous) return {};
    std::vector<TextMention> whole;
    for (TextMention& m : text_.mentions) {
      if (m.ranges.size() == 1) {
        whole.push_back(std::move(m));
        continue;
      }
      if (overlaps_ == OverlapPolicy::Refuse) return refuse("have gaps");
      lose("discontinuous mentions split");
      for (std::size_t i = 0; i < m.ranges.size(); ++i) {
        TextMention part = m;
        part.ranges = {m.ranges[i]};
        if (i > 0) part.id = fresh_id(m.id);
        whole.push_back(std::move(part));
      }
    }
    text_.mentions = std::move(whole);
    return {};
  }

  std::string fresh_id(const std::string& id) { return fmt::format("{}.{}", id, ++fresh_); }

  // The longer first; then of two equally long the one that the file has first.
  Status fit_overlaps() {
    if (can_.overlapping) return {};
    std::vector<std::size_t> order(text_.mentions.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto length = [&](std::size_t i) {
      return text_.mentions[i].ranges.front().end - text_.mentions[i].ranges.front().begin;
    };
    std::ranges::stable_sort(order, [&](auto a, auto b) { return length(a) > length(b); });
    std::map<std::uint64_t, std::uint64_t> taken;  // begin -> end
    std::vector<std::vector<TextSpan>> left(order.size());
    for (const std::size_t i : order) {
      const TextSpan whole = text_.mentions[i].ranges.front();
      left[i] = outside(whole, taken);
      const bool is_cut = left[i].size() != 1 || left[i].front() != whole;
      if (is_cut && overlaps_ == OverlapPolicy::Refuse) return refuse("overlap");
      if (is_cut) lose(left[i].empty() ? "nested mentions left out" : "overlapping mentions cut");
      for (const TextSpan& span : left[i]) taken[span.begin] = span.end;
    }
    std::vector<TextMention> kept;
    for (std::size_t i = 0; i < left.size(); ++i) {
      for (std::size_t k = 0; k < left[i].size(); ++k) {
        TextMention part = text_.mentions[i];
        part.ranges = {left[i][k]};
        if (k > 0) part.id = fresh_id(part.id);
        kept.push_back(std::move(part));
      }
    }
    text_.mentions = std::move(kept);
    return {};
  }

  static std::vector<TextSpan> outside(TextSpan span,
                                       const std::map<std::uint64_t, std::uint64_t>& taken) {
    std::vector<TextSpan> parts;
    auto next = taken.upper_bound(span.begin);
    if (next != taken.begin()) span.begin = std::max(span.begin, std::prev(next)->second);
    for (; next != taken.end() && next->first < span.end && span.begin < span.end; ++next) {
      if (span.begin < next->first) parts.push_back({span.begin, next->first});
      span.begin = std::max(span.begin, next->second);
    }
    if (span.begin < span.end) parts.push_back(span);
    return parts;
  }

  void fit_links() {
    clear_unless(can_.relations, text_.relations, "relations");
    clear_unless(can_.events, text_.events, "events");
    clear_unless(can_.chains, text_.chains, "chains");
    if (!can_.events_without_trigger) {
      lose("events without a trigger",
           std::erase_if(text_.events, [](const TextEvent& e) { return e.trigger.empty(); }));
    }
    for (TextRelation& r : text_.relations) {
      fit_layer(r.layer, r.type);
      clear_unless(can_.relation_attributes, r.attributes, "attributes of relations");
      clear_unless(can_.relation_comments, r.comment, "comments on relations");
      clear_unless(false, r.concepts, "concepts of relations");
      fit_roles(r.from);
      fit_roles(r.to);
    }
    for (TextEvent& e : text_.events) {
      fit_layer(e.layer, e.type);
      clear_unless(can_.event_attributes, e.attributes, "attributes of events");
      clear_unless(can_.event_comments, e.comment, "comments on events");
    }
    for (TextChain& c : text_.chains) {
      fit_layer(c.layer, c.type);
      clear_unless(can_.chain_types, c.type, "types of chains");
      clear_unless(can_.chain_links, c.links, "links of chains");
    }
  }

  // "Arg1" and "Arg2" say no more than the order does.
  void fit_roles(TextArgument& argument) {
    if (can_.argument_roles) return;
    if (!argument.role.empty() && argument.role != "Arg1" && argument.role != "Arg2") {
      lose("roles of arguments");
    }
    argument.role.clear();
  }

  void drop_dangling() {
    std::map<std::string, const TextMention*> mentions;
    for (const TextMention& m : text_.mentions) mentions.emplace(m.id, &m);
    const auto is_linked = [&](const std::string& id) {
      const auto found = mentions.find(id);
      return found != mentions.end() && !found->second->concepts.empty();
    };
    if (can_.concept_relations) {
      lose("relations between what has no concept",
           std::erase_if(text_.relations, [&](const TextRelation& r) {
             return !is_linked(r.from.target) || !is_linked(r.to.target);
           }));
      point_to_first_of_concept(mentions);
    }
    complete(text_);
    lose("links to what was left out", text_.problems.size());
    text_.problems.clear();
  }

  // Where relations are of concepts, an end is the first mention of its concept.
  void point_to_first_of_concept(const std::map<std::string, const TextMention*>& mentions) {
    std::map<std::string, std::string> first;
    for (const TextMention& m : text_.mentions) {
      for (const TextConcept& c : m.concepts) first.emplace(reference_of(c), m.id);
    }
    const auto point = [&](TextArgument& end) {
      const std::string& to = first[reference_of(mentions.at(end.target)->concepts.front())];
      if (to != end.target) lose("relations moved to a concept's first mention");
      end.target = to;
    };
    for (TextRelation& r : text_.relations) {
      point(r.from);
      point(r.to);
    }
  }

  LabelledText text_;
  const TextAbilities& can_;
  const OverlapPolicy overlaps_;
  std::map<std::string, std::uint64_t> losses_;
  std::uint64_t fresh_ = 0;
};

class Describer {
 public:
  explicit Describer(const LabelledText& text) : text_(text) {}

  std::vector<std::string> describe() {
    for (const TextMention& m : text_.mentions) name_mention(m);
    for (const TextEvent& e : text_.events) {
      const auto trigger = names_.find(e.trigger);
      names_.emplace(e.id, fmt::format("event {}/{} at {}", e.layer, e.type,
                                       trigger == names_.end() ? "" : trigger->second));
    }
    for (const auto& line : mention_lines_) lines_.push_back(line);
    for (const TextRelation& r : text_.relations) {
      lines_.push_back(fmt::format("relation {}/{} {}={} {}={}{} {}", r.layer, r.type, role(r.from),
                                   name(r.from.target), role(r.to), name(r.to.target),
                                   listed(r.attributes), r.comment));
    }
    for (const TextEvent& e : text_.events) {
      std::string line = name(e.id) + listed(e.attributes) + e.comment;
      for (const TextArgument& a : e.arguments) line += " " + a.role + "=" + name(a.target);
      lines_.push_back(std::move(line));
    }
    for (const TextChain& c : text_.chains) {
      std::string line = fmt::format("chain {}/{}", c.layer, c.type);
      for (std::size_t i = 0; i < c.members.size(); ++i) {
        line += fmt::format(" {}>{}", name(c.members[i]), c.links.empty() ? "" : c.links[i]);
      }
      lines_.push_back(std::move(line));
    }
    if (!text_.answers.empty()) lines_.push_back("document" + listed(text_.answers));
    std::ranges::sort(lines_);
    return std::move(lines_);
  }

 private:
  static std::string listed(std::vector<TextAttribute> attributes) {
    std::ranges::sort(attributes);
    std::string all;
    for (const TextAttribute& a : attributes) all += fmt::format(" {}:{}", a.name, a.value);
    return all;
  }

  // As the fitter has it: "Arg1" and "Arg2" are no roles.
  static std::string role(const TextArgument& argument) {
    return argument.role == "Arg1" || argument.role == "Arg2" ? "" : argument.role;
  }

  void name_mention(const TextMention& m) {
    std::string place;
    for (const TextSpan& r : m.ranges) place += fmt::format("{}-{};", r.begin, r.end);
    std::string name = fmt::format("{}{}/{}{}", place, m.layer, m.type, listed(m.attributes));
    auto concepts = m.concepts;
    std::ranges::sort(concepts);
    for (const TextConcept& c : concepts)
      name += fmt::format(" <{}|{}>", reference_of(c), c.display);
    mention_lines_.push_back(
        fmt::format("mention {} {} {} {}", name, m.comment, m.rater,
                    m.probability ? fmt::format("{:.6g}", *m.probability) : ""));
    names_.emplace(m.id, std::move(name));
  }

  std::string name(const std::string& id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? id : found->second;
  }

  const LabelledText& text_;
  std::map<std::string, std::string> names_;
  std::vector<std::string> mention_lines_;
  std::vector<std::string> lines_;
};

}  // namespace

Result<FittedText> fit_text(LabelledText text, const TextAbilities& abilities,
                            OverlapPolicy overlaps) {
  return Fitter(std::move(text), abilities, overlaps).fit();
}

std::vector<std::string> described(const LabelledText& text) { return Describer(text).describe(); }

}  // namespace consilium
