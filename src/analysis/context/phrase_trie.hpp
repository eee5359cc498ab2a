// Phrases as sequences of folded token hashes, each with values; all phrases that begin at a token
// are found in one walk. A phrase may hold places that any token fills.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace consilium {

class PhraseTrie {
 public:
  // Stands for any token. Not a phrase's first.
  static constexpr std::uint64_t any_token = 0;
  struct Match {
    std::uint32_t value = 0;
    std::uint32_t token_count = 0;
  };

  // CSL_CHECKs that the phrase is not empty and does not begin with `any_token`.
  void add(std::span<const std::uint64_t> phrase, std::uint32_t value);

  // Appends a match for each phrase that begins at `tokens[0]`, in no order.
  // Cost: one probe when none does.
  void find_at(std::span<const std::uint64_t> tokens, std::vector<Match>& out) const;

 private:
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  struct Edge {
    std::uint64_t hash = 0;
    std::uint32_t from = none;  // none: a free place
    std::uint32_t to = none;
  };
  struct Node {
    std::uint32_t any_child = none;
    std::vector<std::uint32_t> values;
  };
  [[nodiscard]] std::uint32_t child(std::uint32_t from, std::uint64_t hash) const;
  std::uint32_t child_or_new(std::uint32_t from, std::uint64_t hash);
  void grow();
  void walk(std::uint32_t node, std::span<const std::uint64_t> tokens, std::uint32_t depth,
            std::vector<Match>& out) const;

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::vector<Edge> edges_;  // open addressing, a power of two, at most half full
  std::size_t edge_count_ = 0;
};

}  // namespace consilium
