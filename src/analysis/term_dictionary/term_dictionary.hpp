// Terms of a vocabulary found in notes: the longest term at each place, by folded token hashes, in
// one pass. Spelling variants are met without being listed: case, Unicode form, hyphen or blank
// ("x-ray", "X ray", "xray"), possessive ("Crohn's", "Crohn", "Crohns disease"), plural of the last
// word, inverted order ("cancer, breast"), any order where asked for. Rules D1 to D8 are in
// semantics.md.
//
// Cost: building 112,000 terms about 0.3 s and 40 MB; matching over 50 MB/s on one core, tokens and
// hashes given. The same terms in any order and number of threads give the same matches.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/text_structure/text_structure.hpp"
#include "base/result.hpp"

namespace consilium {

enum class TermCase : std::uint8_t {
  Automatic,  // exact for short terms in capitals ("MS", "ALL"), else folded
  Folded,
  Exact,
};
enum class WordOrder : std::uint8_t { AsGiven, Free };

// A name of a concept. Several terms may have one concept, and one surface several concepts.
struct DictionaryTerm {
  std::string surface;              // valid UTF-8
  std::uint32_t concept_index = 0;  // the caller's: an index of its table of codes
  TermCase letter_case = TermCase::Automatic;
  WordOrder order = WordOrder::AsGiven;  // Free: up to 4 words in any order
};

struct TermDictionaryOptions {
  // Terms with fewer letters and digits are left out, unless matched exactly.
  std::uint32_t letters_min = 3;
  // Automatic: a term of capitals and digits up to this long is an acronym.
  std::uint32_t acronym_letters_max = 5;
  bool plurals = true;
};

// A stretch of text and what it may mean.
struct TermMatch {
  TokenRange tokens;                 // of the whole text; begins and ends with a word of the term
  std::uint32_t concepts_begin = 0;  // in TermMatches::concepts
  std::uint32_t concepts_end = 0;    // more than one apart: ambiguous
  friend bool operator==(const TermMatch&, const TermMatch&) = default;
};

struct TermMatches {
  std::vector<TermMatch> matches;       // in order, disjoint
  std::vector<std::uint32_t> concepts;  // ascending and unique within a match
};

class TermDictionary {
 public:
  static constexpr std::size_t terms_max = 8'000'000;
  static constexpr std::size_t term_tokens_max = 24;

  // Errors: InvalidInput for a surface that is not UTF-8, has no word, or has over 24 tokens, with
  // its place in `terms`; TooLarge over 8 million terms.
  [[nodiscard]] static Result<TermDictionary> build(std::span<const DictionaryTerm> terms,
                                                    const TermDictionaryOptions& options);

  // `out` is replaced and keeps its memory. `tokens` and `hashes` are the text's (`tokenize`,
  // `hash_tokens`); `sentences` bound every match.
  void find(std::string_view valid_utf8, std::span<const Token> tokens,
            std::span<const std::uint64_t> hashes, std::span<const TokenRange> sentences,
            TermMatches& out) const;

  [[nodiscard]] std::size_t surface_count() const { return surfaces_.size(); }  // variants too
  [[nodiscard]] std::size_t left_out_count() const { return left_out_; }        // too short
  [[nodiscard]] std::size_t size_bytes() const;

 private:
  friend class TermDictionaryBuilder;
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  struct Edge {  // of the tree of tokens; free when `to` is none
    std::uint64_t key = 0;
    std::uint32_t to = none;
  };
  struct Meaning {  // one concept of a surface
    std::uint32_t concept_index = 0;
    std::uint32_t exact = none;  // index of the spelling that the text must have; none: any case
    friend auto operator<=>(const Meaning&, const Meaning&) = default;
  };
  struct Spelling {
    std::string text;
    bool is_acronym = false;
  };
  struct Surface {
    std::uint32_t meanings_begin = 0;
    std::uint32_t meanings_end = 0;
  };

  [[nodiscard]] std::uint32_t child(std::uint32_t node, std::uint64_t hash) const;
  [[nodiscard]] bool add_meanings(std::string_view text, bool capitals_only, const Surface& surface,
                                  TermMatches& out) const;
  [[nodiscard]] bool may_begin(std::uint64_t hash) const;

  std::vector<Edge> edges_;                // open addressing, a power of two
  std::vector<std::uint32_t> surface_of_;  // by node; none where no term ends
  std::vector<Surface> surfaces_;
  std::vector<Meaning> meanings_;
  std::vector<bool> has_exact_;  // by surface: a meaning that asks for a spelling
  std::vector<Spelling> spellings_;
  std::vector<std::uint64_t> first_words_;  // a bit for each first word: most tokens begin no term
  std::size_t left_out_ = 0;
};

}  // namespace consilium
