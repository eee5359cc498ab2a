#include "analysis/concept_search/concept_index.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <ranges>
#include <variant>

#include "analysis/concept_search/concept_sections.hpp"
#include "base/utf8.hpp"

namespace consilium {
namespace {

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::Corrupt, "the terminology's index is damaged", std::string(what),
              "load the terminology again");
}

template <class T>
T number_at(ByteView bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// From 0 ascending to `end`, `count` steps.
bool are_offsets(std::span<const std::uint32_t> offsets, std::size_t count, std::size_t end) {
  return offsets.size() == count + 1 && offsets.front() == 0 && offsets.back() == end &&
         std::ranges::is_sorted(offsets);
}

bool all_below(std::span<const std::uint32_t> values, std::size_t limit) {
  std::uint32_t largest = 0;
  for (const std::uint32_t value : values) largest = std::max(largest, value);
  return values.empty() || largest < limit;
}

void view_as(ByteView bytes, std::string_view& text) { text = text_of(bytes); }
template <class Number>
void view_as(ByteView bytes, std::span<const Number>& numbers) {
  numbers = {reinterpret_cast<const Number*>(bytes.data()), bytes.size() / sizeof(Number)};
}

}  // namespace

Result<ConceptIndex> ConceptIndex::open(Bytes form) {
  ConceptIndex made;
  made.form_ = std::make_unique<const Bytes>(std::move(form));
  const ByteView bytes = *made.form_;
  if (bytes.size() < concept_header_bytes ||
      text_of(bytes.first(concept_form_magic.size())) != concept_form_magic) {
    return damaged("header");
  }
  if (number_at<std::uint32_t>(bytes, 8) != concept_form_version ||
      number_at<std::uint32_t>(bytes, 12) != concept_section_count) {
    return fail(ErrorCode::Unsupported, "the terminology's index is of another version", {},
                "load the terminology again");
  }
  std::array<ByteView, concept_section_count> sections;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const auto offset = number_at<std::uint64_t>(bytes, 16 + 16 * i);
    const auto size = number_at<std::uint64_t>(bytes, 24 + 16 * i);
    if (offset % 8 != 0 || offset > bytes.size() || size > bytes.size() - offset) {
      return damaged("section table");
    }
    sections[i] = bytes.subspan(offset, size);
  }
  std::string_view identity = text_of(sections[static_cast<std::size_t>(ConceptSection::Identity)]);
  for (std::string_view& one : made.identity_) {
    const std::size_t end = identity.find('\0');
    if (end == std::string_view::npos) return damaged("identity");
    one = identity.substr(0, end);
    identity.remove_prefix(end + 1);
    if (!is_utf8(one)) return damaged("identity");
  }
  // Behind the identity, as ConceptSection has them.
  using Field = std::variant<Numbers*, std::span<const std::uint8_t>*, std::string_view*>;
  const std::array<Field, concept_section_count - 1> fields{&made.code_offsets_,
                                                            &made.code_text_,
                                                            &made.flags_,
                                                            &made.concept_tag_,
                                                            &made.tag_offsets_,
                                                            &made.tag_text_,
                                                            &made.concept_term_offsets_,
                                                            &made.concept_terms_,
                                                            &made.parent_offsets_,
                                                            &made.parents_,
                                                            &made.child_offsets_,
                                                            &made.children_,
                                                            &made.term_offsets_,
                                                            &made.term_text_,
                                                            &made.term_concept_,
                                                            &made.term_kind_,
                                                            &made.term_word_offsets_,
                                                            &made.term_words_,
                                                            &made.word_offsets_,
                                                            &made.word_text_,
                                                            &made.posting_offsets_,
                                                            &made.postings_};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::visit([view = sections[i + 1]](auto* field) { view_as(view, *field); }, fields[i]);
  }
  CSL_TRY(made.check());
  CSL_TRY(made.check_terms());
  return made;
}

