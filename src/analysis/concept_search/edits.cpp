#include "analysis/concept_search/edits.hpp"

#include <algorithm>
#include <ranges>
#include <string>

#include "base/utf8.hpp"

namespace consilium {
namespace {

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> made;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    (void)next_code_point(text, at);
    made.emplace_back(text.substr(begin, at - begin));
  }
  return made;
}

// Words lo..hi-1 share their first `depth` bytes.
struct Branch {
  WordRange words;
  std::size_t depth = 0;
};

class NearWalk {
 public:
  NearWalk(const ConceptIndex& index, std::string_view typed)
      : index_(index), typed_(characters(typed)) {}

  NearWords run() {
    Branch exact{.words = {.lo = 0, .hi = index_.word_count()}, .depth = 0};
    for (std::size_t i = 0; i <= typed_.size() && !exact.words.empty(); ++i) {
      if (i == typed_.size()) {
        found(exact);
        last_missing(exact);
        break;
      }
      descend(exact, i + 1);  // one too many
      if (i + 1 < typed_.size() && typed_[i] != typed_[i + 1]) {
        descend(step(step(exact, typed_[i + 1]), typed_[i]), i + 2);  // swapped
      }
      each_child(exact, [&](const Branch& child, std::string_view character) {
        if (character != typed_[i]) {
          descend(child, i + 1);  // wrong
          descend(child, i);      // one too few
        }
      });
      exact = step(exact, typed_[i]);
    }
    tidy(near_.whole);
    tidy(near_.prefix);
    return std::move(near_);
  }

 private:
  [[nodiscard]] std::string_view rest(std::uint32_t word, std::size_t depth) const {
    const std::string_view text = index_.word(word);
    return text.substr(std::min(depth, text.size()));
  }

  [[nodiscard]] Branch step(const Branch& at, std::string_view character) const {
    if (at.words.empty()) return at;
    const auto range = std::ranges::equal_range(
        std::views::iota(at.words.lo, at.words.hi), character, {},
        [&](std::uint32_t word) { return rest(word, at.depth).substr(0, character.size()); });
    if (range.empty()) return {};
    return {.words = {.lo = *range.begin(),
                      .hi = *range.begin() + static_cast<std::uint32_t>(range.size())},
            .depth = at.depth + character.size()};
  }

  template <class Use>
  void each_child(const Branch& at, Use&& use) const {
    std::uint32_t next = at.words.lo;
    while (next < at.words.hi) {
      const std::string_view text = rest(next, at.depth);
      if (text.empty()) {
        ++next;
        continue;
      }
      std::size_t size = 0;
      (void)next_code_point(text, size);
      const Branch child =
          step({.words = {.lo = next, .hi = at.words.hi}, .depth = at.depth}, text.substr(0, size));
      use(child, text.substr(0, size));
      next = std::max(child.words.hi, next + 1);
    }
  }

  void descend(Branch at, std::size_t from) {
    for (std::size_t i = from; i < typed_.size() && !at.words.empty(); ++i) {
      at = step(at, typed_[i]);
    }
    if (!at.words.empty()) found(at);
  }

  void found(const Branch& at) {
    near_.prefix.push_back(at.words);
    if (rest(at.words.lo, at.depth).empty()) {
      near_.whole.push_back({.lo = at.words.lo, .hi = at.words.lo + 1});
    }
  }

  // Whole words that have one character more at the end; as prefixes they are in already.
  void last_missing(const Branch& at) {
    each_child(at, [&](const Branch& child, std::string_view) {
      if (rest(child.words.lo, child.depth).empty()) {
        near_.whole.push_back({.lo = child.words.lo, .hi = child.words.lo + 1});
      }
    });
  }

  static void tidy(std::vector<WordRange>& ranges) {
    std::ranges::sort(ranges);
    std::vector<WordRange> merged;
    for (const WordRange& range : ranges) {
      if (!merged.empty() && range.lo <= merged.back().hi) {
        merged.back().hi = std::max(merged.back().hi, range.hi);
      } else {
        merged.push_back(range);
      }
    }
    ranges = std::move(merged);
  }

  const ConceptIndex& index_;
  std::vector<std::string> typed_;
  NearWords near_;
};

}  // namespace

NearWords words_near(const ConceptIndex& index, std::string_view typed) {
  return NearWalk(index, typed).run();
}

}  // namespace consilium
