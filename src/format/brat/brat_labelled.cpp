#include "format/brat/brat_labelled.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

bool is_only_line_ends(const CanonicalText& text, TextSpan gap) {
  const auto between = text.slice(gap);
  return between && !between->empty() && std::ranges::all_of(*between, is_line_end);
}

// Fragments on either side of a line end are one range.
std::vector<TextSpan> joined_over_lines(std::vector<TextSpan> fragments,
                                        const CanonicalText& text) {
  std::ranges::sort(fragments);
  std::vector<TextSpan> ranges;
  for (const TextSpan& fragment : fragments) {
    if (!ranges.empty() && ranges.back().end < fragment.begin &&
        is_only_line_ends(text, {ranges.back().end, fragment.begin})) {
      ranges.back().end = fragment.end;
    } else {
      ranges.push_back(fragment);
    }
  }
  return ranges;
}

// What lines A, N and # say of an id.
struct Said {
  std::vector<TextAttribute> attributes;
  std::vector<TextConcept> concepts;
  std::string comment;
};

std::map<std::string, Said> said_of(const BratDocument& brat) {
  std::map<std::string, Said> said;
  for (const BratAttribute& a : brat.attributes) {
    said[a.target].attributes.push_back({a.name, a.value});
  }
  for (const BratNormalization& n : brat.normalizations) {
    said[n.target].concepts.push_back(concept_of(n.reference, n.text));
  }
  for (const BratNote& n : brat.notes) {
    std::string& comment = said[n.target].comment;
    if (!comment.empty()) comment += '\n';
    comment += n.text;
  }
  return said;
}

LabelledText labelled(CanonicalText text, BratDocument brat) {
  LabelledText out;
  out.text = std::move(text);
  auto said = said_of(brat);
  for (const BratProblem& p : brat.problems) add_problem(out, p.what, p.line_number);
  for (BratSpan& span : brat.spans) {
    TextMention mention{.id = span.id, .type = span.type};
    if (!span.surface_fits) add_problem(out, "the text is not what the file says");
    if (!set_ranges(mention, joined_over_lines(span.fragments, out.text), out.text)) continue;
    Said& more = said[span.id];
    mention.attributes = std::move(more.attributes);
    mention.concepts = std::move(more.concepts);
    mention.comment = std::move(more.comment);
    out.mentions.push_back(std::move(mention));
  }
  for (BratRelation& r : brat.relations) {
    Said& more = said[r.id];
    out.relations.push_back({.id = r.id,
                             .type = r.type,
                             .from = {r.from_role, r.from},
                             .to = {r.to_role, r.to},
                             .attributes = std::move(more.attributes),
                             .comment = std::move(more.comment)});
  }
  for (BratEvent& e : brat.events) {
    Said& more = said[e.id];
    TextEvent event{.id = e.id,
                    .type = e.type,
                    .trigger = e.trigger,
                    .attributes = std::move(more.attributes),
                    .comment = std::move(more.comment)};
    for (BratArgument& a : e.arguments) event.arguments.push_back({a.role, a.target});
    out.events.push_back(std::move(event));
  }
  for (BratEquivalence& e : brat.equivalences) {
    out.chains.push_back({.type = e.type, .members = std::move(e.members)});
  }
  complete(out);
  return out;
}

class Writer {
 public:
  explicit Writer(const LabelledText& text) : text_(text) {}

  BratText write() {
    out_.txt = text_.text.utf8();
    // A text that begins with what would be taken for a byte order mark gets one before it.
    if (out_.txt.starts_with(byte_order_mark)) out_.txt.insert(0, byte_order_mark);
    shift_ = out_.txt.size() == text_.text.utf8().size() ? 0 : 1;
    for (const TextMention& m : text_.mentions) rename(m.id, 'T');
    for (const TextRelation& r : text_.relations) rename(r.id, 'R');
    for (const TextEvent& e : text_.events) rename(e.id, 'E');
    for (const TextMention& m : text_.mentions) write_mention(m);
    for (const TextEvent& e : text_.events) write_event(e);
    for (const TextRelation& r : text_.relations) write_relation(r);
    for (const TextChain& c : text_.chains) write_chain(c);
    for (const auto& [kind, count] : losses_) out_.losses.push_back({kind, count});
    return std::move(out_);
  }

