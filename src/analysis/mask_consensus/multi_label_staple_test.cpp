#include "analysis/mask_consensus/multi_label_staple.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/mask_consensus/made_raters.hpp"

namespace consilium {
namespace {

using test::views;
using test::Volumes;

std::vector<std::uint16_t> labels_of(const Volumes<std::uint16_t>& volumes,
                                     const MultiLabelStapleSettings& settings = {}) {
  const auto patterns = label_patterns(views(volumes));
  const auto result = multi_label_staple(*patterns, settings);
  REQUIRE(result.has_value());
  std::vector<std::uint16_t> out(volumes[0].size());
  REQUIRE(write_by_pattern(*patterns, result->label_of_pattern, std::span<std::uint16_t>(out)));
  return out;
}

// ITK's itkMultiLabelSTAPLEImageFilterTest.
const std::vector<std::uint16_t> a{0, 1, 3, 3, 4, 6, 6, 0};
const std::vector<std::uint16_t> b{1, 1, 2, 4, 4, 5, 7, 1};
const std::vector<std::uint16_t> c{0, 2, 2, 3, 5, 5, 6, 8};

TEST_CASE("V11: the volumes of ITK's own test (I8)") {
  CHECK(labels_of({a, b}) == std::vector<std::uint16_t>{8, 1, 8, 8, 4, 8, 8, 8});
  CHECK(labels_of({a, b}, {.undecided = 255}) ==
        std::vector<std::uint16_t>{255, 1, 255, 255, 4, 255, 255, 255});
  CHECK(labels_of({a, b, c}) == std::vector<std::uint16_t>{0, 1, 2, 3, 4, 5, 6, 9});
}

TEST_CASE("V11: voxels whose vote is tied take no part in the start (I8)") {
  const Volumes<std::uint16_t> volumes{{0, 1, 0, 1}, {0, 1, 1, 0}};
  const auto patterns = label_patterns(views(volumes));
  const auto result = multi_label_staple(*patterns, {.iterations_max = 0});
  REQUIRE(result.has_value());
  for (const auto& confusion : result->confusion) {
    CHECK(confusion == std::vector<double>{1, 0, 0, 1});
  }
  CHECK(labels_of(volumes, {.iterations_max = 0}) == std::vector<std::uint16_t>{0, 1, 2, 2});
}

TEST_CASE("four raters' bands give what ITK gives (SimpleITK 2.5.7) (I8)") {
  const auto volumes = test::made_labels(4);
  const auto patterns = label_patterns(views(volumes));
  const auto result = multi_label_staple(*patterns, {.iterations_max = 10'000});
  REQUIRE(result.has_value());
  CHECK(result->converged);
  std::array<int, 6> count{};
  for (const std::uint16_t label : labels_of(volumes, {.iterations_max = 10'000})) ++count[label];
  CHECK(count == std::array<int, 6>{456, 649, 872, 526, 143, 0});
  const double first_rater[] = {0.3754354413125262,
                                0.20372867943572553,
                                0.29827282956883283,
                                0.1169120677617309,
                                0.0,
                                0.17711909060267722,
                                0.23243645574670657,
                                0.26303429845960935,
                                0.30726116743841086,
                                0.26824442873246257};
  for (std::size_t i = 0; i < std::size(first_rater); ++i) {
    CHECK(std::abs(result->confusion[0][i] - first_rater[i]) < 1e-5);
  }
}

TEST_CASE("raters in another order, and labels by other numbers, change no bit (I5)") {
  const auto volumes = test::made_labels(5);
  const auto patterns = label_patterns(views(volumes));
  const auto result = multi_label_staple(*patterns);
  Volumes<std::uint16_t> turned(volumes.rbegin(), volumes.rend());
  const std::uint16_t renamed[] = {900, 20, 7, 65'000, 0};
  for (auto& volume : turned) {
    for (std::uint16_t& label : volume) label = renamed[label];
  }
  const auto turned_patterns = label_patterns(views(turned));
  const auto other = multi_label_staple(*turned_patterns);
  REQUIRE(other.has_value());
  CHECK(result->iterations == other->iterations);
  const auto place = [&](std::size_t label) {
    return static_cast<std::size_t>(std::ranges::lower_bound(other->labels, renamed[label]) -
                                    other->labels.begin());
  };
  for (std::size_t said = 0; said < 5; ++said) {
    for (std::size_t truth = 0; truth < 5; ++truth) {
      for (std::size_t r = 0; r < 5; ++r) {
        CHECK(result->confusion[r][said * 5 + truth] ==
              other->confusion[4 - r][place(said) * 5 + place(truth)]);
      }
    }
  }
  auto expected = labels_of(volumes);
  for (std::uint16_t& label : expected) label = label < 5 ? renamed[label] : 65'001;
  CHECK(labels_of(turned) == expected);
}

TEST_CASE("no label left for undecided voxels, and settings out of range, are refused") {
  const auto patterns = label_patterns(views(Volumes<std::uint16_t>{{0, 65'535}, {0, 1}}));
  CHECK_FALSE(multi_label_staple(*patterns).has_value());
  CHECK(multi_label_staple(*patterns, {.undecided = 9}).has_value());
  CHECK_FALSE(multi_label_staple(*patterns, {.undecided = 9, .iterations_max = -1}).has_value());
  CHECK_FALSE(multi_label_staple(*patterns, {.undecided = 9, .tolerance = -1}).has_value());
}

}  // namespace
}  // namespace consilium
