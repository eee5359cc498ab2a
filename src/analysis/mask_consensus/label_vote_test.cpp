#include "analysis/mask_consensus/label_vote.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "analysis/mask_consensus/made_raters.hpp"

namespace consilium {
namespace {

using test::views;
using test::Volumes;

std::vector<std::uint16_t> voted(const Volumes<std::uint16_t>& volumes,
                                 std::optional<std::uint16_t> undecided = std::nullopt) {
  const auto patterns = label_patterns(views(volumes));
  const auto labels = label_voting(*patterns, undecided);
  REQUIRE(labels.has_value());
  std::vector<std::uint16_t> out(volumes[0].size());
  REQUIRE(write_by_pattern(*patterns, *labels, std::span<std::uint16_t>(out)));
  return out;
}

TEST_CASE("the most votes win and ties are undecided, as in ITK's LabelVotingImageFilterTest") {
  const std::vector<std::uint16_t> a{0, 1, 3, 3, 4, 6, 6, 0};
  const std::vector<std::uint16_t> b{1, 1, 2, 4, 4, 5, 7, 1};
  const std::vector<std::uint16_t> c{0, 2, 2, 3, 5, 5, 6, 8};
  CHECK(voted({a, b}) == std::vector<std::uint16_t>{8, 1, 8, 8, 4, 8, 8, 8});
  CHECK(voted({a, b}, 255) == std::vector<std::uint16_t>{255, 1, 255, 255, 4, 255, 255, 255});
  CHECK(voted({a, b, c}) == std::vector<std::uint16_t>{0, 1, 2, 3, 4, 5, 6, 9});
  CHECK(voted({{1, 1}, {1, 2}, {2, 2}, {2, 2}, {0, 1}}, 9) == std::vector<std::uint16_t>{9, 2});
}

TEST_CASE("four raters' bands (SimpleITK 2.5.7, LabelVoting)") {
  std::array<int, 6> count{};
  for (const std::uint16_t label : voted(test::made_labels(4))) ++count[label];
  CHECK(count == std::array<int, 6>{338, 422, 418, 421, 13, 1034});
}

TEST_CASE("SIMPLE drops the rater who drew something else, and is blind to order (I5, I9)") {
  auto masks = test::made_masks(5);
  std::ranges::fill(masks[3], std::uint8_t{0});
  std::fill_n(masks[3].begin(), 400, std::uint8_t{1});
  const auto patterns = binary_patterns(views(masks));
  const auto result = simple_consensus(*patterns);
  REQUIRE(result.has_value());
  CHECK(result->converged);
  CHECK(result->kept[3] == 0);
  CHECK(result->agreement[3] < 0.3);
  std::swap(masks[0], masks[3]);
  const auto turned = binary_patterns(views(masks));
  const auto other = simple_consensus(*turned);
  CHECK(other->kept[0] == 0);
  CHECK(other->agreement[1] == result->agreement[1]);
  CHECK(other->agreement[3] == result->agreement[0]);
}

TEST_CASE("SIMPLE keeps raters who are all alike") {
  const auto mask = test::made_masks(1)[0];
  const auto patterns = binary_patterns(views(Volumes<std::uint8_t>(7, mask)));
  const auto result = simple_consensus(*patterns, {.threshold = 0});
  CHECK(result->kept == std::vector<std::uint8_t>(7, 1));
  CHECK(result->agreement == std::vector<double>(7, 1.0));
}

TEST_CASE("empty masks, label patterns and settings out of range are refused") {
  const auto empty = binary_patterns(views(Volumes<std::uint8_t>(2, std::vector<std::uint8_t>(9))));
  CHECK_FALSE(simple_consensus(*empty).has_value());
  const auto patterns = binary_patterns(views(test::made_masks(3)));
  CHECK_FALSE(simple_consensus(*patterns, {.threshold = -1}).has_value());
  CHECK_FALSE(simple_consensus(*patterns, {.iterations_max = 0}).has_value());
  CHECK_FALSE(simple_consensus(*label_patterns(views(test::made_labels(3)))).has_value());
  const auto full = label_patterns(views(Volumes<std::uint16_t>{{65'535}, {1}}));
  CHECK_FALSE(label_voting(*full).has_value());
}

}  // namespace
}  // namespace consilium
