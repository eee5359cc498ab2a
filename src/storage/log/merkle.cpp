#include "storage/log/merkle.hpp"

#include <algorithm>
#include <bit>

#include "base/check.hpp"

namespace consilium::storage {
namespace {

// The largest power of two below n (n > 1): where RFC 9162 splits a tree.
std::uint64_t split_of(std::uint64_t n) { return std::bit_floor(n - 1); }

void add_inclusion(std::vector<Sha256Digest>& proof, std::uint64_t index,
                   std::span<const Sha256Digest> leaves) {
  if (leaves.size() <= 1) return;
  const std::uint64_t split = split_of(leaves.size());
  if (index < split) {
    add_inclusion(proof, index, leaves.first(split));
    proof.push_back(merkle_root(leaves.subspan(split)));
  } else {
    add_inclusion(proof, index - split, leaves.subspan(split));
    proof.push_back(merkle_root(leaves.first(split)));
  }
}

// SUBPROOF of RFC 9162 2.1.4.1: `known` when the verifier already has the root of these leaves.
void add_consistency(std::vector<Sha256Digest>& proof, std::uint64_t old_size,
                     std::span<const Sha256Digest> leaves, bool known) {
  if (old_size == leaves.size()) {
    if (!known) proof.push_back(merkle_root(leaves));
    return;
  }
  const std::uint64_t split = split_of(leaves.size());
  if (old_size <= split) {
    add_consistency(proof, old_size, leaves.first(split), known);
    proof.push_back(merkle_root(leaves.subspan(split)));
  } else {
    add_consistency(proof, old_size - split, leaves.subspan(split), false);
    proof.push_back(merkle_root(leaves.first(split)));
  }
}

}  // namespace

Sha256Digest merkle_leaf(ByteView data) {
  Sha256 hash;
  constexpr std::byte prefix{0};
  hash.update(ByteView(&prefix, 1));
  hash.update(data);
  return hash.finish();
}

Sha256Digest merkle_node(const Sha256Digest& left, const Sha256Digest& right) {
  std::array<std::byte, 65> both{};
  both[0] = std::byte{1};
  std::copy(left.begin(), left.end(), both.begin() + 1);
  std::copy(right.begin(), right.end(), both.begin() + 33);
  return sha256(both);
}

void MerkleFrontier::append(const Sha256Digest& leaf) {
  Sha256Digest node = leaf;
  // Each trailing 1 bit of the old size is a peak of the same height as the node: they join.
  for (std::uint64_t bits = size_; (bits & 1U) != 0; bits >>= 1U) {
    node = merkle_node(peaks_.back(), node);
    peaks_.pop_back();
  }
  peaks_.push_back(node);
  ++size_;
}

Sha256Digest MerkleFrontier::root() const {
  if (peaks_.empty()) return sha256({});
  Sha256Digest root = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) root = merkle_node(peaks_[i], root);
  return root;
}

Bytes MerkleFrontier::peaks() const {
  Bytes bytes;
  bytes.reserve(peaks_.size() * 32);
  for (const Sha256Digest& peak : peaks_) bytes.insert(bytes.end(), peak.begin(), peak.end());
  return bytes;
}

Result<MerkleFrontier> MerkleFrontier::from_peaks(std::uint64_t size, ByteView peaks) {
  if (peaks.size() != static_cast<std::size_t>(std::popcount(size)) * 32) {
    return fail(ErrorCode::Corrupt, "the log's tail does not fit its size", {},
                "run consilium verify");
  }
  MerkleFrontier frontier;
  frontier.size_ = size;
  for (std::size_t at = 0; at < peaks.size(); at += 32) {
    Sha256Digest& peak = frontier.peaks_.emplace_back();
    std::copy_n(peaks.begin() + static_cast<std::ptrdiff_t>(at), 32, peak.begin());
  }
  return frontier;
}

Sha256Digest merkle_root(std::span<const Sha256Digest> leaves) {
  MerkleFrontier frontier;
  for (const Sha256Digest& leaf : leaves) frontier.append(leaf);
  return frontier.root();
}

std::vector<Sha256Digest> inclusion_proof(std::uint64_t index,
                                          std::span<const Sha256Digest> leaves) {
  CSL_CHECK(index < leaves.size());
  std::vector<Sha256Digest> proof;
  add_inclusion(proof, index, leaves);
  return proof;
}

// RFC 9162 2.1.3.2, its steps in its order.
bool inclusion_holds(const Sha256Digest& leaf, std::uint64_t index, std::uint64_t tree_size,
                     std::span<const Sha256Digest> proof, const Sha256Digest& root) {
  if (index >= tree_size) return false;
  std::uint64_t first = index;
  std::uint64_t last = tree_size - 1;
  Sha256Digest node = leaf;
  for (const Sha256Digest& sibling : proof) {
    if (last == 0) return false;
    if ((first & 1U) != 0 || first == last) {
      node = merkle_node(sibling, node);
      while ((first & 1U) == 0 && first != 0) {
        first >>= 1U;
        last >>= 1U;
      }
    } else {
      node = merkle_node(node, sibling);
    }
    first >>= 1U;
    last >>= 1U;
  }
  return last == 0 && node == root;
}

std::vector<Sha256Digest> consistency_proof(std::uint64_t old_size,
                                            std::span<const Sha256Digest> leaves) {
  CSL_CHECK(old_size > 0 && old_size <= leaves.size());
  std::vector<Sha256Digest> proof;
  add_consistency(proof, old_size, leaves, true);
  return proof;
}

// RFC 9162 2.1.4.2, its steps in its order.
bool consistency_holds(std::uint64_t old_size, const Sha256Digest& old_root, std::uint64_t new_size,
                       const Sha256Digest& new_root, std::span<const Sha256Digest> proof) {
  if (old_size == 0 || old_size > new_size) return false;
  if (old_size == new_size) return proof.empty() && old_root == new_root;
  std::vector<Sha256Digest> path(proof.begin(), proof.end());
  if (std::has_single_bit(old_size)) path.insert(path.begin(), old_root);
  if (path.empty()) return false;
  std::uint64_t first = old_size - 1;
  std::uint64_t last = new_size - 1;
  while ((first & 1U) != 0) {
    first >>= 1U;
    last >>= 1U;
  }
  Sha256Digest old_node = path.front();
  Sha256Digest new_node = path.front();
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (last == 0) return false;
    if ((first & 1U) != 0 || first == last) {
      old_node = merkle_node(path[i], old_node);
      new_node = merkle_node(path[i], new_node);
      while ((first & 1U) == 0 && first != 0) {
        first >>= 1U;
        last >>= 1U;
      }
    } else {
      new_node = merkle_node(new_node, path[i]);
    }
    first >>= 1U;
    last >>= 1U;
  }
  return last == 0 && old_node == old_root && new_node == new_root;
}

}  // namespace consilium::storage
