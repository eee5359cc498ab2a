#include "analysis/text_structure/text_structure.hpp"

#include <algorithm>

namespace consilium {
namespace {

// Splits sentences at the bytes where a section or its body begins.
void cut_at_sections(const std::vector<Token>& tokens, const std::vector<TextSection>& sections,
                     std::vector<TokenRange>& sentences) {
  std::vector<TokenRange> cut;
  cut.reserve(sentences.size() + 2 * sections.size());
  std::vector<std::uint32_t> places;
  for (const TextSection& section : sections) {
    places.push_back(section.begin_byte);
    places.push_back(section.body_byte);
  }
  std::size_t place = 0;
  for (TokenRange sentence : sentences) {
    for (; place < places.size(); ++place) {
      // The first token at or behind the place; a place inside a token does not occur.
      const auto at = std::lower_bound(
          tokens.begin() + sentence.begin_token, tokens.begin() + sentence.end_token, places[place],
          [](const Token& token, std::uint32_t byte) { return token.begin_byte < byte; });
      const auto token = static_cast<std::uint32_t>(at - tokens.begin());
      if (token >= sentence.end_token) break;
      if (token > sentence.begin_token) cut.push_back({sentence.begin_token, token});
      sentence.begin_token = token;
    }
    cut.push_back(sentence);
  }
  sentences.swap(cut);
}

}  // namespace

Status structure_text(std::string_view valid_utf8, TextStructure& out) {
  if (valid_utf8.size() > structured_text_bytes_max) {
    return fail(ErrorCode::TooLarge, "the text is over 1 GiB", {}, "split it into its notes");
  }
  tokenize(valid_utf8, out.tokens);
  split_sentences(valid_utf8, out.tokens, out.sentences);
  find_sections(valid_utf8, out.sections);
  const bool any_header = out.sections.size() > 1 || out.sections.front().body_byte > 0;
  if (any_header) cut_at_sections(out.tokens, out.sections, out.sentences);
  return {};
}

Result<TextStructure> structure_of(const CanonicalText& text) {
  TextStructure structure;
  CSL_TRY(structure_text(text.utf8(), structure));
  return structure;
}

Result<TextSpan> to_text_span(const CanonicalText& text, std::uint32_t begin_byte,
                              std::uint32_t end_byte) {
  const std::uint64_t begin = CSL_TRY(text.code_point_of_byte(begin_byte));
  const std::uint64_t end = CSL_TRY(text.code_point_of_byte(end_byte));
  return TextSpan{begin, end};
}

}  // namespace consilium
