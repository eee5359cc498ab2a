#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "base/utf8.hpp"
#include "format/brat/brat.hpp"

namespace consilium {
namespace {

constexpr std::size_t fragment_count_max = 10'000;

std::vector<std::string_view> split(std::string_view text, char mark, std::size_t parts_max) {
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < parts_max) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) break;
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  parts.push_back(text);
  return parts;
}

std::optional<std::uint64_t> read_offset(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

// The fragments' text joined, line ends as the spaces that brat writes for them.
std::optional<std::string> joined(const BratSpan& span, const CanonicalText& text,
                                  std::string_view between) {
  std::string all;
  for (const TextSpan& fragment : span.fragments) {
    const auto part = text.slice(fragment);
    if (!part) return std::nullopt;
    if (!all.empty()) all += between;
    all += *part;
  }
  return all;
}

std::string without_line_ends(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

class BratReader {
 public:
  BratReader(const CanonicalText& text, std::uint64_t dropped) : text_(text), dropped_(dropped) {}

  BratDocument read(std::string_view ann) {
    while (!ann.empty()) {
      ++line_number_;
      const std::size_t end = ann.find('\n');
      std::string_view line = ann.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty()) take(line);
      if (end == std::string_view::npos) break;
      ann.remove_prefix(end + 1);
    }
    drop_dangling();
    return std::move(document_);
  }

 private:
  void problem(std::string what) { document_.problems.push_back({line_number_, std::move(what)}); }

  void take(std::string_view line) {
    const auto columns = split(line, '\t', 3);
    if (columns.size() < 2) return problem("the line has no tab");
    const std::string id(columns[0]);
    const std::string_view rest = columns.size() > 2 ? columns[2] : std::string_view{};
    switch (line.front()) {
      case 'T':
        return take_span(id, columns[1], rest);
      case 'R':
        return take_relation(id, columns[1]);
      case 'A':
      case 'M':
        return take_attribute(id, columns[1]);
      case 'N':
        return take_normalization(id, columns[1], rest);
      case '#':
        return take_note(id, columns[1], rest);
      case 'E':
        return take_event(id, columns[1]);
      case '*':
        return take_equivalence(columns[1]);
      default:
        return problem("there is no such kind of line");
    }
  }

  void take_span(std::string id, std::string_view middle, std::string_view surface) {
    const std::size_t space = middle.find(' ');
    if (space == std::string_view::npos) return problem("the span has no offsets");
    BratSpan span{
        std::move(id), std::string(middle.substr(0, space)), {}, std::string(surface), false};
    for (const std::string_view part : split(middle.substr(space + 1), ';', fragment_count_max)) {
      const auto pair = split(part, ' ', 3);
      const auto begin = pair.size() == 2 ? read_offset(pair[0]) : std::nullopt;
      const auto end = pair.size() == 2 ? read_offset(pair[1]) : std::nullopt;
      if (!begin || !end) return problem("an offset is not a number");
      if (*begin >= *end) return problem("a range is empty or reversed");
      if (*begin < dropped_) return problem("a range begins before the text");
      if (*end - dropped_ > text_.code_point_count()) return problem("a range leads past the text");
      span.fragments.push_back({*begin - dropped_, *end - dropped_});
    }
    if (!ids_.insert(span.id).second) return problem("the id is given twice");
    span.surface_fits = fits(span);
    document_.spans.push_back(std::move(span));
  }

  bool fits(const BratSpan& span) const {
    for (const std::string_view between : {" ", " ... "}) {
      const auto text = joined(span, text_, between);
      if (text && (*text == span.surface || without_line_ends(*text) == span.surface)) return true;
    }
    return false;
  }

  void take_relation(std::string id, std::string_view middle) {
    const auto parts = split(middle, ' ', 4);
    if (parts.size() != 3 || !parts[1].contains(':') || !parts[2].contains(':')) {
      return problem("the relation has not two arguments");
    }
    if (!ids_.insert(id).second) return problem("the id is given twice");
    BratArgument from = argument_of(parts[1]);
    BratArgument to = argument_of(parts[2]);
    document_.relations.push_back({std::move(id), std::string(parts[0]), std::move(from.target),
                                   std::move(to.target), std::move(from.role), std::move(to.role)});
  }

  // "Theme:T2"; the colon was seen.
  static BratArgument argument_of(std::string_view part) {
    const std::size_t colon = part.find(':');
    return {std::string(part.substr(0, colon)), std::string(part.substr(colon + 1))};
  }

  void take_event(std::string id, std::string_view middle) {
    BratEvent event{std::move(id), {}, {}, {}};
    for (const std::string_view part : split(middle, ' ', fragment_count_max)) {
      if (part.empty()) continue;  // some end the line with a blank
      if (!part.contains(':')) return problem("an argument of the event has no colon");
      BratArgument argument = argument_of(part);
      if (event.trigger.empty()) {
        event.type = std::move(argument.role);
        event.trigger = std::move(argument.target);
      } else {
        event.arguments.push_back(std::move(argument));
      }
    }
    if (event.trigger.empty()) return problem("the event has no trigger");
    if (!ids_.insert(event.id).second) return problem("the id is given twice");
    document_.events.push_back(std::move(event));
  }

  void take_equivalence(std::string_view middle) {
    BratEquivalence equivalence;
    for (const std::string_view part : split(middle, ' ', fragment_count_max)) {
      if (part.empty()) continue;
      if (equivalence.type.empty()) {
        equivalence.type = part;
      } else {
        equivalence.members.emplace_back(part);
      }
    }
    if (equivalence.members.size() < 2) return problem("the equivalence has not two members");
    document_.equivalences.push_back(std::move(equivalence));
  }

  void take_attribute(std::string id, std::string_view middle) {
    const auto parts = split(middle, ' ', 3);
    if (parts.size() < 2) return problem("the attribute has no target");
    if (!ids_.insert(id).second) return problem("the id is given twice");
    document_.attributes.push_back({std::move(id), std::string(parts[0]), std::string(parts[1]),
                                    parts.size() > 2 ? std::string(parts[2]) : "true"});
  }

  void take_normalization(std::string id, std::string_view middle, std::string_view text) {
    const auto parts = split(middle, ' ', 3);
    if (parts.size() != 3) return problem("the normalization has no reference");
    if (!ids_.insert(id).second) return problem("the id is given twice");
    document_.normalizations.push_back(
        {std::move(id), std::string(parts[1]), std::string(parts[2]), std::string(text)});
  }

  void take_note(std::string id, std::string_view middle, std::string_view text) {
    const auto parts = split(middle, ' ', 2);
    if (parts.size() != 2) return problem("the note has no target");
    document_.notes.push_back(
        {std::move(id), std::string(parts[0]), std::string(parts[1]), std::string(text)});
  }

  // Targets may come after what points to them, so this is checked at the end.
  void drop_dangling() {
    const auto dangling = [&](const std::string& target, std::string_view id) {
      if (ids_.contains(target)) return false;
      document_.problems.push_back({0, fmt::format("{} points to nothing", id)});
      return true;
    };
    while (std::erase_if(document_.events, [&](const BratEvent& one) {
             const bool is_dangling = dangling(one.trigger, one.id);
             if (is_dangling) ids_.erase(one.id);
             return is_dangling;
           }) > 0) {
    }
    for (BratEvent& event : document_.events) {
      std::erase_if(event.arguments,
                    [&](const BratArgument& one) { return dangling(one.target, event.id); });
    }
    for (BratEquivalence& one : document_.equivalences) {
      std::erase_if(one.members, [&](const std::string& id) { return dangling(id, "*"); });
    }
    std::erase_if(document_.relations, [&](const BratRelation& one) {
      return dangling(one.from, one.id) || dangling(one.to, one.id);
    });
    std::erase_if(document_.attributes,
                  [&](const BratAttribute& one) { return dangling(one.target, one.id); });
    std::erase_if(document_.normalizations,
                  [&](const BratNormalization& one) { return dangling(one.target, one.id); });
  }

  const CanonicalText& text_;
  const std::uint64_t dropped_;
  BratDocument document_;
  std::set<std::string> ids_;
  std::uint64_t line_number_ = 0;
};

}  // namespace

Result<BratDocument> read_brat(std::string_view ann, const CanonicalText& text,
                               std::uint64_t dropped) {
  if (!is_utf8(ann)) {
    Error error = CanonicalText::from_utf8(std::string(ann)).error();
    error.what = "the annotation file is not UTF-8";
    error.remedy = "save it as UTF-8";
    return std::unexpected(error);
  }
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (ann.starts_with(byte_order_mark)) ann.remove_prefix(byte_order_mark.size());
  return BratReader(text, dropped).read(ann);
}

}  // namespace consilium
