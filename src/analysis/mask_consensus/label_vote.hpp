// Consensus by counting votes: label voting, and SIMPLE, which drops raters who agree badly.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/mask_consensus/vote_patterns.hpp"
#include "base/result.hpp"

namespace consilium {

// The label of undecided voxels when none is given: one past the greatest that occurs, as ITK has
// it. Errors: InvalidInput when that would be 65,536.
[[nodiscard]] Result<std::uint16_t> undecided_label(const VotePatterns& patterns,
                                                    std::optional<std::uint16_t> wanted);

// The label with the most votes, one a pattern; `undecided` where two have equally many. The
// convention of ITK's LabelVotingImageFilter. On binary patterns this is majority voting.
// Errors: as undecided_label. Write it out by write_by_pattern. Cost: O(patterns x raters).
[[nodiscard]] Result<std::vector<std::uint16_t>> label_voting(
    const VotePatterns& patterns, std::optional<std::uint16_t> undecided = std::nullopt);

struct SimpleSettings {
  double threshold = 1;     // raters below mean - threshold x standard deviation are dropped; >= 0
  int iterations_max = 50;  // at least 1
  friend bool operator==(const SimpleSettings&, const SimpleSettings&) = default;
};

struct SimpleResult {
  std::vector<double> agreement{};         // Dice of each rater with the consensus when last judged
  std::vector<std::uint8_t> kept{};        // 1 for raters who still vote
  std::vector<std::uint8_t> foreground{};  // 1 where the consensus marks, one a pattern
  int iterations = 0;
  bool converged = false;  // no rater dropped and no pattern changed in the last iteration
};

// Selective and iterative estimation: all vote at first; each rater's Dice with the majority
// becomes the weight of their vote, raters whose Dice is below mean - threshold x standard
// deviation (over those kept) are dropped, and the weighted majority is taken again, until nothing
// changes. Foreground needs more than half of the weight. At least one rater is always kept.
// Source: T. Langerak et al., IEEE Trans. Med. Imaging 29 (2010) 2000-2008.
// Errors: InvalidInput when the patterns are not binary, when all masks are empty (Dice is then
// undefined), or a setting is out of range. Cost: O(patterns x raters) an iteration.
[[nodiscard]] Result<SimpleResult> simple_consensus(const VotePatterns& patterns,
                                                    const SimpleSettings& settings = {});

}  // namespace consilium
