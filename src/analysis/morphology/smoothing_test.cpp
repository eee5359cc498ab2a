#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "analysis/bit_volume/made_blobs.hpp"
#include "analysis/morphology/joint_smoothing.hpp"

namespace consilium {
namespace {

// Three labels of blobs, the later over the earlier.
std::vector<std::uint16_t> made_labels(const VoxelDims& dims, const VoxelDims& block) {
  const auto [x, y, z] = block;
  const auto a = test::made_blobs({dims, block, 100});
  const auto b = test::made_blobs({dims, {x + 2, y + 1, z + 3}, 70});
  const auto c = test::made_blobs({dims, {x + 5, y + 3, z + 1}, 40});
  std::vector<std::uint16_t> labels(a.size());
  for (std::size_t v = 0; v < a.size(); ++v) {
    labels[v] = c[v] != 0 ? 700 : b[v] != 0 ? 2 : a[v] != 0 ? 1 : 0;
  }
  return labels;
}

std::int64_t count(const std::vector<std::uint16_t>& labels, std::uint16_t label) {
  return std::ranges::count(labels, label);
}

struct Case {
  Lattice lattice;
  VoxelDims block;
  double sigma_mm;
  std::vector<std::uint16_t> chosen;
  std::array<std::int64_t, 3> before, after;  // of labels 1, 2 and 700
  std::int64_t changed;
};

// numpy and scipy 1.17: correlate1d with the same weights in double, then argmax.
const Case cases[] = {
    {{.dims = {90, 70, 60}, .spacing_mm = {0.7, 0.7, 2.1}},
     {9, 8, 5},
     1.5,
     {},
     {88315, 93918, 52080},
     {83723, 95326, 52434},
     20709},
    {{.dims = {131, 67, 33}, .spacing_mm = {1, 0.5, 1.5}},
     {15, 11, 6},
     2.3,
     {},
     {59250, 61486, 42618},
     {51402, 62848, 42425},
     26080},
    {{.dims = {131, 67, 33}, .spacing_mm = {1, 0.5, 1.5}},
     {15, 11, 6},
     2.3,
     {1, 700},
     {59250, 61486, 42618},
     {52744, 61486, 42578},
     15673},
    {{.dims = {200, 150, 1}, .spacing_mm = {0.5, 0.6, 3}},
     {13, 12, 1},
     1.7,
     {},
     {5698, 8026, 5460},
     {5494, 8220, 5563},
     1476},
};

TEST_CASE("every voxel takes the label of the largest Gaussian share, as scipy gives it") {
  for (const Case& one : cases) {
    CAPTURE(one.changed);
    const auto before = made_labels(one.lattice.dims, one.block);
    auto after = before;
    REQUIRE(smooth_jointly(after, one.lattice, one.chosen, one.sigma_mm, 1));
    std::int64_t changed = 0;
    for (std::size_t v = 0; v < before.size(); ++v) changed += before[v] != after[v] ? 1 : 0;
    // Shares that are equal in exact arithmetic differ in the last bit of float or of double.
    CHECK(std::abs(changed - one.changed) <= 20);
    const std::array<std::uint16_t, 3> labels = {1, 2, 700};
    for (std::size_t i = 0; i < 3; ++i) {
      REQUIRE(count(before, labels[i]) == one.before[i]);
      CHECK(std::abs(count(after, labels[i]) - one.after[i]) <= 20);
    }
    auto together = before;
    REQUIRE(smooth_jointly(together, one.lattice, one.chosen, one.sigma_mm, 3));
    CHECK(together == after);
  }
}

TEST_CASE("labels that touch go on touching, and a flat border stays") {
  const Lattice lattice{.dims = {60, 40, 30}, .spacing_mm = {1, 1, 2}};
  std::vector<std::uint16_t> labels(lattice.voxel_count());
  for (std::size_t v = 0; v < labels.size(); ++v) labels[v] = v % 60 < 31 ? 4 : 9;
  const auto before = labels;
  REQUIRE(smooth_jointly(labels, lattice, {}, 3.0));
  CHECK(labels == before);
}

TEST_CASE("lengths out of range are refused") {
  const Lattice lattice{.dims = {6, 4, 3}, .spacing_mm = {1, 1, 2}};
  std::vector<std::uint16_t> labels(lattice.voxel_count());
  for (const double sigma : {0.0, -1.0, 33.0, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK(smooth_jointly(labels, lattice, {}, sigma).error().code == ErrorCode::InvalidInput);
  }
  labels.pop_back();
  CHECK(smooth_jointly(labels, lattice, {}, 1.0).error().code == ErrorCode::InvalidInput);
}

}  // namespace
}  // namespace consilium
