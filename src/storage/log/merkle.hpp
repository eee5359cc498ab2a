// The Merkle tree of the event log: RFC 9162 (Certificate Transparency 2.0), sections 2.1.1
// to 2.1.4, with SHA-256. A leaf is one event's canonical JSON; tree size n is the log's first n
// events.
//
// Peaks: the roots of the perfect subtrees that n splits into, largest first (one for each 1 bit of
// n). They are all that appending needs, so a commit costs O(1) hashes an event and O(log n) a
// head.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"

namespace consilium::storage {

// SHA-256(0x00 || data)
[[nodiscard]] Sha256Digest merkle_leaf(ByteView data);
// SHA-256(0x01 || left || right)
[[nodiscard]] Sha256Digest merkle_node(const Sha256Digest& left, const Sha256Digest& right);

class MerkleFrontier {
 public:
  MerkleFrontier() = default;
  void append(const Sha256Digest& leaf);
  // Of the empty tree: SHA-256 of nothing.
  [[nodiscard]] Sha256Digest root() const;
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // The peaks one after another, 32 bytes each.
  [[nodiscard]] Bytes peaks() const;
  // Errors: Corrupt when the number of peaks does not belong to the size.
  [[nodiscard]] static Result<MerkleFrontier> from_peaks(std::uint64_t size, ByteView peaks);

 private:
  std::uint64_t size_ = 0;
  std::vector<Sha256Digest> peaks_;
};

// Root of these leaves. Cost: O(n).
[[nodiscard]] Sha256Digest merkle_root(std::span<const Sha256Digest> leaves);

// The hashes beside the path from leaf `index` to the root of all `leaves`, lowest first.
// CSL_CHECKs that the index is below the count. Cost: O(n).
[[nodiscard]] std::vector<Sha256Digest> inclusion_proof(std::uint64_t index,
                                                        std::span<const Sha256Digest> leaves);
[[nodiscard]] bool inclusion_holds(const Sha256Digest& leaf, std::uint64_t index,
                                   std::uint64_t tree_size, std::span<const Sha256Digest> proof,
                                   const Sha256Digest& root);

// That the tree of the first `old_size` leaves is the beginning of the tree of all of them.
// CSL_CHECKs 0 < old_size <= count. Cost: O(n).
[[nodiscard]] std::vector<Sha256Digest> consistency_proof(std::uint64_t old_size,
                                                          std::span<const Sha256Digest> leaves);
[[nodiscard]] bool consistency_holds(std::uint64_t old_size, const Sha256Digest& old_root,
                                     std::uint64_t new_size, const Sha256Digest& new_root,
                                     std::span<const Sha256Digest> proof);

}  // namespace consilium::storage
