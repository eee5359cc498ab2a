#include "analysis/concept_search/search.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "analysis/concept_search/edits.hpp"
#include "analysis/concept_search/words.hpp"
#include "base/utf8.hpp"

namespace consilium {
namespace {

using Alternatives = std::vector<WordRange>;

// Looking a term's words up is worth about this many postings marked.
constexpr std::size_t lookup_cost = 16;

std::size_t posting_count(const ConceptIndex& index, const Alternatives& words) {
  std::size_t sum = 0;
  for (const WordRange& range : words) sum += index.postings(range).size();
  return sum;
}

class TermMarks {
 public:
  TermMarks(const ConceptIndex& index, const Alternatives& words)
      : bits_((std::size_t{index.term_count()} + 63) / 64) {
    for (const WordRange& range : words) {
      for (const std::uint32_t term : index.postings(range)) {
        bits_[term / 64] |= std::uint64_t{1} << (term % 64);
      }
    }
  }
  void intersect(const TermMarks& other) {
    for (std::size_t i = 0; i < bits_.size(); ++i) bits_[i] &= other.bits_[i];
  }
  // Ascending, until `use` returns false.
  template <class Use>
  void each(Use&& use) const {
    for (std::size_t w = 0; w < bits_.size(); ++w) {
      for (std::uint64_t bits = bits_[w]; bits != 0; bits &= bits - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(bits));
        if (!use(static_cast<std::uint32_t>(w * 64 + bit))) return;
      }
    }
  }

 private:
  std::vector<std::uint64_t> bits_;
};

bool holds(const ConceptIndex& index, std::uint32_t term, const Alternatives& words) {
  for (const std::uint32_t word : index.words_of_term(term)) {
    for (const WordRange& range : words) {
      if (word >= range.lo && word < range.hi) return true;
    }
  }
  return false;
}

// Terms that match each of `wanted`, ascending, until `use` returns false.
template <class Use>
void each_match(const ConceptIndex& index, const std::vector<Alternatives>& wanted, Use&& use) {
  std::vector<std::pair<std::size_t, const Alternatives*>> by_size;
  for (const Alternatives& words : wanted)
    by_size.emplace_back(posting_count(index, words), &words);
  std::ranges::sort(by_size);
  if (by_size.empty() || by_size.front().first == 0) return;
  TermMarks marks(index, *by_size.front().second);
  std::vector<const Alternatives*> looked_up;
  for (std::size_t i = 1; i < by_size.size(); ++i) {
    const auto& [size, words] = by_size[i];
    if (size > by_size.front().first * lookup_cost) {
      looked_up.push_back(words);
    } else {
      marks.intersect(TermMarks(index, *words));
    }
  }
  marks.each([&](std::uint32_t term) {
    for (const Alternatives* words : looked_up) {
      if (!holds(index, term, *words)) return true;
    }
    return use(term);
  });
}

class Search {
 public:
  Search(const ConceptIndex& index, const ConceptQuery& query) : index_(index), query_(query) {}

  std::vector<ConceptHit> run() {
    std::string_view text = query_.text.substr(0, concept_query_bytes_max);
    while (!text.empty() && !is_utf8(text)) text.remove_suffix(1);
    if (query_.limit == 0) return {};
    codes(text);
    words_ = words_of(text);
    if (words_.size() > concept_query_words_max) words_.resize(concept_query_words_max);
    if (!words_.empty() && !full()) exact_and_whole();
    if (!words_.empty() && !full()) {
      terms(MatchKind::Prefix, prefixes_);
      if (!full()) near();
    }
    return std::move(hits_);
  }

 private:
  [[nodiscard]] bool full() const { return hits_.size() >= query_.limit; }

  [[nodiscard]] bool wanted(std::uint32_t index) const {
    return (query_.with_inactive || index_.active(index)) &&
           (query_.among == nullptr || query_.among->has(index)) &&
           std::ranges::find(hits_, index, &ConceptHit::index) == hits_.end();
  }

