#include "analysis/seed_growth/seed_growth.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "analysis/seed_growth/growth_fixture.hpp"

using namespace consilium;
using namespace consilium::test;

TEST_CASE("labels are those of the definition, solved by a heap") {
  std::mt19937 random(7);
  for (const Case& one : cases) {
    for (std::uint32_t round = 0; round < 12; ++round) {
      CAPTURE(one.name);
      CAPTURE(round);
      const Made made = made_volume(one.dims, one.spacing, round);
      const Labels seeds = random_seeds(made.samples.size(), 2 + random() % 20, random);
      Labels locked(made.samples.size());
      for (auto& voxel : locked) voxel = random() % 8 == 0 ? 1 : 0;
      SeedGrowthOptions options;
      if (round % 3 == 1) options.locked = locked;
      if (round % 3 == 2) options.intensity_range = {-150, 120};
      CHECK(differences(grown(made, seeds, options), by_heap(made, seeds, options)) == 0);
    }
  }
}

TEST_CASE("after any edits labels are those of a fresh run on the same seeds and model") {
  std::mt19937 random(11);
  for (const Case& one : cases) {
    // With and without coarser grids.
    for (const std::uint64_t coarsest : {std::uint64_t{1} << 30U, std::uint64_t{60}}) {
      CAPTURE(one.name);
      CAPTURE(coarsest);
      const Made made = made_volume(one.dims, one.spacing, static_cast<std::uint32_t>(random()));
      const SeedGrowthOptions options{.coarsest_voxels_max = coarsest};
      SeedGrowth edited = made_growth(made, options);
      Labels seeds = random_seeds(made.samples.size(), 12, random);
      for (std::size_t i = 0; i < 4; ++i) seeds[i] = std::array<std::uint8_t, 4>{1, 2, 7, 255}[i];
      REQUIRE(edited.set_seeds(seeds).has_value());
      edited.update();
      SeedGrowth fresh = made_growth(made, options);
      REQUIRE(fresh.set_seeds(seeds).has_value());
      fresh.update();  // the same first seeds, so the same model
      for (int round = 0; round < 60; ++round) {
        CAPTURE(round);
        const Labels before(edited.labels().begin(), edited.labels().end());
        std::vector<SeedChange> changes;
        const auto stroke = static_cast<std::uint32_t>(random() % 6 + 1);
        const auto from = static_cast<std::uint32_t>(random() % made.samples.size());
        const std::uint8_t label = std::array<std::uint8_t, 6>{1, 2, 7, 255, 0, 0}[random() % 6];
        for (std::uint32_t i = 0; i < stroke; ++i) {
          // Erasing takes seeds there are; drawing any voxel.
          std::uint32_t voxel = (from + i) % static_cast<std::uint32_t>(made.samples.size());
          while (label == 0 && seeds[voxel] == 0 && voxel + 1 < seeds.size()) ++voxel;
          changes.push_back({voxel, label});
          seeds[voxel] = label;
        }
        REQUIRE(edited.set_seeds(changes).has_value());
        const SeedUpdate update = edited.update(1, ModelUse::Keep);
        REQUIRE_FALSE(update.is_relearnt);
        REQUIRE(fresh.set_seeds(seeds).has_value());
        fresh.solve_anew(static_cast<unsigned>(round % 3 + 1));
        REQUIRE(differences(edited.labels(), fresh.labels()) == 0);
        const auto& dims = one.dims;
        for (std::uint32_t v = 0; v < before.size(); ++v) {
          if (before[v] == edited.labels()[v]) continue;
          REQUIRE(update.changed.has_value());
          const std::array<std::uint32_t, 3> at{v % dims[0], v / dims[0] % dims[1],
                                                v / dims[0] / dims[1]};
          for (std::size_t axis = 0; axis < 3; ++axis) {
            REQUIRE(at[axis] >= update.changed->first[axis]);
            REQUIRE(at[axis] <= update.changed->last[axis]);
          }
        }
      }
    }
  }
}

