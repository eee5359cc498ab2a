#include "analysis/seed_growth/likelihood.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "analysis/seed_growth/growth_fixture.hpp"

using namespace consilium;
using namespace consilium::test;

namespace {

// Of four kinds of voxels, which lie in blocks: what each of 1, 2, 7 and background has there.
constexpr std::array<std::uint8_t, 4> known_labels{1, 2, 7, background_label};
constexpr std::array<std::array<std::uint8_t, 4>, 4> kinds{
    {{200, 30, 15, 10}, {20, 140, 60, 35}, {5, 40, 180, 30}, {60, 61, 40, 94}}};

std::size_t kind_at(const std::array<std::uint32_t, 3>& dims, std::uint32_t voxel,
                    std::uint32_t seed) {
  const std::uint32_t x = voxel % dims[0] / 3;
  const std::uint32_t y = voxel / dims[0] % dims[1] / 3;
  const std::uint32_t z = voxel / dims[0] / dims[1] / 2;
  return (x * 7 + y * 13 + z * 5 + x * y + seed) % kinds.size();
}

SeedLikelihood made_likelihood(const std::array<std::uint32_t, 3>& dims, std::uint32_t seed,
                               const std::array<std::uint32_t, 3>& factor = {1, 1, 1}) {
  const ThinnedGrid grid{.volume_dims = dims, .factor = factor};
  const auto thin = grid.dims();
  SeedLikelihood out(grid, known_labels);
  const std::size_t plane = std::size_t{thin[0]} * thin[1];
  for (std::uint32_t z = 0; z < thin[2]; ++z) {
    Labels shares(plane * 4);
    for (std::uint32_t i = 0; i < plane; ++i) {
      const std::uint32_t voxel =
          grid.place(0, i % thin[0]) +
          dims[0] * (grid.place(1, i / thin[0]) + dims[1] * grid.place(2, z));
      for (std::size_t k = 0; k < 4; ++k) {
        shares[k * plane + i] = kinds[kind_at(dims, voxel, seed)][k];
      }
    }
    out.put(z, shares);
  }
  return out;
}

}  // namespace

TEST_CASE("with a likelihood labels are those of the definition, solved by a heap") {
  std::mt19937 random(17);
  for (const Case& one : cases) {
    for (std::uint32_t round = 0; round < 6; ++round) {
      CAPTURE(one.name);
      CAPTURE(round);
      const Made made = made_volume(one.dims, one.spacing, round);
      const Labels seeds = random_seeds(made.samples.size(), 2 + random() % 20, random);
      SeedGrowth growth = made_growth(made);
      REQUIRE(growth.set_likelihood(made_likelihood(one.dims, round)).has_value());
      REQUIRE(growth.set_seeds(seeds).has_value());
      growth.update();
      const Labels expected = by_heap(made, seeds, {}, [&](std::uint8_t label, std::uint32_t v) {
        const auto place = std::ranges::find(known_labels, label) - known_labels.begin();
        return kinds[kind_at(one.dims, v, round)][static_cast<std::size_t>(place)];
      });
      CHECK(differences(growth.labels(), expected) == 0);
      // Without it again: as if it had never been.
      REQUIRE(growth.set_likelihood(std::nullopt).has_value());
      growth.update();
      CHECK(differences(growth.labels(), grown(made, seeds)) == 0);
    }
  }
}

TEST_CASE("with a likelihood updates stay those of a fresh run, on every grid and thinned too") {
  std::mt19937 random(23);
  for (const Case& one : cases) {
    for (const std::uint32_t factor : {1U, 2U, 3U}) {
      CAPTURE(one.name);
      CAPTURE(factor);
      const Made made = made_volume(one.dims, one.spacing, 5);
      const SeedGrowthOptions options{.coarsest_voxels_max = 60};
      const SeedLikelihood likelihood =
          made_likelihood(one.dims, 2, {factor, factor, factor == 3 ? 1 : factor});
      SeedGrowth edited = made_growth(made, options);
      SeedGrowth fresh = made_growth(made, options);
      Labels seeds = random_seeds(made.samples.size(), 12, random);
      for (std::size_t i = 0; i < 4; ++i) seeds[i] = known_labels[i];
      for (SeedGrowth* growth : {&edited, &fresh}) {
        REQUIRE(growth->set_seeds(seeds).has_value());
        REQUIRE(growth->set_likelihood(likelihood, 2).has_value());
        CHECK(growth->relearns(ModelUse::Keep));
        CHECK(growth->update().is_relearnt);
        CHECK_FALSE(growth->relearns(ModelUse::Keep));
      }
      for (int round = 0; round < 30; ++round) {
        const auto voxel = static_cast<std::uint32_t>(random() % seeds.size());
        seeds[voxel] = round % 3 == 0 ? std::uint8_t{0} : known_labels[random() % 4];
        REQUIRE(edited.set_seeds(seeds).has_value());
        REQUIRE_FALSE(edited.update(1, ModelUse::Keep).is_relearnt);
        REQUIRE(fresh.set_seeds(seeds).has_value());
        fresh.solve_anew(2);
        REQUIRE(differences(edited.labels(), fresh.labels()) == 0);
      }
    }
  }
}

