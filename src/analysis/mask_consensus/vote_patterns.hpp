// Several raters' masks of one volume as vote patterns. With R raters a voxel holds one of few
// combinations of votes (at most 32 for five binary raters, however many voxels), so the volumes
// are read once, the combinations counted, and all estimation runs on the counts. The consensus is
// then written by looking each voxel's pattern up.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace consilium {

inline constexpr std::size_t mask_raters_max = 4096;

struct VotePatterns {
  std::size_t rater_count = 0;
  // The labels that occur, ascending; in binary patterns always 0 and 1.
  std::vector<std::uint16_t> labels{};
  // Pattern p's votes: places in `labels`, rater_count of them from votes[p * rater_count].
  std::vector<std::uint16_t> votes{};
  std::vector<std::uint64_t> voxel_counts{};  // one a pattern; some may be 0
  // The pattern of each voxel; the narrowest type that was handy.
  std::variant<std::vector<std::uint8_t>, std::vector<std::uint16_t>, std::vector<std::uint32_t>>
      pattern_of_voxel{};

  [[nodiscard]] std::size_t pattern_count() const { return voxel_counts.size(); }
  [[nodiscard]] std::size_t voxel_count() const;
  [[nodiscard]] std::span<const std::uint16_t> votes_of(std::size_t pattern) const {
    return std::span(votes).subspan(pattern * rater_count, rater_count);
  }
};

// masks[r] is rater r's mask, all of one length; any voxel but 0 is foreground.
// Errors: InvalidInput when there is no rater or no voxel, or the lengths differ; TooLarge past
// mask_raters_max raters or 2^32 voxels of differing patterns.
// Cost: one pass. Up to 16 raters any masks go at memory speed; with more, runs of equal voxels
// do. Memory: 1, 2 or 4 bytes a voxel for up to 8, up to 16 and more raters.
[[nodiscard]] Result<VotePatterns> binary_patterns(
    std::span<const std::span<const std::uint8_t>> masks, unsigned threads = 1);

// volumes[r] is rater r's labels. Errors and cost as for more than 16 raters; one thread.
[[nodiscard]] Result<VotePatterns> label_patterns(
    std::span<const std::span<const std::uint16_t>> volumes);

// out[v] = values[pattern of voxel v]. Errors: InvalidInput when `out` has not one place a voxel or
// `values` not one a pattern. Cost: one pass.
[[nodiscard]] Status write_by_pattern(const VotePatterns& patterns, std::span<const float> values,
                                      std::span<float> out, unsigned threads = 1);
[[nodiscard]] Status write_by_pattern(const VotePatterns& patterns,
                                      std::span<const std::uint8_t> values,
                                      std::span<std::uint8_t> out, unsigned threads = 1);
[[nodiscard]] Status write_by_pattern(const VotePatterns& patterns,
                                      std::span<const std::uint16_t> values,
                                      std::span<std::uint16_t> out, unsigned threads = 1);

}  // namespace consilium
