#include "format/labelled_text/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::array<std::string_view, 12> concept_names{
    "cui",  "CUI",  "identifier", "Identifier", "concept_id", "conceptId",
    "MESH", "MeSH", "mesh",       "OMIM",       "UMLS",       "normalized"};

// All ids of what can be pointed to.
std::set<std::string, std::less<>> known_ids(const LabelledText& text) {
  std::set<std::string, std::less<>> ids;
  for (const TextMention& m : text.mentions) ids.insert(m.id);
  for (const TextRelation& r : text.relations) ids.insert(r.id);
  for (const TextEvent& e : text.events) ids.insert(e.id);
  for (const TextChain& c : text.chains) ids.insert(c.id);
  return ids;
}

class IdGiver {
 public:
  explicit IdGiver(LabelledText& text) : text_(text), taken_(known_ids(text)) {}

  template <class Rows>
  void give(Rows& rows, std::string_view prefix) {
    std::uint64_t count = 0;
    for (auto& row : rows) {
      if (!row.id.empty() && used_.insert(row.id).second) continue;
      if (!row.id.empty()) add_problem(text_, "an id is given twice");
      std::string id;
      do {
        id = fmt::format("{}{}", prefix, ++count);
      } while (taken_.contains(id));
      taken_.insert(id);
      used_.insert(id);
      row.id = std::move(id);
    }
  }

 private:
  LabelledText& text_;
  std::set<std::string, std::less<>> taken_;
  std::set<std::string, std::less<>> used_;
};

// One pass of leaving out what points to nothing; true when something went.
bool drop_dangling(LabelledText& text) {
  const auto ids = known_ids(text);
  std::uint64_t dropped = 0;
  const auto is_known = [&](const std::string& id) { return ids.contains(id); };
  dropped += std::erase_if(text.relations, [&](const TextRelation& r) {
    return !is_known(r.from.target) || !is_known(r.to.target);
  });
  dropped += std::erase_if(
      text.events, [&](const TextEvent& e) { return !e.trigger.empty() && !is_known(e.trigger); });
  for (TextEvent& e : text.events) {
    dropped +=
        std::erase_if(e.arguments, [&](const TextArgument& a) { return !is_known(a.target); });
  }
  for (TextChain& c : text.chains) {
    if (c.links.size() != c.members.size()) c.links.clear();
    for (std::size_t i = c.members.size(); i-- > 0;) {
      if (is_known(c.members[i])) continue;
      c.members.erase(c.members.begin() + static_cast<std::ptrdiff_t>(i));
      if (!c.links.empty()) c.links.erase(c.links.begin() + static_cast<std::ptrdiff_t>(i));
      ++dropped;
    }
  }
  dropped += std::erase_if(text.chains, [](const TextChain& c) { return c.members.empty(); });
  for (std::uint64_t i = 0; i < dropped; ++i) add_problem(text, "something points to nothing");
  return dropped > 0;
}

bool is_blank(char32_t c) {
  return c <= 0x20 || c == 0x85 || c == 0xA0 || (c >= 0x2000 && c <= 0x200B) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x3000 || c == 0xFEFF;
}

// Beyond ASCII all but the common punctuation counts as a letter, combining marks too.
bool is_word(char32_t c) {
  if (c < 0x80) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  }
  return !is_blank(c) && !(c >= 0xA1 && c <= 0xBF && c != 0xB5 && c != 0xB7) &&
         !(c >= 0x2010 && c <= 0x205E) && !(c >= 0x3001 && c <= 0x3003);
}

}  // namespace

std::optional<TextSpan> to_code_points(const CanonicalText& text, std::uint64_t begin,
                                       std::uint64_t end, OffsetUnit unit) {
  if (begin > end) return std::nullopt;
  if (unit == OffsetUnit::CodePoint) {
    return end <= text.code_point_count() ? std::optional(TextSpan{begin, end}) : std::nullopt;
  }
  const auto at = [&](std::uint64_t offset) {
    return unit == OffsetUnit::Utf16 ? text.code_point_of_utf16(offset)
                                     : text.code_point_of_byte(offset);
  };
  const auto first = at(begin);
  const auto last = at(end);
  if (!first || !last) return std::nullopt;
  return TextSpan{*first, *last};
}

