#include "analysis/mask_consensus/vote_patterns.hpp"

#include <doctest/doctest.h>

#include <numeric>

#include "analysis/mask_consensus/made_raters.hpp"
#include "base/random.hpp"

namespace consilium {
namespace {

using test::views;
using test::Volumes;

// The votes of voxel v, read back from its pattern.
std::vector<std::uint16_t> votes_at(const VotePatterns& patterns, std::size_t v) {
  const std::size_t pattern =
      std::visit([v](const auto& pattern_of) { return static_cast<std::size_t>(pattern_of[v]); },
                 patterns.pattern_of_voxel);
  const auto votes = patterns.votes_of(pattern);
  return {votes.begin(), votes.end()};
}

std::uint64_t counted(const VotePatterns& patterns) {
  return std::accumulate(patterns.voxel_counts.begin(), patterns.voxel_counts.end(),
                         std::uint64_t{0});
}

TEST_CASE("every voxel's pattern holds its raters' votes, for any number of raters (I1)") {
  SeededRandom random(4);
  for (const std::size_t raters : {1U, 2U, 5U, 8U, 9U, 16U, 17U, 40U}) {
    CAPTURE(raters);
    for (const std::size_t voxels : {1U, 7U, 31U, 33U, 70'001U}) {
      if (voxels > 100 && raters > 9 && raters != 17) continue;
      CAPTURE(voxels);
      Volumes<std::uint8_t> masks(raters, std::vector<std::uint8_t>(voxels));
      for (auto& mask : masks) {
        for (std::size_t v = 0; v < voxels; ++v) {
          const bool same = v > 0 && random.uniform() < 0.9;
          mask[v] = same ? mask[v - 1] : static_cast<std::uint8_t>(random.below(2) * 200);
        }
      }
      const auto patterns = binary_patterns(views(masks));
      REQUIRE(patterns.has_value());
      REQUIRE(patterns->voxel_count() == voxels);
      CHECK(counted(*patterns) == voxels);
      std::size_t wrong = 0;
      for (std::size_t v = 0; v < voxels; ++v) {
        const auto votes = votes_at(*patterns, v);
        for (std::size_t r = 0; r < raters; ++r) wrong += votes[r] != (masks[r][v] != 0) ? 1 : 0;
      }
      CHECK(wrong == 0);
      const auto together = binary_patterns(views(masks), 4);
      CHECK(together->voxel_counts == patterns->voxel_counts);
      CHECK(together->pattern_of_voxel == patterns->pattern_of_voxel);
    }
  }
}

TEST_CASE("label patterns name the labels that occur and hold each vote (I1)") {
  auto volumes = test::made_labels(4);
  volumes[2][11] = 65'535;
  const auto patterns = label_patterns(views(volumes));
  REQUIRE(patterns.has_value());
  CHECK(patterns->labels == std::vector<std::uint16_t>{0, 1, 2, 3, 4, 65'535});
  CHECK(counted(*patterns) == test::made_voxels);
  for (std::size_t v = 0; v < test::made_voxels; ++v) {
    const auto votes = votes_at(*patterns, v);
    for (std::size_t r = 0; r < 4; ++r) REQUIRE(patterns->labels[votes[r]] == volumes[r][v]);
  }
}

TEST_CASE("no rater, no voxel and different lengths are refused") {
  CHECK_FALSE(binary_patterns({}).has_value());
  CHECK_FALSE(binary_patterns(views(Volumes<std::uint8_t>(2))).has_value());
  CHECK_FALSE(binary_patterns(views(Volumes<std::uint8_t>{{1, 0}, {1}})).has_value());
  CHECK_FALSE(label_patterns(views(Volumes<std::uint16_t>{{1, 0}, {1}})).has_value());
  const Volumes<std::uint8_t> many(mask_raters_max + 1, std::vector<std::uint8_t>(1));
  CHECK(binary_patterns(views(many)).error().code == ErrorCode::TooLarge);
  const auto patterns = binary_patterns(views(test::made_masks(2)));
  std::vector<float> out(test::made_voxels - 1);
  CHECK_FALSE(write_by_pattern(*patterns, std::vector<float>(4), out).has_value());
}

}  // namespace
}  // namespace consilium
