// Numbers that tell raters, items and classes apart by their votes alone, not by how they are
// numbered: renumbering them renumbers the signatures. A random start drawn from signatures, or an
// order of work taken from them, then makes the result as free of numbering as the data are.
//
// Method: colour refinement (B. Weisfeiler, A. Leman, NTI 2 (1968) 12-16) with hashed colours: the
// colour of a thing is, in each round, mixed from its own and the sum of those of its votes. Two
// that no renumbering of the data could tell apart keep the same number, as they should.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "domain/vote/vote_table.hpp"

namespace consilium::crowd {

struct VoteSignatures {
  std::vector<std::uint64_t> item;
  std::vector<std::uint64_t> rater;
  std::vector<std::uint64_t> class_of;  // one a class
};

// Cost: O(votes).
[[nodiscard]] VoteSignatures vote_signatures(const VoteTable& votes);

// A tie between thing `a` and thing `b` with a weight or value that both see, as 64 bits.
struct SignedEdge {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint64_t tag = 0;
};

struct EdgeSignatures {
  std::vector<std::uint64_t> a;
  std::vector<std::uint64_t> b;
};

[[nodiscard]] EdgeSignatures edge_signatures(std::span<const SignedEdge> edges,
                                             std::uint32_t a_count, std::uint32_t b_count);

// splitmix64's finaliser (S. Vigna): a bijection that scatters.
[[nodiscard]] std::uint64_t scatter(std::uint64_t value);

// [0, 1), from a seed and up to three numbers.
[[nodiscard]] double uniform_of(std::uint64_t seed, std::uint64_t first, std::uint64_t second = 0,
                                std::uint64_t third = 0);

// The indices of `signature` in the order of its values; equal ones keep their order.
[[nodiscard]] std::vector<std::uint32_t> canonical_order(std::span<const std::uint64_t> signature);

}  // namespace consilium::crowd
