#include "analysis/mask_consensus/shape_average.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "analysis/mask_consensus/made_raters.hpp"

namespace consilium {
namespace {

using test::views;
using test::Volumes;

const Lattice made_lattice{.dims = {21, 14, 9}, .spacing_mm = {0.7, 1.1, 2.5}};

TEST_CASE("two bars average to the bar between, where voting keeps the overlap alone (I10)") {
  // Of 20 voxels, one rater marks up to the 4th, the other up to the 12th.
  Volumes<std::uint16_t> volumes(2, std::vector<std::uint16_t>(20));
  std::fill_n(volumes[0].begin(), 4, std::uint16_t{3});
  std::fill_n(volumes[1].begin(), 12, std::uint16_t{3});
  const auto average = shape_average(views(volumes), {.dims = {20, 1, 1}});
  REQUIRE(average.has_value());
  std::vector<std::uint16_t> expected(20);
  std::fill_n(expected.begin(), 8, std::uint16_t{3});
  CHECK(*average == expected);
}

TEST_CASE("where the average contour runs through a voxel's middle it is undecided (I10)") {
  Volumes<std::uint16_t> volumes(2, std::vector<std::uint16_t>(20));
  std::fill_n(volumes[0].begin(), 4, std::uint16_t{1});
  std::fill_n(volumes[1].begin(), 11, std::uint16_t{1});
  const auto average = shape_average(views(volumes), {.dims = {20, 1, 1}}, {.undecided = 50});
  REQUIRE(average.has_value());
  CHECK((*average)[6] == 1);
  CHECK((*average)[7] == 50);
  CHECK((*average)[8] == 0);
}

TEST_CASE("equal raters average to themselves; order and threads change nothing (I5, I10)") {
  auto volumes = test::made_labels(3);
  const auto alike = shape_average(views(Volumes<std::uint16_t>(3, volumes[1])), made_lattice);
  REQUIRE(alike.has_value());
  CHECK(*alike == volumes[1]);
  const auto average = shape_average(views(volumes), made_lattice);
  std::swap(volumes[0], volumes[2]);
  CHECK(*shape_average(views(volumes), made_lattice, {.threads = 4}) == *average);
}

TEST_CASE("a label that one of three raters did not use gives way (I10)") {
  Volumes<std::uint16_t> volumes(3, std::vector<std::uint16_t>(30));
  for (auto& volume : volumes) std::fill_n(volume.begin(), 10, std::uint16_t{1});
  volumes[0][20] = 2;
  const auto average = shape_average(views(volumes), {.dims = {30, 1, 1}});
  REQUIRE(average.has_value());
  CHECK(std::ranges::count(*average, 1) == 10);
  CHECK(std::ranges::count(*average, 2) == 0);
}

TEST_CASE("wrong sizes and spacings are refused, and so is no label left") {
  const auto volumes = test::made_labels(2);
  CHECK_FALSE(shape_average({}, made_lattice).has_value());
  CHECK_FALSE(shape_average(views(volumes), {.dims = {21, 14, 8}}).has_value());
  CHECK_FALSE(
      shape_average(views(volumes), {.dims = {21, 14, 9}, .spacing_mm = {1, 0, 1}}).has_value());
  const Volumes<std::uint16_t> full{{65'535, 0}};
  CHECK_FALSE(shape_average(views(full), {.dims = {2, 1, 1}}).has_value());
  CHECK(shape_average(views(full), {.dims = {2, 1, 1}}, {.undecided = 1}).has_value());
}

}  // namespace
}  // namespace consilium
