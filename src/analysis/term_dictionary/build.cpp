#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "analysis/term_dictionary/term_dictionary.hpp"
#include "analysis/term_dictionary/token_tree.hpp"
#include "analysis/text_structure/character_class.hpp"
#include "analysis/text_structure/normalise.hpp"
#include "base/utf8.hpp"

namespace consilium {

namespace {

using term_dictionary::edge_key;
using term_dictionary::is_clitic;
using term_dictionary::is_hyphen;

constexpr std::size_t ordered_words_max = 4;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The other number of an English word in small letters; empty where spelling gives none (D4).
std::string other_number(std::string_view word) {
  if (word.size() < 3 || !std::ranges::all_of(word, is_lower)) return {};
  const auto stem = [&word](std::size_t cut) {
    return std::string(word.substr(0, word.size() - cut));
  };
  constexpr std::string_view vowels = "aeiou";
  const bool consonant_before_last = vowels.find(word[word.size() - 2]) == std::string_view::npos;
  if (word.ends_with("sis")) return stem(2) + "es";  // diagnosis
  if (word.ends_with("ses") && !word.ends_with("sses") && word.ends_with("oses")) {
    return stem(2) + "is";  // diagnoses
  }
  if (word.ends_with("ies") && word.size() > 4) return stem(3) + "y";  // biopsies
  for (const std::string_view ending : {"sses", "shes", "ches", "xes"}) {
    if (word.ends_with(ending)) return stem(2);  // abscesses
  }
  for (const std::string_view ending : {"ss", "sh", "ch", "x"}) {
    if (word.ends_with(ending)) return std::string(word) + "es";  // abscess
  }
  if (word.ends_with("us") || word.ends_with("is")) return {};               // ductus, pelvis
  if (word.back() == 's') return word.size() < 4 ? std::string{} : stem(1);  // fractures
  if (word.back() == 'y' && consonant_before_last) return stem(1) + "ies";
  return std::string(word) + "s";
}

struct Words {
  std::vector<std::string> texts;  // folded; without hyphens and clitics
  std::vector<bool> has_clitic;    // "'s" stood behind it
  std::vector<bool> is_joined;     // a hyphen stood before it
  std::vector<bool> is_mark;       // a comma and such
};

}  // namespace

class TermDictionaryBuilder {
 public:
  explicit TermDictionaryBuilder(const TermDictionaryOptions& options) : options_(options) {}

  Status add(const DictionaryTerm& term, std::size_t index) {
    const auto where = [index] { return fmt::format("term {}", index); };
    if (!is_utf8(term.surface)) {
      return fail(ErrorCode::InvalidInput, "a term is not UTF-8", where());
    }
    if (term.surface.size() > structured_text_bytes_max) {
      return fail(ErrorCode::TooLarge, "a term is over 1 GiB", where());
    }
    tokenize(term.surface, tokens_);
    if (tokens_.size() > TermDictionary::term_tokens_max) {
      return fail(ErrorCode::InvalidInput, "a term has over 24 words and marks", where(),
                  "shorten it, or leave it out: notes hold no such phrase");
    }
    const std::size_t letters = read_words(term.surface);
    if (letters == 0) {
      return fail(ErrorCode::InvalidInput, "a term has no letter or digit", where(),
                  "leave it out");
    }
    const bool acronym = term.letter_case == TermCase::Automatic && is_acronym(term.surface);
    const bool exact = acronym || term.letter_case == TermCase::Exact;
    if (letters < options_.letters_min && !exact) {
      ++made_.left_out_;
      return {};
    }
    const TermDictionary::Meaning meaning{
        term.concept_index, exact ? spelling_of(term.surface, acronym) : TermDictionary::none};
    if (exact) {
      add_phrase(words_.texts, meaning);
    } else {
      add_variants(term.order, meaning);
    }
    return {};
  }

