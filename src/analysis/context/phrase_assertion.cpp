#include "analysis/context/phrase_assertion.hpp"

#include <algorithm>

#include "analysis/text_structure/normalise.hpp"

namespace consilium {

bool PhraseAsserter::is_in_capitals(std::string_view sentence, TokenRange range) const {
  const std::uint32_t begin = structure_.tokens[range.begin_token].begin_byte;
  const std::uint32_t end = structure_.tokens[range.end_token - 1].end_byte;
  return std::ranges::none_of(sentence.substr(begin, end - begin),
                              [](char c) { return c >= 'a' && c <= 'z'; });
}

// The tokens that the letters of the phrase touch: "polyp" in "polyps", "S1" in "L5S1".
TokenRange PhraseAsserter::place_of_letters(std::string_view sentence,
                                            std::string_view phrase) const {
  const NormalisedText text = NormalisedText::of(sentence);
  const NormalisedText wanted = NormalisedText::of(phrase);
  const std::size_t at = text.utf8().find(wanted.utf8());
  if (at == std::string_view::npos || wanted.utf8().empty()) return {};
  const Token place = text.original_bytes(static_cast<std::uint32_t>(at),
                                          static_cast<std::uint32_t>(at + wanted.utf8().size()));
  const auto& tokens = structure_.tokens;
  const auto begin = std::ranges::upper_bound(tokens, place.begin_byte, {}, &Token::end_byte);
  const auto end = std::ranges::lower_bound(tokens, place.end_byte, {}, &Token::begin_byte);
  if (begin >= end) return {};
  return {static_cast<std::uint32_t>(begin - tokens.begin()),
          static_cast<std::uint32_t>(end - tokens.begin())};
}

// Programs cut sentences at points within phrases ("tolerates p.o. | fluids"): the longest end of
// the sentence that begins the phrase, or begin of it that ends the phrase.
TokenRange PhraseAsserter::place_of_part() const {
  const std::span<const std::uint64_t> text(hashes_);
  const std::span<const std::uint64_t> phrase(phrase_hashes_);
  const auto text_count = static_cast<std::uint32_t>(text.size());
  for (std::size_t count = std::min(text.size(), phrase.size()); count > 0; --count) {
    const auto shared = static_cast<std::uint32_t>(count);
    if (std::ranges::equal(text.last(count), phrase.first(count))) {
      return {text_count - shared, text_count};
    }
    if (std::ranges::equal(text.first(count), phrase.last(count))) return {0, shared};
  }
  return {};
}

Result<TokenRange> PhraseAsserter::place_of(std::string_view sentence, std::string_view phrase) {
  tokenize(phrase, phrase_tokens_);
  if (phrase_tokens_.empty()) {
    return fail(ErrorCode::InvalidInput, "the phrase is empty", {}, "give the words of a finding");
  }
  hash_tokens(phrase, phrase_tokens_, phrase_hashes_);
  const auto count = static_cast<std::uint32_t>(phrase_hashes_.size());
  TokenRange found;
  for (auto from = hashes_.begin();; ++from) {
    from = std::search(from, hashes_.end(), phrase_hashes_.begin(), phrase_hashes_.end());
    if (from == hashes_.end()) break;
    const auto begin = static_cast<std::uint32_t>(from - hashes_.begin());
    const TokenRange range{begin, begin + count};
    if (is_in_capitals(sentence, range)) return range;
    if (found.end_token == 0) found = range;
  }
  if (found.end_token == 0) found = place_of_letters(sentence, phrase);
  if (found.end_token == 0) found = place_of_part();
  if (found.end_token == 0) {
    return fail(ErrorCode::InvalidInput, "the phrase does not occur in its sentence", {},
                "copy the phrase from the sentence");
  }
  return found;
}

Result<PhraseAssertion> PhraseAsserter::read(std::string_view sentence, std::string_view phrase) {
  CSL_TRY(structure_text(sentence, structure_));
  hash_tokens(sentence, structure_.tokens, hashes_);
  const TokenRange place = CSL_TRY(place_of(sentence, phrase));
  PhraseAssertion result;
  result.begin_byte = structure_.tokens[place.begin_token].begin_byte;
  result.end_byte = structure_.tokens[place.end_token - 1].end_byte;

  // From the sentence of its first token to that of its last: a phrase may hold a header's colon.
  const auto& sentences = structure_.sentences;
  const auto first =
      std::ranges::upper_bound(sentences, place.begin_token, {}, &TokenRange::end_token);
  const auto last =
      std::ranges::upper_bound(sentences, place.end_token - 1, {}, &TokenRange::end_token);
  const TokenRange around{first->begin_token, last->end_token};
  const auto section = std::ranges::upper_bound(structure_.sections, result.end_byte - 1, {},
                                                &TextSection::end_byte);
  const TokenRange finding{place.begin_token - around.begin_token,
                           place.end_token - around.begin_token};
  const std::span<const std::uint64_t> hashes =
      std::span(hashes_).subspan(around.begin_token, around.end_token - around.begin_token);
  reader_.read(hashes, {&finding, 1}, section->kind, {&result.assertion, 1});
  return result;
}

}  // namespace consilium