TEST_CASE("a likelihood parts what intensities do not, also where it is thinned") {
  // Flat: of two seeds far from the border between two kinds, each takes its kind up to there.
  Made made{.lattice = {.dims = {40, 20, 20}, .spacing_mm = {1, 1, 1}}, .samples = {}};
  made.samples.assign(16'000, 100);
  for (const std::uint32_t factor : {1U, 2U}) {
    CAPTURE(factor);
    const ThinnedGrid grid{.volume_dims = made.lattice.dims, .factor = {factor, factor, factor}};
    const auto dims = grid.dims();
    SeedLikelihood likelihood(grid, std::array<std::uint8_t, 2>{1, 2});
    Labels shares(std::size_t{2} * dims[0] * dims[1]);
    for (std::uint32_t i = 0; i < dims[0] * dims[1]; ++i) {
      const bool is_left = grid.place(0, i % dims[0]) < 26;
      shares[i] = is_left ? 240 : 15;
      shares[dims[0] * dims[1] + i] = is_left ? 15 : 240;
    }
    for (std::uint32_t z = 0; z < dims[2]; ++z) likelihood.put(z, shares);
    Labels seeds(16'000);
    seeds[12 + 40 * (10 + 20 * 10)] = 1;
    seeds[37 + 40 * (10 + 20 * 10)] = 2;
    SeedGrowth growth = made_growth(made);
    REQUIRE(growth.set_seeds(seeds).has_value());
    growth.update();
    CHECK(growth.labels()[25 + 40 * (10 + 20 * 10)] == 2);  // nearer to 2
    REQUIRE(growth.set_likelihood(likelihood).has_value());
    growth.update();
    CHECK(growth.labels()[25 + 40 * (10 + 20 * 10)] == 1);
    CHECK(growth.labels()[26 + 40 * (10 + 20 * 10)] == 2);
  }
  SeedGrowth growth = made_growth(made);
  const auto refused = growth.set_likelihood(made_likelihood({40, 20, 19}, 0));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::InvalidInput);
}

TEST_CASE("of up to sixteen labels a look keeps how likely each is, within what its steps allow") {
  std::mt19937 random(3);
  for (const std::size_t count : {2U, 3U, 6U, 7U, 16U}) {
    CAPTURE(count);
    Labels labels(count);
    for (std::size_t k = 0; k < count; ++k) labels[k] = static_cast<std::uint8_t>(k + 1);
    const ThinnedGrid grid{.volume_dims = {50, 40, 1}};
    SeedLikelihood likelihood(grid, labels);
    Labels shares(2'000 * count);
    for (std::size_t i = 0; i < 2'000; ++i) {
      // One likely, one next, little of the others: what a classifier says at a border.
      const std::size_t best = random() % count;
      const std::size_t next = (best + 1 + random() % (count - 1)) % count;
      const auto most = static_cast<std::uint8_t>(128 + random() % 128);
      shares[best * 2'000 + i] = most;
      shares[next * 2'000 + i] = static_cast<std::uint8_t>(255 - most);
    }
    likelihood.put(0, shares);
    double worst = 0;
    for (std::size_t i = 0; i < 2'000; ++i) {
      for (std::size_t k = 0; k < count; ++k) {
        const double kept = likelihood.probability(k, likelihood.looks()[i]);
        const double given = shares[k * 2'000 + i] / 255.0;
        if (given < 0.5 && count > 6) continue;  // which one comes next is not kept
        worst = std::max(worst, std::abs(std::sqrt(1 - kept) - std::sqrt(1 - given)));
      }
    }
    // Half a step of the likeliest, twice as much for what is left to the next.
    CHECK(worst < (count > 6 ? 1.5 / 16 : 2.0 / 8));
  }
}
