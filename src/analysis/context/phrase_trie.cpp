#include "analysis/context/phrase_trie.hpp"

#include "base/check.hpp"

namespace consilium {
namespace {

std::size_t slot_of(std::uint32_t from, std::uint64_t hash, std::size_t slot_count) {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15U;
  const std::uint64_t mixed = (hash ^ (from * odd)) * odd;
  return static_cast<std::size_t>(mixed >> 20U) & (slot_count - 1);
}

}  // namespace

std::uint32_t PhraseTrie::child(std::uint32_t from, std::uint64_t hash) const {
  if (edges_.empty()) return none;
  for (std::size_t slot = slot_of(from, hash, edges_.size());;
       slot = (slot + 1) & (edges_.size() - 1)) {
    const Edge& edge = edges_[slot];
    if (edge.from == none) return none;
    if (edge.from == from && edge.hash == hash) return edge.to;
  }
}

void PhraseTrie::grow() {
  std::vector<Edge> old(edges_.empty() ? 256 : edges_.size() * 2);
  old.swap(edges_);
  for (const Edge& edge : old) {
    if (edge.from == none) continue;
    std::size_t slot = slot_of(edge.from, edge.hash, edges_.size());
    while (edges_[slot].from != none) slot = (slot + 1) & (edges_.size() - 1);
    edges_[slot] = edge;
  }
}

std::uint32_t PhraseTrie::child_or_new(std::uint32_t from, std::uint64_t hash) {
  const std::uint32_t known = hash == any_token ? nodes_[from].any_child : child(from, hash);
  if (known != none) return known;
  const auto made = static_cast<std::uint32_t>(nodes_.size());
  nodes_.emplace_back();
  if (hash == any_token) {
    nodes_[from].any_child = made;
    return made;
  }
  if (2 * (edge_count_ + 1) > edges_.size()) grow();
  std::size_t slot = slot_of(from, hash, edges_.size());
  while (edges_[slot].from != none) slot = (slot + 1) & (edges_.size() - 1);
  edges_[slot] = {hash, from, made};
  ++edge_count_;
  return made;
}

void PhraseTrie::add(std::span<const std::uint64_t> phrase, std::uint32_t value) {
  CSL_CHECK(!phrase.empty() && phrase[0] != any_token);
  std::uint32_t node = 0;
  for (const std::uint64_t hash : phrase) node = child_or_new(node, hash);
  nodes_[node].values.push_back(value);
}

void PhraseTrie::walk(std::uint32_t node, std::span<const std::uint64_t> tokens,
                      std::uint32_t depth, std::vector<Match>& out) const {
  for (const std::uint32_t value : nodes_[node].values) out.push_back({value, depth});
  if (depth == tokens.size()) return;
  // As deep as the longest phrase; only free places branch.
  if (nodes_[node].any_child != none) walk(nodes_[node].any_child, tokens, depth + 1, out);
  const std::uint32_t next = child(node, tokens[depth]);
  if (next != none) walk(next, tokens, depth + 1, out);
}

void PhraseTrie::find_at(std::span<const std::uint64_t> tokens, std::vector<Match>& out) const {
  if (tokens.empty()) return;
  const std::uint32_t first = child(0, tokens[0]);
  if (first != none) walk(first, tokens, 1, out);
}

}  // namespace consilium
