#include "analysis/concept_search/concept_set.hpp"

#include "base/check.hpp"

namespace consilium {
namespace {

template <class Next>
ConceptSet reached(const ConceptIndex& index, std::uint32_t from, Next&& next) {
  ConceptSet found(index.concept_count());
  std::vector<std::uint32_t> open{from};
  while (!open.empty()) {
    const std::uint32_t at = open.back();
    open.pop_back();
    for (const std::uint32_t to : next(at)) {
      if (found.has(to)) continue;
      found.add(to);
      open.push_back(to);
    }
  }
  return found;
}

}  // namespace

void ConceptSet::add_all() {
  for (std::uint64_t& word : words_) word = ~std::uint64_t{0};
  if (size_ % 64 != 0) words_.back() = (std::uint64_t{1} << (size_ % 64)) - 1;
}

void ConceptSet::unite(const ConceptSet& other) {
  CSL_CHECK(size_ == other.size_);
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
}

void ConceptSet::intersect(const ConceptSet& other) {
  CSL_CHECK(size_ == other.size_);
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
}

void ConceptSet::subtract(const ConceptSet& other) {
  CSL_CHECK(size_ == other.size_);
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
}

std::uint32_t ConceptSet::count() const {
  int sum = 0;
  for (const std::uint64_t word : words_) sum += std::popcount(word);
  return static_cast<std::uint32_t>(sum);
}

ConceptSet descendants(const ConceptIndex& index, std::uint32_t of) {
  return reached(index, of, [&](std::uint32_t at) { return index.children(at); });
}

ConceptSet ancestors(const ConceptIndex& index, std::uint32_t of) {
  return reached(index, of, [&](std::uint32_t at) { return index.parents(at); });
}

}  // namespace consilium