  TermDictionary finish() {
    std::ranges::sort(entries_);
    const auto [first, last] = std::ranges::unique(entries_);
    entries_.erase(first, last);
    for (const Entry& entry : entries_) {
      std::uint32_t& surface = made_.surface_of_[entry.node];
      if (surface == TermDictionary::none) {
        surface = static_cast<std::uint32_t>(made_.surfaces_.size());
        const auto begin = static_cast<std::uint32_t>(made_.meanings_.size());
        made_.surfaces_.push_back({begin, begin});
        made_.has_exact_.push_back(false);
      }
      made_.meanings_.push_back(entry.meaning);
      if (entry.meaning.exact != TermDictionary::none) made_.has_exact_[surface] = true;
      made_.surfaces_[surface].meanings_end = static_cast<std::uint32_t>(made_.meanings_.size());
    }
    // A bit for each first word, at least 16 bits a word: false alarms are rare.
    std::size_t words = 1024;
    while (words * 64 < first_hashes_.size() * 16) words *= 2;
    made_.first_words_.assign(words, 0);
    for (const std::uint64_t hash : first_hashes_) {
      const std::uint64_t bit = (hash >> 20U) & (words * 64 - 1);
      made_.first_words_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
    return std::move(made_);
  }

 private:
  struct Entry {
    std::uint32_t node = 0;
    TermDictionary::Meaning meaning;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };

  // Fills `words_`; the count of letters and digits.
  std::size_t read_words(std::string_view surface) {
    words_ = {};
    std::size_t letters = 0;
    bool joined = false;
    for (const Token& token : tokens_) {
      const std::string_view text =
          surface.substr(token.begin_byte, token.end_byte - token.begin_byte);
      if (is_hyphen(text)) {
        joined = !words_.texts.empty();
        continue;
      }
      if (!words_.texts.empty() && is_clitic(text)) {
        words_.has_clitic.back() = true;
        continue;
      }
      const auto kind = text_structure::class_at(text, 0).kind;
      const bool mark = kind == text_structure::CharacterClass::Other;
      if (!mark) letters += static_cast<std::size_t>(code_point_count(text));
      words_.texts.push_back(std::string(NormalisedText::of(text).utf8()));
      words_.has_clitic.push_back(false);
      words_.is_joined.push_back(joined);
      words_.is_mark.push_back(mark);
      joined = false;
    }
    return letters;
  }

  [[nodiscard]] bool is_acronym(std::string_view surface) const {
    const auto capitals = std::ranges::count_if(surface, is_upper);
    const bool allowed =
        std::ranges::all_of(surface, [](char c) { return is_upper(c) || is_digit(c) || c == '-'; });
    return allowed && capitals >= 2 && surface.size() <= options_.acronym_letters_max;
  }

  std::uint32_t spelling_of(const std::string& surface, bool is_acronym) {
    made_.spellings_.push_back({surface, is_acronym});
    return static_cast<std::uint32_t>(made_.spellings_.size() - 1);
  }

  void add_variants(WordOrder order, const TermDictionary::Meaning& meaning) {
    const std::vector<std::string>& words = words_.texts;
    add_numbers(words, meaning);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words_.has_clitic[i]) {  // D3
        std::vector<std::string> variant = words;
        variant[i] += 's';
        add_numbers(variant, meaning);
      }
      if (words_.is_joined[i]) {  // D2
        std::vector<std::string> variant = words;
        variant[i - 1] += variant[i];
        variant.erase(variant.begin() + static_cast<std::ptrdiff_t>(i));
        add_numbers(variant, meaning);
      }
    }
    const auto comma = std::ranges::find(words, ",");
    if (std::ranges::count(words, ",") == 1 && comma != words.begin() &&
        comma + 1 != words.end()) {  // D5
      std::vector<std::string> variant(comma + 1, words.end());
      variant.insert(variant.end(), words.begin(), comma);
      add_numbers(variant, meaning);
    }
    const bool marks = std::ranges::find(words_.is_mark, true) != words_.is_mark.end();
    if (order == WordOrder::Free && !marks && words.size() <= ordered_words_max) {
      std::vector<std::string> variant = words;
      std::ranges::sort(variant);
      do {
        add_numbers(variant, meaning);
      } while (std::ranges::next_permutation(variant).found);
    }
  }

  void add_numbers(const std::vector<std::string>& words, const TermDictionary::Meaning& meaning) {
    add_phrase(words, meaning);
    if (!options_.plurals) return;
    const std::string other = other_number(words.back());
    if (other.empty()) return;
    std::vector<std::string> variant = words;
    variant.back() = other;
    add_phrase(variant, meaning);
  }

  void add_phrase(const std::vector<std::string>& words, const TermDictionary::Meaning& meaning) {
    std::uint32_t node = 0;
    for (const std::string& word : words) {
      const std::uint64_t hash = folded_hash(word);
      const bool first = node == 0;
      const std::size_t known = made_.surface_of_.size();
      node = child_or_new(node, hash);
      if (first && made_.surface_of_.size() > known) first_hashes_.push_back(hash);
    }
    entries_.push_back({node, meaning});
  }

  std::uint32_t child_or_new(std::uint32_t node, std::uint64_t hash) {
    auto& edges = made_.edges_;
    if (2 * (edge_count_ + 1) > edges.size()) grow();
    const std::uint64_t key = edge_key(node, hash);
    std::size_t slot = key & (edges.size() - 1);
    for (; edges[slot].to != TermDictionary::none; slot = (slot + 1) & (edges.size() - 1)) {
      if (edges[slot].key == key) return edges[slot].to;
    }
    if (made_.surface_of_.empty()) made_.surface_of_.push_back(TermDictionary::none);  // the root
    const auto to = static_cast<std::uint32_t>(made_.surface_of_.size());
    edges[slot] = {key, to};
    made_.surface_of_.push_back(TermDictionary::none);
    ++edge_count_;
    return to;
  }

  void grow() {
    std::vector<TermDictionary::Edge> old(made_.edges_.empty() ? 1024 : made_.edges_.size() * 2);
    old.swap(made_.edges_);
    for (const TermDictionary::Edge& edge : old) {
      if (edge.to == TermDictionary::none) continue;
      std::size_t slot = edge.key & (made_.edges_.size() - 1);
      while (made_.edges_[slot].to != TermDictionary::none) {
        slot = (slot + 1) & (made_.edges_.size() - 1);
      }
      made_.edges_[slot] = edge;
    }
  }

  TermDictionaryOptions options_;
  TermDictionary made_;
  std::vector<Entry> entries_;
  std::vector<std::uint64_t> first_hashes_;
  std::size_t edge_count_ = 0;
  std::vector<Token> tokens_;
  Words words_;
};

Result<TermDictionary> TermDictionary::build(std::span<const DictionaryTerm> terms,
                                             const TermDictionaryOptions& options) {
  if (terms.size() > terms_max) {
    return fail(ErrorCode::TooLarge, "the dictionary has over 8 million terms", {},
                "split it by vocabulary");
  }
  TermDictionaryBuilder builder(options);
  for (std::size_t i = 0; i < terms.size(); ++i) CSL_TRY(builder.add(terms[i], i));
  return builder.finish();
}

}  // namespace consilium