  // Returns whether there is room for more.
  bool take(std::uint32_t term, MatchKind kind) {
    const std::uint32_t index = index_.concept_of(term);
    if (wanted(index)) hits_.push_back({.index = index, .term = term, .kind = kind});
    return !full();
  }

  void codes(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    const bool digit = std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (!digit || std::ranges::any_of(text, is_space)) return;
    std::string upper(text);
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    for (const std::string_view typed : {text, std::string_view(upper)}) {
      const auto [lo, hi] = index_.with_code_prefix(typed);
      for (std::uint32_t i = lo; i < hi && !full(); ++i) {
        if (wanted(i)) {
          hits_.push_back(
              {.index = i, .term = index_.terms_of(i).front(), .kind = MatchKind::Code});
        }
      }
    }
  }

  void terms(MatchKind kind, const std::vector<Alternatives>& words) {
    each_match(index_, words, [&](std::uint32_t term) { return take(term, kind); });
  }

  void exact_and_whole() {
    std::vector<Alternatives> whole;
    for (const std::string& word : words_) {
      const WordRange range = index_.words_with_prefix(word);
      prefixes_.push_back(range.empty() ? Alternatives{} : Alternatives{range});
      const bool there = !range.empty() && index_.word(range.lo) == word;
      whole.push_back(there ? Alternatives{{.lo = range.lo, .hi = range.lo + 1}} : Alternatives{});
    }
    each_match(index_, whole, [&](std::uint32_t term) {
      if (index_.words_of_term(term).size() != words_.size()) return true;
      return take(term, MatchKind::Exact);
    });
    if (!full()) terms(MatchKind::Words, whole);
  }

  // One word of the query with an error, the others as they are.
  void near() {
    std::vector<NearWords> found(words_.size());
    for (std::size_t i = 0; i < words_.size(); ++i) {
      // Where another word is in no term at all, that one holds the error.
      bool others = true;
      for (std::size_t j = 0; j < words_.size(); ++j) others &= j == i || !prefixes_[j].empty();
      if (others && code_point_count(words_[i]) >= typo_characters_min) {
        found[i] = words_near(index_, words_[i]);
      }
    }
    for (const bool whole : {true, false}) {
      if (full()) return;
      std::vector<std::uint32_t> terms;
      for (std::size_t i = 0; i < words_.size(); ++i) {
        std::vector<Alternatives> words = prefixes_;
        words[i] = whole ? found[i].whole : found[i].prefix;
        std::vector<std::uint32_t> concepts;  // as many as could be shown
        each_match(index_, words, [&](std::uint32_t term) {
          const std::uint32_t index = index_.concept_of(term);
          if (!wanted(index)) return true;
          terms.push_back(term);
          if (std::ranges::find(concepts, index) == concepts.end()) concepts.push_back(index);
          return concepts.size() < query_.limit;
        });
      }
      std::ranges::sort(terms);
      for (const std::uint32_t term : terms) {
        if (!take(term, whole ? MatchKind::NearWords : MatchKind::NearPrefix)) return;
      }
    }
  }

  const ConceptIndex& index_;
  const ConceptQuery& query_;
  std::vector<std::string> words_;
  std::vector<Alternatives> prefixes_;
  std::vector<ConceptHit> hits_;
};

}  // namespace

std::string_view name_of(MatchKind kind) {
  switch (kind) {
    case MatchKind::Code:
      return "code";
    case MatchKind::Exact:
      return "exact";
    case MatchKind::Words:
      return "words";
    case MatchKind::Prefix:
      return "prefix";
    case MatchKind::NearWords:
      return "near_words";
    case MatchKind::NearPrefix:
      return "near_prefix";
  }
  std::unreachable();
}

std::vector<ConceptHit> search(const ConceptIndex& index, const ConceptQuery& query) {
  return Search(index, query).run();
}

}  // namespace consilium