Status ConceptIndex::check() const {
  const std::size_t concepts = flags_.size();
  if (concepts == 0 || !are_offsets(code_offsets_, concepts, code_text_.size()) ||
      concept_tag_.size() != concepts || tag_offsets_.empty() ||
      !are_offsets(tag_offsets_, tag_offsets_.size() - 1, tag_text_.size()) ||
      !all_below(concept_tag_, tag_offsets_.size() - 1)) {
    return damaged("concepts");
  }
  for (std::uint32_t i = 1; i < concepts; ++i) {
    if (code(i - 1) >= code(i)) return damaged("order of the codes");
  }
  if (!is_utf8(code_text_) || !is_utf8(tag_text_)) return damaged("text of the concepts");
  if (!are_offsets(parent_offsets_, concepts, parents_.size()) || !all_below(parents_, concepts) ||
      !are_offsets(child_offsets_, concepts, children_.size()) || !all_below(children_, concepts)) {
    return damaged("links");
  }
  if (!are_offsets(concept_term_offsets_, concepts, concept_terms_.size()) ||
      !all_below(concept_terms_, term_concept_.size())) {
    return damaged("terms of the concepts");
  }
  for (std::uint32_t i = 0; i < concepts; ++i) {
    if (terms_of(i).empty()) return damaged("terms of the concepts");
  }
  return {};
}

Status ConceptIndex::check_terms() const {
  const std::size_t terms = term_concept_.size();
  if (!are_offsets(term_offsets_, terms, term_text_.size()) || term_kind_.size() != terms ||
      !all_below(term_concept_, flags_.size()) ||
      std::ranges::any_of(term_kind_, [](std::uint8_t kind) { return kind > 3; }) ||
      !is_utf8(term_text_) || std::ranges::any_of(term_offsets_, [&](std::uint32_t at) {
        return at < term_text_.size() &&
               (static_cast<unsigned char>(term_text_[at]) & 0xC0) == 0x80;
      })) {
    return damaged("terms");
  }
  if (word_offsets_.empty() || posting_offsets_.size() != word_offsets_.size()) {
    return damaged("words");
  }
  const std::size_t words = word_offsets_.size() - 1;
  if (!are_offsets(word_offsets_, words, word_text_.size()) ||
      !are_offsets(posting_offsets_, words, postings_.size()) || !all_below(postings_, terms) ||
      !are_offsets(term_word_offsets_, terms, term_words_.size()) ||
      !all_below(term_words_, words)) {
    return damaged("words");
  }
  for (std::uint32_t i = 0; i < words; ++i) {
    if (!is_utf8(word(i)) || (i > 0 && word(i - 1) >= word(i))) {
      return damaged("order of the words");
    }
  }
  return {};
}

std::optional<std::uint32_t> ConceptIndex::find(std::string_view wanted) const {
  const auto all = std::views::iota(0U, concept_count());
  const auto at = std::ranges::lower_bound(all, wanted, {}, [&](auto i) { return code(i); });
  if (at == all.end() || code(*at) != wanted) return std::nullopt;
  return *at;
}

std::pair<std::uint32_t, std::uint32_t> ConceptIndex::with_code_prefix(
    std::string_view prefix) const {
  const auto all = std::views::iota(0U, concept_count());
  const auto cut = [&](std::uint32_t i) { return code(i).substr(0, prefix.size()); };
  const auto range = std::ranges::equal_range(all, prefix, {}, cut);
  const auto lo = static_cast<std::uint32_t>(range.begin() - all.begin());
  return {lo, lo + static_cast<std::uint32_t>(range.size())};
}

WordRange ConceptIndex::words_with_prefix(std::string_view prefix) const {
  const auto all = std::views::iota(0U, word_count());
  const auto cut = [&](std::uint32_t i) { return word(i).substr(0, prefix.size()); };
  const auto range = std::ranges::equal_range(all, prefix, {}, cut);
  const auto lo = static_cast<std::uint32_t>(range.begin() - all.begin());
  return {.lo = lo, .hi = lo + static_cast<std::uint32_t>(range.size())};
}

}  // namespace consilium
