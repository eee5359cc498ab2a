#include "analysis/distance/distance.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.hpp"

namespace consilium {
namespace {

std::vector<std::uint8_t> random_mask(std::size_t voxels, double share, std::uint64_t seed) {
  SeededRandom random(seed);
  std::vector<std::uint8_t> mask(voxels);
  for (std::uint8_t& voxel : mask) {
    voxel = random.uniform() < share ? static_cast<std::uint8_t>(1 + random.below(255)) : 0;
  }
  return mask;
}

// All pairs, as the definition says.
std::vector<double> by_definition(const std::vector<std::uint8_t>& mask, const Lattice& lattice) {
  struct Place {
    double x, y, z;
  };
  std::vector<Place> features;
  std::vector<Place> all;
  std::size_t v = 0;
  for (std::uint32_t z = 0; z < lattice.dims[2]; ++z) {
    for (std::uint32_t y = 0; y < lattice.dims[1]; ++y) {
      for (std::uint32_t x = 0; x < lattice.dims[0]; ++x, ++v) {
        all.push_back(
            {x * lattice.spacing_mm[0], y * lattice.spacing_mm[1], z * lattice.spacing_mm[2]});
        if (mask[v] != 0) features.push_back(all.back());
      }
    }
  }
  std::vector<double> squared;
  for (const Place& place : all) {
    double least = std::numeric_limits<double>::infinity();
    for (const Place& feature : features) {
      const double dx = place.x - feature.x;
      const double dy = place.y - feature.y;
      const double dz = place.z - feature.z;
      least = std::min(least, dx * dx + dy * dy + dz * dz);
    }
    squared.push_back(least);
  }
  return squared;
}

struct Shape {
  const char* name;
  Lattice lattice;
  double share;
};

const Shape shapes[] = {
    {"one voxel", {.dims = {1, 1, 1}, .spacing_mm = {1, 1, 1}}, 1},
    {"a row", {.dims = {150, 1, 1}, .spacing_mm = {0.7, 1, 1}}, 0.05},
    {"a column", {.dims = {1, 70, 1}, .spacing_mm = {1, 0.3, 1}}, 0.1},
    {"along z", {.dims = {1, 1, 65}, .spacing_mm = {1, 1, 2.5}}, 0.1},
    {"a slice", {.dims = {67, 41, 1}, .spacing_mm = {0.5, 0.8, 3}}, 0.01},
    {"thick slices", {.dims = {33, 29, 7}, .spacing_mm = {0.4, 0.4, 5}}, 0.004},
    {"isotropic", {.dims = {17, 18, 19}, .spacing_mm = {1, 1, 1}}, 0.01},
    {"sparse", {.dims = {40, 20, 16}, .spacing_mm = {1.3, 0.9, 2}}, 0.0004},
    {"dense", {.dims = {66, 12, 9}, .spacing_mm = {1, 2, 3}}, 0.7},
    {"full", {.dims = {130, 5, 4}, .spacing_mm = {1, 2, 3}}, 1},
    {"empty", {.dims = {20, 10, 5}, .spacing_mm = {1, 1, 1}}, 0},
};

TEST_CASE("every distance is the least over all features (I1)") {
  for (const Shape& shape : shapes) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      CAPTURE(shape.name);
      const std::size_t voxels = shape.lattice.voxel_count();
      const auto mask = random_mask(voxels, shape.share, seed);
      const auto expected = by_definition(mask, shape.lattice);
      std::vector<double> squared(voxels);
      std::vector<double> plain(voxels);
      std::vector<float> single(voxels);
      REQUIRE(distance_to_mask(mask, shape.lattice, DistanceForm::Squared, squared));
      REQUIRE(distance_to_mask(mask, shape.lattice, DistanceForm::Plain, plain));
      REQUIRE(distance_to_mask(mask, shape.lattice, DistanceForm::Squared, single));
      std::size_t wrong = 0;
      for (std::size_t v = 0; v < voxels; ++v) {
        if (std::isinf(expected[v])) {
          wrong += std::isinf(squared[v]) && std::isinf(plain[v]) && std::isinf(single[v]) ? 0 : 1;
          continue;
        }
        const double scale = std::max(1.0, expected[v]);
        if (std::abs(squared[v] - expected[v]) > 1e-12 * scale) ++wrong;
        if (plain[v] != std::sqrt(squared[v])) ++wrong;
        if (std::abs(static_cast<double>(single[v]) - expected[v]) > 1e-6 * scale) ++wrong;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("whole-number spacings give exact squares in float too (I2)") {
  const Lattice lattice{.dims = {50, 40, 30}, .spacing_mm = {1, 2, 3}};
  const auto mask = random_mask(lattice.voxel_count(), 0.0005, 11);
  const auto expected = by_definition(mask, lattice);
  std::vector<float> single(mask.size());
  REQUIRE(distance_to_mask(mask, lattice, DistanceForm::Squared, single));
  for (std::size_t v = 0; v < mask.size(); ++v) {
    REQUIRE(static_cast<double>(single[v]) == expected[v]);
  }
}

TEST_CASE("threads change no bit (I3)") {
  const Lattice lattice{.dims = {45, 37, 21}, .spacing_mm = {0.71, 0.93, 2.17}};
  const auto mask = random_mask(lattice.voxel_count(), 0.002, 5);
  std::vector<float> alone(mask.size());
  std::vector<float> together(mask.size());
  REQUIRE(distance_to_mask(mask, lattice, DistanceForm::Plain, alone, 1));
  for (const unsigned threads : {0U, 2U, 8U}) {
    REQUIRE(distance_to_mask(mask, lattice, DistanceForm::Plain, together, threads));
    CHECK(alone == together);
  }
}

TEST_CASE("signed distances change sign at the border and mirror with the mask (I4)") {
  const Lattice lattice{.dims = {31, 22, 13}, .spacing_mm = {0.9, 1.1, 2}};
  auto mask = random_mask(lattice.voxel_count(), 0.5, 8);
  std::vector<double> of_mask(mask.size());
  REQUIRE(signed_distance(mask, lattice, of_mask));
  const auto outside = by_definition(mask, lattice);
  for (std::size_t v = 0; v < mask.size(); ++v) {
    CHECK((mask[v] != 0 ? of_mask[v] < 0 : of_mask[v] > 0));
    if (mask[v] == 0) CHECK(of_mask[v] == doctest::Approx(std::sqrt(outside[v])).epsilon(1e-12));
  }
  for (std::uint8_t& voxel : mask) voxel = voxel == 0 ? 1 : 0;
  std::vector<double> of_rest(mask.size());
  REQUIRE(signed_distance(mask, lattice, of_rest));
  for (std::size_t v = 0; v < mask.size(); ++v) CHECK(of_rest[v] == -of_mask[v]);
  std::ranges::fill(mask, std::uint8_t{1});
  REQUIRE(signed_distance(mask, lattice, of_rest));
  CHECK(of_rest[7] == -std::numeric_limits<double>::infinity());
}

TEST_CASE("wrong lengths and spacings are refused") {
  const std::vector<std::uint8_t> mask(24);
  std::vector<float> out(24);
  const auto code_of = [&](const Lattice& lattice, std::span<float> into) {
    const Status status = distance_to_mask(mask, lattice, DistanceForm::Plain, into);
    REQUIRE_FALSE(status.has_value());
    return status.error().code;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(code_of({.dims = {2, 3, 5}}, out) == ErrorCode::InvalidInput);
  CHECK(code_of({.dims = {2, 3, 0}}, out) == ErrorCode::InvalidInput);
  CHECK(code_of({.dims = {2, 3, 4}}, std::span(out).first(23)) == ErrorCode::InvalidInput);
  for (const double spacing : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
    CHECK(code_of({.dims = {2, 3, 4}, .spacing_mm = {1, spacing, 1}}, out) ==
          ErrorCode::InvalidInput);
  }
}

TEST_CASE("a grid's spacing is the length of its axes; a sheared grid has none") {
  Grid grid{.dims = {4, 5, 6},
            .affine = affine_from_axes({}, {0.5, 0, 0}, {0, 0.6, 0.8}, {0, -1.6, 1.2}),
            .frame_of_reference_uid = "1.2"};
  const auto lattice = lattice_of(grid);
  REQUIRE(lattice.has_value());
  CHECK(lattice->spacing_mm[1] == doctest::Approx(1));
  CHECK(lattice->spacing_mm[2] == doctest::Approx(2));
  grid.affine = affine_from_axes({}, {0.5, 0, 0}, {0, 1, 0}, {0, 0.5, 1});
  CHECK(lattice_of(grid).error().code == ErrorCode::Unsupported);
}

}  // namespace
}  // namespace consilium
