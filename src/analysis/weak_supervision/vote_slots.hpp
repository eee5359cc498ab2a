// A slot is a (function, class) that occurs: all that is kept of a function. Used by this module
// alone.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::weak {

struct VoteSlots {
  std::vector<std::uint32_t>
      first{};                      // function_count + 1 long; slots of j: [first[j], first[j+1])
  std::vector<ClassIndex> label{};  // of each slot; ascending within a function
  std::vector<std::uint64_t> votes{};    // of each slot
  std::vector<std::uint32_t> of_vote{};  // slot of each vote
  [[nodiscard]] std::size_t count() const { return label.size(); }
};

// Errors: InvalidInput when a function votes twice on an item. Cost: O(votes), or O(votes log
// votes) where functions x classes is over 2^24; 4 bytes a vote.
[[nodiscard]] Result<VoteSlots> slots_of(const VoteTable& votes);

}  // namespace consilium::weak