 private:
  template <class... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_.ann), format, std::forward<Arguments>(arguments)...);
    out_.ann.push_back('\n');
  }

  static bool is_plain(std::string_view id, char kind) {
    return id.size() > 1 && id.size() < 18 && id.front() == kind &&
           std::ranges::all_of(id.substr(1), [](char c) { return c >= '0' && c <= '9'; });
  }

  void rename(const std::string& id, char kind) {
    if (taken_.empty()) {
      for (const TextMention& m : text_.mentions) taken_.insert(m.id);
      for (const TextRelation& r : text_.relations) taken_.insert(r.id);
      for (const TextEvent& e : text_.events) taken_.insert(e.id);
    }
    std::string name = id;
    while (!is_plain(name, kind) || (name != id && taken_.contains(name))) {
      name = fmt::format("{}{}", kind, ++counts_[kind]);
    }
    taken_.insert(name);
    names_[id] = std::move(name);
  }

  // One word: blanks as underscores.
  std::string word(std::string_view text, std::string_view otherwise = "unnamed") {
    std::string out(text.empty() ? otherwise : text);
    bool is_changed = false;
    for (char& c : out) {
      if (static_cast<unsigned char>(c) > 0x20) continue;
      c = '_';
      is_changed = true;
    }
    if (is_changed) ++losses_["blanks in names"];
    return out;
  }
  // A role or type that a colon ends.
  std::string role(std::string_view text, std::string_view otherwise) {
    std::string out = word(text, otherwise);
    std::ranges::replace(out, ':', '_');
    return out;
  }

  std::string one_line(std::string_view text, std::string_view kind) {
    std::string out(text);
    bool is_changed = false;
    for (char& c : out) {
      if (c != '\n' && c != '\r' && c != '\t') continue;
      c = ' ';
      is_changed = true;
    }
    if (is_changed) ++losses_[std::string(kind)];
    return out;
  }

  std::vector<TextSpan> fragments(const TextMention& m) {
    std::vector<TextSpan> out;
    for (std::size_t i = 1; i < m.ranges.size(); ++i) {
      if (is_only_line_ends(text_.text, {m.ranges[i - 1].end, m.ranges[i].begin})) {
        ++losses_["gaps of nothing but line ends"];
      }
    }
    for (const TextSpan& range : m.ranges) {
      std::uint64_t at = range.begin;
      std::uint64_t begin = range.begin;
      const std::string_view text = text_.text.slice(range).value_or(std::string_view{});
      const bool is_cut = !text.empty() && (is_line_end(text.front()) || is_line_end(text.back()));
      if (is_cut) ++losses_["line ends at a mention's edge"];
      for (std::size_t byte = 0; byte < text.size(); ++at) {
        const char c = text[byte];
        static_cast<void>(next_code_point(text, byte));
        if (!is_line_end(c)) continue;
        if (begin < at) out.push_back({begin, at});
        begin = at + 1;
      }
      if (begin < range.end) out.push_back({begin, range.end});
    }
    return out;
  }

  void write_mention(const TextMention& m) {
    const std::vector<TextSpan> parts = fragments(m);
    if (parts.empty()) {
      ++losses_["mentions of nothing but line ends"];
      left_out_.insert(m.id);
      return;
    }
    std::string offsets;
    for (const TextSpan& part : parts) {
      if (!offsets.empty()) offsets += ';';
      offsets += fmt::format("{} {}", part.begin + shift_, part.end + shift_);
    }
    std::string surface = surface_of(text_.text, parts);
    line("{}\t{} {}\t{}", names_[m.id], word(m.type), offsets, surface);
    write_said(names_[m.id], m.attributes, m.comment);
    for (const TextConcept& c : m.concepts) {
      line("N{}\tReference {} {}\t{}", ++counts_['N'], names_[m.id], word(reference_of(c)),
           one_line(c.display, "line ends in concept names"));
    }
  }

  void write_said(const std::string& id, const std::vector<TextAttribute>& attributes,
                  const std::string& comment) {
    for (const TextAttribute& a : attributes) {
      const std::string value = one_line(a.value, "line ends in attributes");
      if (value == "true") {
        line("A{}\t{} {}", ++counts_['A'], word(a.name), id);
      } else {
        line("A{}\t{} {} {}", ++counts_['A'], word(a.name), id, value);
      }
    }
    if (comment.empty()) return;
    for (const std::string_view one : parted(comment, '\n')) {
      line("#{}\tAnnotatorNotes {}\t{}", ++counts_['#'], id, one_line(one, "tabs in comments"));
    }
  }

  bool is_left_out(const std::string& id) {
    const bool is = left_out_.contains(id);
    if (is) ++losses_["links to what was left out"];
    return is;
  }

  void write_event(const TextEvent& e) {
    if (is_left_out(e.trigger)) {
      left_out_.insert(e.id);
      return;
    }
    std::string arguments;
    for (const TextArgument& a : e.arguments) {
      if (is_left_out(a.target)) continue;
      arguments += fmt::format(" {}:{}", role(a.role, "Arg"), name(a.target));
    }
    line("{}\t{}:{}{}", names_[e.id], role(e.type, "unnamed"), name(e.trigger), arguments);
    write_said(names_[e.id], e.attributes, e.comment);
  }

  void write_relation(const TextRelation& r) {
    if (is_left_out(r.from.target) || is_left_out(r.to.target)) return;
    line("{}\t{} {}:{} {}:{}", names_[r.id], word(r.type), role(r.from.role, "Arg1"),
         name(r.from.target), role(r.to.role, "Arg2"), name(r.to.target));
    write_said(names_[r.id], r.attributes, r.comment);
  }

  void write_chain(const TextChain& c) {
    std::string members;
    std::size_t count = 0;
    for (const std::string& id : c.members) {
      if (is_left_out(id) || !names_.contains(id)) continue;
      members += ' ' + name(id);
      ++count;
    }
    if (count < 2) {
      ++losses_["chains of one"];
      return;
    }
    line("*\t{}{}", word(c.type, "Equiv"), members);
  }

  const std::string& name(const std::string& id) { return names_[id]; }

  const LabelledText& text_;
  BratText out_;
  std::uint64_t shift_ = 0;
  std::map<std::string, std::string> names_;
  std::set<std::string> taken_;
  std::set<std::string> left_out_;
  std::map<char, std::uint64_t> counts_;
  std::map<std::string, std::uint64_t> losses_;
};

}  // namespace

Result<LabelledText> read_brat_text(std::string_view txt, std::string_view ann) {
  const bool has_mark = txt.starts_with(byte_order_mark);
  if (has_mark) txt.remove_prefix(byte_order_mark.size());
  CanonicalText text = CSL_TRY(text_of_utf8(std::string(txt)));
  // brat counts the mark; files made elsewhere may not. What stands there decides.
  BratDocument brat = CSL_TRY(read_brat(ann, text, has_mark ? 1 : 0));
  if (has_mark && !std::ranges::all_of(brat.spans, &BratSpan::surface_fits)) {
    BratDocument other = CSL_TRY(read_brat(ann, text, 0));
    const auto fitting = [](const BratDocument& d) {
      return std::ranges::count_if(d.spans, &BratSpan::surface_fits);
    };
    if (fitting(other) > fitting(brat)) brat = std::move(other);
  }
  return labelled(std::move(text), std::move(brat));
}

BratText write_brat_text(const LabelledText& text) { return Writer(text).write(); }

}  // namespace consilium