OffsetUnit unit_of(const CanonicalText& text, std::span<const StatedSpan> stated,
                   OffsetUnit preferred) {
  const auto fitting = [&](OffsetUnit unit) {
    return std::ranges::count_if(stated, [&](const StatedSpan& one) {
      const auto span = to_code_points(text, one.begin, one.end, unit);
      return span && !one.surface.empty() && text.slice(*span) == one.surface;
    });
  };
  OffsetUnit best = preferred;
  auto best_count = fitting(preferred);
  for (const OffsetUnit unit : {OffsetUnit::CodePoint, OffsetUnit::Utf16, OffsetUnit::Utf8}) {
    if (const auto count = fitting(unit); count > best_count) {
      best = unit;
      best_count = count;
    }
  }
  return best;
}

TextConcept concept_of(std::string_view reference, std::string_view display) {
  const std::size_t colon = reference.rfind(':');
  const bool is_parted =
      colon != std::string_view::npos && colon > 0 && colon + 1 < reference.size();
  if (!is_parted) return {{}, std::string(reference), std::string(display)};
  return {std::string(reference.substr(0, colon)), std::string(reference.substr(colon + 1)),
          std::string(display)};
}

std::string reference_of(const TextConcept& linked) {
  return linked.system.empty() ? linked.code : linked.system + ":" + linked.code;
}

bool is_concept_name(std::string_view name) {
  return std::ranges::find(concept_names, name) != concept_names.end();
}

bool set_ranges(TextMention& mention, std::vector<TextSpan> ranges, const CanonicalText& text) {
  if (ranges.empty()) return false;
  for (const TextSpan& range : ranges) {
    if (range.begin > range.end || range.end > text.code_point_count()) return false;
    if (range.begin == range.end && ranges.size() > 1) return false;
  }
  std::ranges::sort(ranges);
  mention.ranges.clear();
  for (const TextSpan& range : ranges) {
    if (!mention.ranges.empty() && range.begin < mention.ranges.back().end) {
      mention.ranges.back().end = std::max(mention.ranges.back().end, range.end);
    } else {
      mention.ranges.push_back(range);
    }
  }
  return true;
}

std::string surface_of(const CanonicalText& text, std::span<const TextSpan> ranges,
                       std::string_view between) {
  std::string all;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (i > 0) all += between;
    all += text.slice(ranges[i]).value_or(std::string_view{});
  }
  return all;
}

void complete(LabelledText& text) {
  IdGiver ids(text);
  ids.give(text.mentions, "T");
  ids.give(text.relations, "R");
  ids.give(text.events, "E");
  ids.give(text.chains, "C");
  while (drop_dangling(text)) {
  }
}

void add_problem(LabelledText& text, std::string what, std::uint64_t line_number) {
  text.problems.push_back({line_number, std::move(what)});
}

Status check_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return {};
  const auto text = CanonicalText::from_utf8(std::string(bytes));
  if (text) return {};
  Error error = text.error();
  if (error.remedy.empty()) error.remedy = "save the file as UTF-8";
  return std::unexpected(error);
}

Result<CanonicalText> text_of_utf8(std::string utf8) {
  return CanonicalText::from_utf8(std::move(utf8));
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string_view> parted(std::string_view text, char mark, std::size_t parts_max) {
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

bool TextLines::next(std::string_view& line) {
  if (ended_ || rest_.empty()) return false;
  const std::size_t end = rest_.find('\n');
  line = rest_.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  ++number_;
  if (end == std::string_view::npos) {
    ended_ = true;
  } else {
    rest_.remove_prefix(end + 1);
  }
  return true;
}

std::vector<TextSpan> plain_tokens(const CanonicalText& text) {
  std::vector<TextSpan> tokens;
  const std::string_view utf8 = text.utf8();
  std::uint64_t place = 0;
  bool in_word = false;
  for (std::size_t at = 0; at < utf8.size(); ++place) {
    const char32_t c = next_code_point(utf8, at);
    if (is_blank(c)) {
      in_word = false;
    } else if (in_word && is_word(c)) {
      tokens.back().end = place + 1;
    } else {
      tokens.push_back({place, place + 1});
      in_word = is_word(c);
    }
  }
  return tokens;
}

std::vector<TextSpan> plain_sentences(const CanonicalText& text) {
  std::vector<TextSpan> sentences;
  for (std::uint64_t i = 0; i < text.line_count(); ++i) {
    TextSpan line = text.line(i).value_or(TextSpan{});
    std::string_view content = text.slice(line).value_or(std::string_view{});
    while (content.ends_with('\n') || content.ends_with('\r')) {
      content.remove_suffix(1);
      --line.end;
    }
    std::size_t at = 0;
    bool is_empty = true;
    while (at < content.size() && is_empty) is_empty = is_blank(next_code_point(content, at));
    if (!is_empty) sentences.push_back(line);
  }
  return sentences;
}

}  // namespace consilium
