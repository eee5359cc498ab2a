// What building and finding share: how an edge of the tree of tokens is keyed, and which tokens
// are left out of terms and texts. Keys are 64 bits of node and token hash; that two differing
// edges share one has chance 2^-64 a pair, as for the hashes themselves.
#pragma once

#include <cstdint>
#include <string_view>

namespace consilium::term_dictionary {

[[nodiscard]] inline std::uint64_t edge_key(std::uint32_t node, std::uint64_t hash) {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15U;
  std::uint64_t key = (hash ^ (std::uint64_t{node} * odd)) * odd;
  key ^= key >> 32U;
  return key;
}

// Hyphens and dashes stand for blanks (D2).
[[nodiscard]] inline bool is_hyphen(std::string_view token) {
  return token == "-" || token == "\u2010" || token == "\u2011" || token == "\u2013";
}

[[nodiscard]] inline bool is_clitic(std::string_view token) {  // D3
  return token == "'s" || token == "'S" || token == "\u2019s" || token == "\u2019S";
}

}  // namespace consilium::term_dictionary
