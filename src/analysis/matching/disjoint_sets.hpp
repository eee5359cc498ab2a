// Which marks hang together: a forest whose roots are the least members of their sets.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace consilium::matching {

class DisjointSets {
 public:
  explicit DisjointSets(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), 0U);
  }
  [[nodiscard]] std::uint32_t root_of(std::uint32_t i) {
    while (parent_[i] != i) {
      parent_[i] = parent_[parent_[i]];
      i = parent_[i];
    }
    return i;
  }
  void join(std::uint32_t i, std::uint32_t j) {
    const std::uint32_t a = root_of(i);
    const std::uint32_t b = root_of(j);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::uint32_t> parent_;
};

}  // namespace consilium::matching
