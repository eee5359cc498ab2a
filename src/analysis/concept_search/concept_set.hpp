// A set of concepts of one index, as bits.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "analysis/concept_search/concept_index.hpp"

namespace consilium {

class ConceptSet {
 public:
  explicit ConceptSet(std::uint32_t size) : size_(size), words_((std::size_t{size} + 63) / 64) {}
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] bool has(std::uint32_t i) const { return (words_[i / 64] >> (i % 64) & 1U) != 0; }
  void add(std::uint32_t i) { words_[i / 64] |= std::uint64_t{1} << (i % 64); }
  void add_all();
  // Both sets are of one index.
  void unite(const ConceptSet& other);
  void intersect(const ConceptSet& other);
  void subtract(const ConceptSet& other);
  [[nodiscard]] std::uint32_t count() const;
  // Ascending.
  template <class Use>
  void each(Use&& use) const {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      for (std::uint64_t bits = words_[w]; bits != 0; bits &= bits - 1) {
        use(static_cast<std::uint32_t>(w * 64 + static_cast<std::size_t>(std::countr_zero(bits))));
      }
    }
  }
  friend bool operator==(const ConceptSet&, const ConceptSet&) = default;

 private:
  std::uint32_t size_;
  std::vector<std::uint64_t> words_;
};

// All that are a kind of `of`, near or far, without itself unless it is in a cycle of a broken
// release. Cost: O(their links).
[[nodiscard]] ConceptSet descendants(const ConceptIndex& index, std::uint32_t of);
[[nodiscard]] ConceptSet ancestors(const ConceptIndex& index, std::uint32_t of);

}  // namespace consilium