TEST_CASE("a territory that several threads solve at once is that of a fresh run") {
  // An organ in a body, large enough that its border is freed in parts; it is given up, drawn as
  // another's, drawn as itself again.
  Made made{.lattice = {.dims = {128, 120, 110}, .spacing_mm = {1, 1, 1}}, .samples = {}};
  std::mt19937 random(31);
  std::normal_distribution<double> noise(0, 20);
  Labels seeds;
  for (std::uint32_t z = 0; z < 110; ++z) {
    for (std::uint32_t y = 0; y < 120; ++y) {
      for (std::uint32_t x = 0; x < 128; ++x) {
        const double distance = std::hypot(x - 60.0, y - 60.0, z - 55.0);
        made.samples.push_back(
            static_cast<std::int16_t>((distance < 18 ? 100 : 0) + noise(random)));
        seeds.push_back(distance > 24 && distance < 24.5 ? background_label : unlabelled);
      }
    }
  }
  const auto at = [](std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    return x + 128 * (y + 120 * z);
  };
  const SeedGrowthOptions options{.coarsest_voxels_max = 30'000};
  SeedGrowth edited = made_growth(made, options);
  SeedGrowth fresh = made_growth(made, options);
  for (std::uint32_t i = 0; i < 8; ++i) {
    seeds[at(56 + i, 60, 55)] = 1;
    seeds[at(4 + i, 5, 10)] = background_label;
    seeds[at(116 + i, 112, 100)] = 2;
  }
  for (SeedGrowth* growth : {&edited, &fresh}) {
    REQUIRE(growth->set_seeds(seeds).has_value());
    growth->update();
  }
  REQUIRE(std::ranges::count(edited.labels(), 1) > 20'000);
  const std::uint8_t drawn[] = {0, 2, 1, background_label, 7, 1, 0, 1};
  for (std::size_t round = 0; round < std::size(drawn); ++round) {
    CAPTURE(round);
    for (std::uint32_t i = 0; i < 8; ++i) seeds[at(56 + i, 60, 55)] = drawn[round];
    REQUIRE(edited.set_seeds(seeds).has_value());
    edited.update(2 + static_cast<unsigned>(round % 2) * 3, ModelUse::Keep);
    REQUIRE(fresh.set_seeds(seeds).has_value());
    if (drawn[round] == 7) {
      fresh.update(1, ModelUse::Keep);  // a label that the model did not know: learnt by both
    } else {
      fresh.solve_anew(1);
    }
    REQUIRE(differences(edited.labels(), fresh.labels()) == 0);
  }
}

TEST_CASE("whole territories change hands as in a fresh run, and the bricks told hold it") {
  // Large enough that cells lie amid others without a border near, at three grids.
  const Made made = made_volume({70, 44, 40}, {1, 1, 1}, 8);
  const SeedGrowthOptions options{.coarsest_voxels_max = 3'000};
  std::mt19937 random(29);
  SeedGrowth edited = made_growth(made, options);
  SeedGrowth fresh = made_growth(made, options);
  Labels seeds = random_seeds(made.samples.size(), 9, random);
  for (std::size_t i = 0; i < 4; ++i) seeds[i] = std::array<std::uint8_t, 4>{1, 2, 7, 255}[i];
  for (SeedGrowth* growth : {&edited, &fresh}) {
    REQUIRE(growth->set_seeds(seeds).has_value());
    growth->update();
  }
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const Labels before(edited.labels().begin(), edited.labels().end());
    // All seeds of a label away, or turned over to another; or a few anywhere.
    const std::uint8_t from = std::array<std::uint8_t, 4>{1, 2, 7, 255}[random() % 4];
    const std::uint8_t to = std::array<std::uint8_t, 5>{0, 1, 2, 7, 255}[random() % 5];
    if (round % 2 == 0) {
      std::ranges::replace(seeds, from, to);
    } else {
      for (int i = 0; i < 4; ++i) seeds[random() % seeds.size()] = from;
    }
    REQUIRE(edited.set_seeds(seeds).has_value());
    const SeedUpdate update = edited.update(2, ModelUse::Keep);
    REQUIRE(fresh.set_seeds(seeds).has_value());
    fresh.solve_anew(1);
    REQUIRE(differences(edited.labels(), fresh.labels()) == 0);
    std::vector<std::uint32_t> bricks;
    for (std::uint32_t v = 0; v < before.size(); ++v) {
      if (before[v] == edited.labels()[v]) continue;
      bricks.push_back(v % 70 / 32 + 3 * (v / 70 % 44 / 32 + 2 * (v / 70 / 44 / 32)));
    }
    std::ranges::sort(bricks);
    const auto repeats = std::ranges::unique(bricks);
    bricks.erase(repeats.begin(), repeats.end());
    CHECK(update.bricks == bricks);
  }
}

TEST_CASE("the labels do not depend on the number of threads") {
  // Enough rows that each thread gets some of every grid.
  const Made made = made_volume({20, 110, 110}, {1, 1, 1}, 3);
  std::mt19937 random(5);
  for (int round = 0; round < 4; ++round) {
    const Labels seeds = random_seeds(made.samples.size(), 40, random);
    for (const std::uint64_t coarsest : {std::uint64_t{1} << 30U, std::uint64_t{3'000}}) {
      CAPTURE(round);
      CAPTURE(coarsest);
      const SeedGrowthOptions options{.coarsest_voxels_max = coarsest};
      const Labels one = grown(made, seeds, options, 1);
      CHECK(differences(one, grown(made, seeds, options, 2)) == 0);
      CHECK(differences(one, grown(made, seeds, options, 5)) == 0);
    }
  }
}

TEST_CASE("nothing grows into or through locked voxels, outside the region or the range") {
  Made made = made_volume({16, 15, 12}, {1, 1, 1}, 1);
  Labels wall(made.samples.size());
  Labels inside(made.samples.size(), 1);
  for (std::uint32_t z = 0; z < 12; ++z) {
    for (std::uint32_t y = 0; y < 15; ++y) {
      wall[8 + 16 * (y + 15 * z)] = 1;
      inside[8 + 16 * (y + 15 * z)] = 0;
      made.samples[8 + 16 * (y + 15 * z)] = 3'000;
    }
  }
  Labels seeds(made.samples.size());
  seeds[0] = 1;
  seeds[3] = 2;
  for (const std::uint64_t coarsest : {std::uint64_t{1} << 30U, std::uint64_t{200}}) {
    for (const int kind : {0, 1, 2}) {
      CAPTURE(kind);
      CAPTURE(coarsest);
      SeedGrowthOptions options{.coarsest_voxels_max = coarsest};
      if (kind == 0) options.locked = wall;
      if (kind == 1) options.region = inside;
      if (kind == 2) options.intensity_range = {-1'000, 1'000};
      const Labels found = grown(made, seeds, options);
      CHECK(found[1] != 0);
      std::size_t in_wall = 0;
      std::size_t behind = 0;
      for (std::size_t v = 0; v < found.size(); ++v) {
        if (v % 16 == 8 && found[v] != 0) ++in_wall;
        if (v % 16 > 9 && found[v] != 0) ++behind;
      }
      CHECK(in_wall == 0);
      // A coarse voxel may hold both sides of a wall one voxel thick; an exact run may not.
      if (coarsest > 200) CHECK(behind == 0);
    }
  }
}

TEST_CASE("a seed in a locked voxel waits without effect") {
  const Made made = made_volume({9, 8, 7}, {1, 1, 1}, 2);
  Labels locked(made.samples.size());
  locked[100] = 1;
  Labels seeds(made.samples.size());
  seeds[100] = 3;
  seeds[5] = 1;
  const Labels found = grown(made, seeds, {.locked = locked});
  CHECK(found[100] == 0);
  CHECK(std::ranges::count(found, 3) == 0);
  CHECK(static_cast<std::size_t>(std::ranges::count(found, 1)) == found.size() - 1);
}

TEST_CASE("spacing counts: in a flat image the nearer seed in mm wins") {
  Made made{.lattice = {.dims = {9, 1, 9}, .spacing_mm = {1, 1, 4}}, .samples = {}};
  made.samples.assign(81, 50);
  Labels seeds(81);
  seeds[0 + 9 * 4] = 1;  // at x 0, 5 mm from x 5
  seeds[5 + 9 * 2] = 2;  // two slices from it: 8 mm
  const Labels found = grown(made, seeds);
  CHECK(found[3 + 9 * 4] == 1);
  CHECK(found[5 + 9 * 3] == 2);
  CHECK(found[2 + 9 * 3] == 1);
}

TEST_CASE("a tube of one voxel within the intensity range is followed through the coarser grids") {
  Made made{.lattice = {.dims = {64, 48, 48}, .spacing_mm = {1, 1, 1}}, .samples = {}};
  made.samples.assign(made.lattice.voxel_count(), 0);
  const auto tube = [](std::uint32_t x) {
    const auto y = static_cast<std::uint32_t>(24 + std::lround(8 * std::sin(x * 0.2)));
    return x + 64 * (y + 48 * 24);
  };
  std::mt19937 random(3);
  std::normal_distribution<double> noise(0, 15);
  for (auto& sample : made.samples) sample = static_cast<std::int16_t>(noise(random));
  Labels seeds(made.samples.size());
  for (std::uint32_t x = 0; x < 64; ++x) {
    made.samples[tube(x)] = 300;
    if (x < 6) seeds[tube(x)] = 1;
  }
  for (std::uint32_t y = 0; y < 48; y += 4) seeds[3 + 64 * (y + 48 * 6)] = background_label;
  for (std::uint32_t y = 0; y < 48; y += 4) seeds[60 + 64 * (y + 48 * 40)] = background_label;
  const auto followed = [&](const SeedGrowthOptions& options) {
    const Labels found = grown(made, seeds, options);
    std::size_t count = 0;
    for (std::uint32_t x = 0; x < 64; ++x) count += found[tube(x)] == 1 ? 1 : 0;
    return count;
  };
  CHECK(followed({.coarsest_voxels_max = 4'000, .intensity_range = {{150, 500}}}) == 64);
}

TEST_CASE("what cannot be grown is refused with a reason") {
  const std::vector<float> samples(24, 1.0F);
  const Lattice lattice{.dims = {4, 3, 2}, .spacing_mm = {1, 1, 1}};
  const Labels none(24);
  const Labels few(23);
  const auto error_of = [&](const SeedGrowthOptions& options, const Lattice& of) {
    const auto made = SeedGrowth::create(std::span<const float>(samples), of, options);
    REQUIRE_FALSE(made.has_value());
    return made.error().code;
  };
  CHECK(error_of({}, {.dims = {4, 3, 3}, .spacing_mm = {1, 1, 1}}) == ErrorCode::InvalidInput);
  CHECK(error_of({}, {.dims = {4, 3, 2}, .spacing_mm = {1, 0, 1}}) == ErrorCode::InvalidInput);
  CHECK(error_of({.region = none}, lattice) == ErrorCode::InvalidInput);
  CHECK(error_of({.region = few}, lattice) == ErrorCode::InvalidInput);
  CHECK(error_of({.locked = few}, lattice) == ErrorCode::InvalidInput);
  CHECK(error_of({.intensity_range = {{2, 1}}}, lattice) == ErrorCode::InvalidInput);
  CHECK(error_of({.intensity_range = {{2, 3}}}, lattice) == ErrorCode::InvalidInput);
  auto made = SeedGrowth::create(std::span<const float>(samples), lattice, {});
  REQUIRE(made.has_value());
  const std::vector<SeedChange> outside{{3, 1}, {24, 1}};
  CHECK_FALSE(made->set_seeds(outside).has_value());
  CHECK(made->seeds()[3] == 0);
  CHECK_FALSE(made->set_seeds(few).has_value());
  CHECK_FALSE(made->update().changed.has_value());
  CHECK(std::ranges::count(made->labels(), unlabelled) == 24);
}

TEST_CASE("floats of any range grow, and NaN is no part of anything") {
  std::vector<float> samples(20 * 20);
  for (std::size_t v = 0; v < samples.size(); ++v) samples[v] = v % 20 < 10 ? 1e-4F : 3e-4F;
  samples[0] = 1e30F;  // an artefact
  samples[55] = std::numeric_limits<float>::quiet_NaN();
  auto made = SeedGrowth::create(std::span<const float>(samples),
                                 {.dims = {20, 20, 1}, .spacing_mm = {1, 1, 1}}, {});
  REQUIRE(made.has_value());
  const std::vector<SeedChange> seeds{{20 * 10 + 1, 1}, {20 * 10 + 18, 2}};
  REQUIRE(made->set_seeds(seeds).has_value());
  made->update();
  CHECK(made->labels()[55] == unlabelled);
  CHECK(made->labels()[20 * 3 + 8] == 1);
  CHECK(made->labels()[20 * 3 + 11] == 2);
}

TEST_CASE(
    "doubt is 0 on seeds and small behind an edge; the next slice is one without an edge or "
    "seeds") {
  Made made{.lattice = {.dims = {40, 20, 20}, .spacing_mm = {1, 1, 1}}, .samples = {}};
  for (std::uint32_t v = 0; v < 16'000; ++v) {
    made.samples.push_back(v / 400 % 20 < 10 ? 100
                                             : static_cast<std::int16_t>(v % 40 < 20 ? 100 : 900));
  }
  SeedGrowth growth = made_growth(made);
  Labels seeds(16'000);
  for (const std::uint32_t z : {2, 17}) {
    for (std::uint32_t y = 8; y < 12; ++y) {
      for (std::uint32_t x = 3; x < 6; ++x) {
        seeds[x + 40 * (y + 20 * z)] = 1;
        seeds[39 - x + 40 * (y + 20 * z)] = 2;
      }
    }
  }
  REQUIRE(growth.set_seeds(seeds).has_value());
  growth.update();
  const SeedUncertainty doubt = growth.uncertainty();
  REQUIRE(doubt.dims == made.lattice.dims);
  const auto at = [&](std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    return doubt.values[x + 40 * (y + 20 * z)];
  };
  CHECK(at(7, 10, 17) < 60);
  CHECK(at(4, 10, 2) == 0);
  const NextSlices next = growth.next_best_slices();
  REQUIRE(next[0].has_value());
  CHECK(*next[0] >= 12);
  CHECK(*next[0] <= 27);
  REQUIRE(next[2].has_value());
  CHECK(*next[2] < 12);
  CHECK(*next[2] != 2);  // it has seeds of both
}

TEST_CASE(
    "the model is kept while strokes are like those before, and learnt anew when they are not") {
  const Made made = made_volume({24, 24, 12}, {1, 1, 1}, 9);
  SeedGrowth growth = made_growth(made);
  CHECK(growth.model_drift() == 1);
  std::vector<SeedChange> dark;
  std::vector<SeedChange> bright;
  for (std::uint32_t v = 0; v < made.samples.size(); v += 3) {
    if (made.samples[v] < -150) dark.push_back({v, 1});
    if (made.samples[v] > 50) bright.push_back({v, 2});
  }
  REQUIRE(dark.size() > 40);
  REQUIRE(bright.size() > 40);
  const auto half = [](const std::vector<SeedChange>& seeds, bool second) {
    return std::span(seeds).subspan(second ? seeds.size() / 2 : 0, seeds.size() / 2);
  };
  REQUIRE(growth.set_seeds(half(dark, false)).has_value());
  REQUIRE(growth.set_seeds(half(bright, false)).has_value());
  CHECK(growth.update().is_relearnt);
  REQUIRE(growth.set_seeds(half(dark, true)).has_value());
  CHECK(growth.model_drift() < 0.1);
  CHECK_FALSE(growth.update().is_relearnt);
  for (SeedChange& seed : dark) seed.label = 2;
  for (SeedChange& seed : bright) seed.label = 1;
  REQUIRE(growth.set_seeds(dark).has_value());
  REQUIRE(growth.set_seeds(bright).has_value());
  CHECK(growth.model_drift() > 0.5);
  CHECK_FALSE(growth.update(1, ModelUse::Keep).is_relearnt);
  CHECK(growth.update().is_relearnt);
}
