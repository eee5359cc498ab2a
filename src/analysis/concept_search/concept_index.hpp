// A terminology laid out for search as you type, in one block of memory that is also its file: a
// header, a table of sections, and arrays of little-endian integers and text. Opening it copies and
// sorts nothing; it checks every offset and index once, so that no damaged file can lead a search
// out of its bounds.
//
// Terms are numbered in the order in which a search shows them (active before inactive, preferred
// before synonym before full name, shorter before longer, then by code), so a list of ascending
// term numbers is ranked. Words are sorted; the terms of words lo..hi-1 lie side by side.
//
// Memory: about 150 bytes a term (a term of 35 characters and 5 words). Cost of `build`: O(text)
// plus sorting; of `open`: one pass over the integers, about 1 GB/s.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/terminology/terminology.hpp"

namespace consilium {

inline constexpr std::uint32_t concept_form_version = 1;

struct WordRange {  // of word numbers, half open
  std::uint32_t lo = 0;
  std::uint32_t hi = 0;
  [[nodiscard]] bool empty() const { return lo >= hi; }
  friend auto operator<=>(const WordRange&, const WordRange&) = default;
};

class ConceptIndex {
 public:
  // The form of a terminology as `finish` gave it: the same terminology gives the same bytes.
  // Errors: TooLarge when its words would need more than 32-bit offsets.
  [[nodiscard]] static Result<Bytes> build(const Terminology& terminology);
  // Errors: Corrupt when the form is damaged, Unsupported when it is of another version.
  [[nodiscard]] static Result<ConceptIndex> open(Bytes form);

  [[nodiscard]] std::string_view system() const { return identity_[0]; }
  [[nodiscard]] std::string_view version() const { return identity_[1]; }
  [[nodiscard]] std::string_view title() const { return identity_[2]; }
  [[nodiscard]] std::uint32_t concept_count() const {
    return static_cast<std::uint32_t>(flags_.size());
  }
  [[nodiscard]] std::uint32_t term_count() const {
    return static_cast<std::uint32_t>(term_concept_.size());
  }
  [[nodiscard]] std::uint32_t word_count() const {
    return static_cast<std::uint32_t>(word_offsets_.size() - 1);
  }
  [[nodiscard]] std::size_t size_bytes() const { return form_->size(); }
  [[nodiscard]] ByteView form() const { return *form_; }

  // Concepts, ascending by code.
  [[nodiscard]] std::string_view code(std::uint32_t index) const {
    return slice(code_text_, code_offsets_, index);
  }
  [[nodiscard]] bool active(std::uint32_t index) const { return flags_[index] != 0; }
  [[nodiscard]] std::string_view tag(std::uint32_t index) const {
    return slice(tag_text_, tag_offsets_, concept_tag_[index]);
  }
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view code) const;
  // The concepts whose code begins with this, as a half-open range.
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> with_code_prefix(
      std::string_view prefix) const;
  // Term numbers: the preferred one first, then as the terminology has them.
  [[nodiscard]] std::span<const std::uint32_t> terms_of(std::uint32_t index) const {
    return part(concept_terms_, concept_term_offsets_, index);
  }
  [[nodiscard]] std::string_view display(std::uint32_t index) const {
    return term(terms_of(index).front());
  }
  [[nodiscard]] std::span<const std::uint32_t> parents(std::uint32_t index) const {
    return part(parents_, parent_offsets_, index);
  }
  [[nodiscard]] std::span<const std::uint32_t> children(std::uint32_t index) const {
    return part(children_, child_offsets_, index);
  }

  // Terms.
  [[nodiscard]] std::string_view term(std::uint32_t number) const {
    return slice(term_text_, term_offsets_, number);
  }
  [[nodiscard]] TermKind kind(std::uint32_t number) const {
    return static_cast<TermKind>(term_kind_[number]);
  }
  [[nodiscard]] std::uint32_t concept_of(std::uint32_t number) const {
    return term_concept_[number];
  }
  [[nodiscard]] std::span<const std::uint32_t> words_of_term(std::uint32_t number) const {
    return part(term_words_, term_word_offsets_, number);
  }

  // Words.
  [[nodiscard]] std::string_view word(std::uint32_t number) const {
    return slice(word_text_, word_offsets_, number);
  }
  [[nodiscard]] WordRange words_with_prefix(std::string_view prefix) const;
  // Ascending within each word; each term once a word.
  [[nodiscard]] std::span<const std::uint32_t> postings(WordRange range) const {
    return postings_.subspan(posting_offsets_[range.lo],
                             posting_offsets_[range.hi] - posting_offsets_[range.lo]);
  }

 private:
  using Numbers = std::span<const std::uint32_t>;
  static std::string_view slice(std::string_view text, Numbers offsets, std::uint32_t index) {
    return text.substr(offsets[index], offsets[index + 1] - offsets[index]);
  }
  static Numbers part(Numbers values, Numbers offsets, std::uint32_t index) {
    return values.subspan(offsets[index], offsets[index + 1] - offsets[index]);
  }
  [[nodiscard]] Status check() const;
  [[nodiscard]] Status check_terms() const;

  std::unique_ptr<const Bytes> form_;  // the views below point into it
  std::string_view identity_[3];
  Numbers code_offsets_, concept_tag_, tag_offsets_, concept_term_offsets_, concept_terms_;
  Numbers parent_offsets_, parents_, child_offsets_, children_;
  Numbers term_offsets_, term_concept_, term_word_offsets_, term_words_;
  Numbers word_offsets_, posting_offsets_, postings_;
  std::span<const std::uint8_t> flags_, term_kind_;
  std::string_view code_text_, tag_text_, term_text_, word_text_;
};

}  // namespace consilium
