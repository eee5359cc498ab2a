// The assertion of one phrase in one sentence, as test kits and worklists hold them: two strings.
#pragma once

#include <string_view>

#include "analysis/context/context.hpp"

namespace consilium {

struct PhraseAssertion {
  Assertion assertion;
  std::uint32_t begin_byte = 0;  // of the sentence
  std::uint32_t end_byte = 0;
  friend bool operator==(const PhraseAssertion&, const PhraseAssertion&) = default;
};

// Keeps its memory between sentences. The rules must outlive it.
class PhraseAsserter {
 public:
  explicit PhraseAsserter(const ContextRules& rules) : reader_(rules) {}

  // `sentence` may hold several sentences and headers, as reports cut by programs do: it is cut
  // again, and the phrase is read in its own. The phrase is sought as tokens without regard to
  // case, then as letters, then as cut in two by an end of the sentence; where it occurs several
  // times, the occurrence in capitals is meant (the NegEx kit marks its phrases so), else the
  // first. Both are valid UTF-8. Errors: InvalidInput when the phrase has no token or no part of it
  // is in the sentence; TooLarge.
  [[nodiscard]] Result<PhraseAssertion> read(std::string_view sentence, std::string_view phrase);

 private:
  [[nodiscard]] Result<TokenRange> place_of(std::string_view sentence, std::string_view phrase);
  [[nodiscard]] bool is_in_capitals(std::string_view sentence, TokenRange range) const;
  [[nodiscard]] TokenRange place_of_part() const;
  [[nodiscard]] TokenRange place_of_letters(std::string_view sentence,
                                            std::string_view phrase) const;

  ContextReader reader_;
  TextStructure structure_;
  std::vector<std::uint64_t> hashes_;
  std::vector<Token> phrase_tokens_;
  std::vector<std::uint64_t> phrase_hashes_;
};

}  // namespace consilium
