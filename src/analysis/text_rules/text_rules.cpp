#include "analysis/text_rules/text_rules.hpp"

#include <algorithm>
#include <tuple>

#include "analysis/text_rules/compiled_rules.hpp"

namespace consilium {
namespace {

constexpr int groups_max = 10;

re2::StringPiece piece_of(std::string_view text) { return {text.data(), text.size()}; }

struct Place {  // of a match, in bytes
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

class RuleSearch {
 public:
  RuleSearch(std::string_view text, const TextStructure& structure, const CompiledRule& rule,
             std::uint32_t rule_index, std::vector<TextRuleMatch>& out)
      : text_(text), structure_(structure), rule_(rule), rule_index_(rule_index), out_(out) {}

  void run() {
    const int group_count = std::min(groups_max, rule_.pattern->NumberOfCapturingGroups() + 1);
    std::size_t from = 0;
    while (from <= text_.size()) {
      if (!rule_.pattern->Match(piece_of(text_), from, text_.size(), re2::RE2::UNANCHORED,
                                groups_.data(), group_count)) {
        return;
      }
      const Place whole = place_of(groups_[0]);
      const Place span = place_of(groups_[rule_.span_group]);
      if (span.end > span.begin && holds(whole)) add(span, group_count);
      from = whole.end > from ? whole.end : next_character(from);
    }
  }

 private:
  [[nodiscard]] Place place_of(const re2::StringPiece& group) const {
    if (group.data() == nullptr) return {};
    const auto begin = static_cast<std::uint32_t>(group.data() - text_.data());
    return {begin, begin + static_cast<std::uint32_t>(group.size())};
  }

  [[nodiscard]] std::size_t next_character(std::size_t at) const {
    ++at;
    while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0U) == 0x80) ++at;
    return at;
  }

  [[nodiscard]] bool holds(Place place) const {
    const auto section =
        std::ranges::upper_bound(structure_.sections, place.begin, {}, &TextSection::end_byte);
    const SectionKind kind =
        section == structure_.sections.end() ? SectionKind::None : section->kind;
    const auto names = [kind](const std::vector<SectionKind>& kinds) {
      return std::ranges::find(kinds, kind) != kinds.end();
    };
    if (!rule_.sections.empty() && !names(rule_.sections)) return false;
    if (names(rule_.other_sections)) return false;
    return std::ranges::all_of(rule_.near, [&](const NearPattern& near) {
      return is_near(near, place) == near.is_wanted;
    });
  }

  // Looked for before and behind the match, not across or in it.
  [[nodiscard]] bool is_near(const NearPattern& near, Place place) const {
    const auto& tokens = structure_.tokens;
    const auto first = static_cast<std::uint32_t>(
        std::ranges::upper_bound(tokens, place.begin, {}, &Token::end_byte) - tokens.begin());
    const auto behind = static_cast<std::uint32_t>(
        std::ranges::lower_bound(tokens, place.end, {}, &Token::begin_byte) - tokens.begin());
    const auto& sentences = structure_.sentences;
    const auto sentence = std::ranges::upper_bound(sentences, first, {}, &TokenRange::end_token);
    if (sentence == sentences.end()) return false;
    const std::uint32_t reach = near.tokens_max;
    const std::uint32_t low = std::max(sentence->begin_token, first > reach ? first - reach : 0U);
    const std::uint32_t high = std::min(sentence->end_token, behind + reach);
    const auto found = [&](std::uint32_t begin, std::uint32_t end) {
      return begin < end &&
             near.pattern->Match(piece_of(text_), begin, end, re2::RE2::UNANCHORED, nullptr, 0);
    };
    return (low < first && found(tokens[low].begin_byte, place.begin)) ||
           (behind < high && found(place.end, tokens[high - 1].end_byte));
  }

  void add(Place span, int group_count) {
    TextRuleMatch match{rule_index_, span.begin, span.end, {}};
    for (const RuleAttribute& attribute : rule_.attributes) {
      if (!attribute.from_group) {
        match.attributes.push_back({attribute.name, attribute.value});
        continue;
      }
      if (static_cast<int>(attribute.group) >= group_count) continue;
      const re2::StringPiece& group = groups_[attribute.group];
      if (group.data() == nullptr) continue;
      match.attributes.push_back({attribute.name, std::string(group.data(), group.size())});
    }
    out_.push_back(std::move(match));
  }

  std::string_view text_;
  const TextStructure& structure_;
  const CompiledRule& rule_;
  std::uint32_t rule_index_;
  std::vector<TextRuleMatch>& out_;
  std::array<re2::StringPiece, groups_max> groups_{};
};

}  // namespace

TextRules::TextRules(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
TextRules::TextRules(TextRules&&) noexcept = default;
TextRules& TextRules::operator=(TextRules&&) noexcept = default;
TextRules::~TextRules() = default;

std::size_t TextRules::rule_count() const { return compiled_->rules.size(); }
const std::string& TextRules::rule_id(std::uint32_t rule) const {
  return compiled_->rules.at(rule).id;
}
const std::string& TextRules::label(std::uint32_t rule) const {
  return compiled_->rules.at(rule).label;
}
std::string_view TextRules::version() const { return compiled_->version; }

void TextRules::find(std::string_view valid_utf8, const TextStructure& structure,
                     std::vector<TextRuleMatch>& out) const {
  out.clear();
  if (compiled_->occurring == nullptr || valid_utf8.empty()) return;
  std::vector<int> occurring;
  re2::RE2::Set::ErrorInfo problem{};
  const bool any = compiled_->occurring->Match(piece_of(valid_utf8), &occurring, &problem);
  if (!any && problem.kind != re2::RE2::Set::kNoError) {
    // The set's automaton outgrew its memory: each rule is asked alone, to the same end.
    occurring.clear();
    for (std::size_t i = 0; i < compiled_->rules.size(); ++i) {
      occurring.push_back(static_cast<int>(i));
    }
  }
  for (const int i : occurring) {
    const auto rule = static_cast<std::uint32_t>(i);
    RuleSearch(valid_utf8, structure, compiled_->rules[rule], rule, out).run();
  }
  std::ranges::sort(out, {}, [](const TextRuleMatch& match) {
    return std::tuple(match.begin_byte, match.end_byte, match.rule);
  });
}

}  // namespace consilium
